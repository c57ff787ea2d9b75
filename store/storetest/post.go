package storetest

import (
	"errors"
	"fmt"
	"slices"

	"confab/store"
)

// postShort posts a message the short way; it must not be refused with an error.
func (w *world) postShort(m store.Message) (store.Posted, bool) {
	w.Helper()
	posted, ok, err := w.s.Post(w.Context(), m)
	if err != nil {
		w.Fatalf("post: %v", err)
	}
	return posted, ok
}

var postCases = []testCase{
	{"a post is a message like any other", func(w *world) {
		a, b := w.user("a"), w.user("b")
		c := w.group(a, b)
		first := w.send(c, b, "first")
		w.change(first.ID, func(m *store.Message) { m.Content = "edited" })
		m := newMessage(c, a, "Привет, 'мир'! \\ {\"a\",NULL} 👋")
		m.ClientID, m.PayloadHash, m.ReplyTo, m.Meta = "key", []byte{0, 1, 255}, first.ID, []byte(`{"a": 1}`)
		m.CreatedAt = after(7)
		posted, ok := w.postShort(m)
		equal(w, "posted", ok, true)
		slices.Sort(posted.Members)
		people := []store.ID{a.ID, b.ID}
		slices.Sort(people)
		equal(w, "members", posted.Members, people)
		m.Seq, m.Rev = 2, 3
		equal(w, "place", [2]int64{posted.Seq, posted.Rev}, [2]int64{2, 3})
		equal(w, "message", read(w, func(tx store.Tx) (store.Message, error) { return tx.Message(w.Context(), m.ID) }), m)
		c.LastSeq, c.LastRev, c.ActivityAt = 2, 3, after(7)
		equal(w, "chat", read(w, func(tx store.Tx) (store.Chat, error) { return tx.Chat(w.Context(), c.ID) }), c)
		equal(w, "the next one", w.send(c, b, "next").Seq, 3)
	}},
	{"whoever breaks a rule is sent the long way", func(w *world) {
		a, b, stranger := w.user("a"), w.user("b"), w.user("stranger")
		c, elsewhere := w.group(a, b), w.group(a, stranger)
		other := w.send(elsewhere, a, "elsewhere")
		gone := w.user("gone")
		left := w.group(a, gone)
		w.update(func(tx store.Tx) error { return tx.RemoveMember(w.Context(), left.ID, gone.ID) })
		used := newMessage(c, a, "used")
		used.ClientID = "used"
		w.sendMessage(used)
		for name, m := range map[string]store.Message{
			"a stranger":              newMessage(c, stranger, "x"),
			"a former member":         newMessage(left, gone, "x"),
			"an unknown chat":         newMessage(store.Chat{ID: store.NewID()}, a, "x"),
			"an unknown user":         newMessage(c, w.newUser("nobody"), "x"),
			"a reply to another chat": {ReplyTo: other.ID},
			"a reply to nothing":      {ReplyTo: store.NewID()},
			"a used client id":        {ClientID: "used"},
			"a client id used elsewhere": func() store.Message {
				m := newMessage(elsewhere, a, "x")
				m.ClientID = "used"
				return m
			}(),
		} {
			if m.ID == "" {
				full := newMessage(c, a, "x")
				full.ReplyTo, full.ClientID = m.ReplyTo, m.ClientID
				m = full
			}
			if _, ok := w.postShort(m); ok {
				w.Errorf("%s was posted", name)
			}
			err := w.s.View(w.Context(), func(tx store.Tx) error { return second(tx.Message(w.Context(), m.ID)) })
			if !errors.Is(err, store.ErrNotFound) {
				w.Errorf("%s: got %v, want ErrNotFound", name, err)
			}
		}
		equal(w, "the chat did not move", read(w, func(tx store.Tx) (store.Chat, error) { return tx.Chat(w.Context(), c.ID) }).LastRev, 1)
	}},
	{"what cannot be kept is refused", func(w *world) {
		u := w.user("u")
		c := w.group(u)
		for name, change := range map[string]func(m *store.Message){
			"NUL":         func(m *store.Message) { m.Content = "a\x00" },
			"broken text": func(m *store.Message) { m.ClientID = "\xff" },
		} {
			m := newMessage(c, u, "x")
			change(&m)
			if _, ok, err := w.s.Post(w.Context(), m); ok || !errors.Is(err, store.ErrBadText) {
				w.Errorf("%s: got %v, %v, want ErrBadText", name, ok, err)
			}
		}
		for name, change := range map[string]func(m *store.Message){
			"no id":           func(m *store.Message) { m.ID = "" },
			"malformed chat":  func(m *store.Message) { m.ChatID = "kitchen" },
			"malformed reply": func(m *store.Message) { m.ReplyTo = "the first" },
		} {
			m := newMessage(c, u, "x")
			change(&m)
			if _, ok, err := w.s.Post(w.Context(), m); ok || !errors.Is(err, store.ErrBadID) {
				w.Errorf("%s: got %v, %v, want ErrBadID", name, ok, err)
			}
		}
	}},
	{"short and long ways together leave no gaps", func(w *world) {
		const senders, each, chats = 24, 10, 3
		people := make([]store.User, senders)
		for i := range people {
			people[i] = w.user(fmt.Sprint(i))
		}
		rooms := make([]store.Chat, chats)
		for i := range rooms {
			rooms[i] = w.group(people...)
		}
		atOnce(senders, func(i int) {
			for k := range each {
				m := newMessage(rooms[(i+k)%chats], people[i], fmt.Sprint(k))
				m.ClientID = fmt.Sprint(k)
				if i%3 == 0 {
					if err := w.s.Update(w.Context(), func(tx store.Tx) error { return second(w.post(tx, m)) }); err != nil {
						w.Error(err)
					}
				} else if posted, ok, err := w.s.Post(w.Context(), m); err != nil || !ok {
					w.Errorf("posted: %v, %v", ok, err)
				} else if len(posted.Members) != senders {
					w.Errorf("%d members, want %d", len(posted.Members), senders)
				}
			}
		})
		total := 0
		for _, c := range rooms {
			all := read(w, func(tx store.Tx) ([]store.Message, error) {
				return tx.Messages(w.Context(), store.MessageQuery{ChatID: c.ID, After: ptr(int64(0)), Limit: 10_000})
			})
			for i, m := range all {
				equal(w, "seq and rev", [2]int64{m.Seq, m.Rev}, [2]int64{int64(i + 1), int64(i + 1)})
			}
			last := read(w, func(tx store.Tx) (store.Chat, error) { return tx.Chat(w.Context(), c.ID) })
			equal(w, "last", [2]int64{last.LastSeq, last.LastRev}, [2]int64{int64(len(all)), int64(len(all))})
			total += len(all)
		}
		equal(w, "messages", total, senders*each)
	}},
	{"one client id, both ways, at the same instant", func(w *world) {
		u := w.user("u")
		chats := []store.Chat{w.group(u), w.group(u)}
		const n, rounds = 12, 5
		for round := range rounds {
			stored := make([]bool, n)
			atOnce(n, func(i int) {
				m := newMessage(chats[i%2], u, "once")
				m.ClientID = fmt.Sprint("retry", round)
				if i%4 < 2 {
					_, ok, err := w.s.Post(w.Context(), m)
					if err != nil {
						w.Error(err)
					}
					if stored[i] = ok; ok {
						return
					}
				}
				err := w.s.Update(w.Context(), func(tx store.Tx) error { return second(w.post(tx, m)) })
				if stored[i] = err == nil; err != nil && !errors.Is(err, store.ErrClientIDTaken) {
					w.Error(err)
				}
			})
			count := 0
			for _, s := range stored {
				if s {
					count++
				}
			}
			equal(w, "stored", count, 1)
		}
		total := int64(0)
		for _, c := range chats {
			total += read(w, func(tx store.Tx) (store.Chat, error) { return tx.Chat(w.Context(), c.ID) }).LastSeq
		}
		equal(w, "messages", total, int64(rounds))
	}},
	{"who is removed cannot slip a post in", func(w *world) {
		for range 5 {
			owner, guest := w.user("owner"), w.user("guest")
			c := w.group(owner, guest)
			var removedAt int64
			atOnce(2, func(i int) {
				if i == 1 {
					_, _, err := w.s.Post(w.Context(), newMessage(c, guest, "still here?"))
					if err != nil {
						w.Error(err)
					}
					return
				}
				err := w.s.Update(w.Context(), func(tx store.Tx) error {
					chat, err := tx.LockChat(w.Context(), c.ID)
					removedAt = chat.LastSeq
					return errors.Join(err, tx.RemoveMember(w.Context(), c.ID, guest.ID))
				})
				if err != nil {
					w.Error(err)
				}
			})
			equal(w, "last message", read(w, func(tx store.Tx) (store.Chat, error) { return tx.Chat(w.Context(), c.ID) }).LastSeq, removedAt)
		}
	}},
}
