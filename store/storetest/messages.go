package storetest

import (
	"errors"
	"fmt"

	"confab/store"
)

var messageCases = []testCase{
	{"a message is read back whole", func(w *world) {
		a, b := w.user("a"), w.user("b")
		c := w.group(a, b)
		first := w.send(c, b, "")
		m := newMessage(c, a, "Привет, 'мир'! %_\\ 👋\n")
		m.Origin = &store.Origin{UserID: b.ID, At: after(-5)}
		m.Kind, m.ClientID, m.PayloadHash, m.ReplyTo = store.KindCall, "key", []byte{0, 1, 255}, first.ID
		m.Meta = []byte(`{"outcome": "missed", "n": 1}`)
		m = w.sendMessage(m)
		ask := func(tx store.Tx) (store.Message, error) { return tx.Message(w.Context(), m.ID) }
		equal(w, "sent", read(w, ask), m)
		equal(w, "by client id", read(w, func(tx store.Tx) (store.Message, error) {
			return tx.MessageByClientID(w.Context(), a.ID, "key")
		}), m)
		m = w.change(m.ID, func(m *store.Message) {
			m.Content, m.UpdatedAt, m.EditedAt, m.Meta = "edited", after(5), ptr(after(5)), []byte(`[]`)
		})
		equal(w, "edited", read(w, ask), m)
		m = w.change(m.ID, func(m *store.Message) { m.Content, m.DeletedAt, m.Meta = "", ptr(after(6)), nil })
		equal(w, "deleted", read(w, ask), m)
		equal(w, "the revisions", m.Rev, 4)
	}},
	{"an unknown message is not found", func(w *world) {
		u := w.user("u")
		for name, ask := range map[string]func(tx store.Tx) error{
			"read":         func(tx store.Tx) error { _, err := tx.Message(w.Context(), store.NewID()); return err },
			"by client id": func(tx store.Tx) error { _, err := tx.MessageByClientID(w.Context(), u.ID, "no"); return err },
			"no client id": func(tx store.Tx) error { _, err := tx.MessageByClientID(w.Context(), u.ID, ""); return err },
			"update": func(tx store.Tx) error {
				return tx.UpdateMessage(w.Context(), store.Message{ID: store.NewID(), Rev: 1})
			},
		} {
			if err := w.s.Update(w.Context(), ask); !errors.Is(err, store.ErrNotFound) {
				w.Errorf("%s: got %v, want ErrNotFound", name, err)
			}
		}
	}},
	{"a client id is used once by each user", func(w *world) {
		a, b := w.user("a"), w.user("b")
		c, elsewhere := w.group(a, b), w.group(a)
		send := func(c store.Chat, from store.User) error {
			m := newMessage(c, from, "hi")
			m.ClientID = "same"
			return w.s.Update(w.Context(), func(tx store.Tx) error { return second(w.post(tx, m)) })
		}
		for _, step := range []struct {
			name string
			chat store.Chat
			from store.User
			want error
		}{
			{"first", c, a, nil},
			{"again", c, a, store.ErrClientIDTaken},
			{"again in another chat", elsewhere, a, store.ErrClientIDTaken},
			{"another user's", c, b, nil},
		} {
			if err := send(step.chat, step.from); !errors.Is(err, step.want) {
				w.Errorf("%s: got %v, want %v", step.name, err, step.want)
			}
		}
		equal(w, "messages that were refused left no gap", read(w, func(tx store.Tx) (store.Chat, error) {
			return tx.Chat(w.Context(), c.ID)
		}).LastSeq, 2)
		w.update(func(tx store.Tx) error {
			m := newMessage(elsewhere, a, "hi")
			m.ClientID = "same"
			if _, err := w.post(tx, m); !errors.Is(err, store.ErrClientIDTaken) {
				w.Errorf("got %v, want ErrClientIDTaken", err)
			}
			_, err := tx.MessageByClientID(w.Context(), a.ID, "same") // a refusal does not spoil the transaction
			return err
		})
	}},
	{"history is read in windows", readHistory},
	{"sinceRev tells all that moved", func(w *world) {
		u := w.user("u")
		c := w.group(u)
		var sent []store.Message
		for i := range 4 {
			sent = append(sent, w.send(c, u, fmt.Sprint(i+1)))
		}
		w.change(sent[2].ID, func(m *store.Message) { m.Content = "3!" }) // rev 5
		w.change(sent[0].ID, func(m *store.Message) { m.Content = "1!" }) // rev 6
		w.change(sent[2].ID, func(m *store.Message) { m.Content = "3?" }) // rev 7
		for _, step := range []struct {
			since int64
			limit int
			want  []string
		}{
			{0, 10, []string{"2@2", "4@4", "1!@6", "3?@7"}},
			{4, 10, []string{"1!@6", "3?@7"}},
			{4, 1, []string{"1!@6"}},
			{7, 10, nil},
		} {
			got := read(w, func(tx store.Tx) ([]store.Message, error) {
				return tx.Messages(w.Context(), store.MessageQuery{ChatID: c.ID, SinceRev: &step.since, Limit: step.limit})
			})
			var text []string
			for _, m := range got {
				text = append(text, fmt.Sprintf("%s@%d", m.Content, m.Rev))
			}
			equal(w, fmt.Sprintf("since %d, at most %d", step.since, step.limit), text, step.want)
		}
	}},
	{"the newest message of each chat", func(w *world) {
		u := w.user("u")
		one, two, empty, unasked := w.group(u), w.group(u), w.group(u), w.group(u)
		w.send(one, u, "old")
		w.send(unasked, u, "x")
		newest, deleted := w.send(one, u, "new"), w.send(two, u, "gone")
		deleted = w.change(deleted.ID, func(m *store.Message) { m.Content, m.DeletedAt = "", ptr(after(1)) })
		equal(w, "last", read(w, func(tx store.Tx) (map[store.ID]store.Message, error) {
			return tx.LastMessages(w.Context(), one.ID, two.ID, empty.ID)
		}), map[store.ID]store.Message{one.ID: newest, two.ID: deleted})
	}},
	{"reactions keep the order in which they came", func(w *world) {
		a, b := w.user("a"), w.user("b")
		c := w.group(a, b)
		m := w.send(c, a, "vote")
		for _, step := range []struct {
			by     store.User
			emoji  string
			on     bool
			change bool
		}{
			{b, "🎉", true, true}, {a, "👍", true, true}, {b, "👍", true, true}, {b, "👍", true, false},
			{a, "🎉", true, true}, {b, "🎉", false, true}, {b, "🎉", false, false}, {b, "🎉", true, true},
			{a, "👍🏽", true, true}, {a, "👍🏽", false, true},
		} {
			w.update(func(tx store.Tx) error {
				changed, err := tx.SetReaction(w.Context(), m.ID, step.by.ID, step.emoji, step.on, start)
				equal(w, fmt.Sprintf("%s %v changed", step.emoji, step.on), changed, step.change)
				return err
			})
		}
		got := read(w, func(tx store.Tx) ([]store.Message, error) {
			return tx.Messages(w.Context(), store.MessageQuery{ChatID: c.ID, Limit: 1})
		})
		equal(w, "reactions", got[0].Reactions, []store.Reaction{
			{Emoji: "👍", UserIDs: []store.ID{a.ID, b.ID}}, {Emoji: "🎉", UserIDs: []store.ID{a.ID, b.ID}},
		})
	}},
	{"a reaction to nothing is not found", func(w *world) {
		u := w.user("u")
		err := w.s.Update(w.Context(), func(tx store.Tx) error {
			return second(tx.SetReaction(w.Context(), store.NewID(), u.ID, "👍", true, start))
		})
		if !errors.Is(err, store.ErrNotFound) {
			w.Errorf("got %v, want ErrNotFound", err)
		}
	}},
}

func readHistory(w *world) {
	u := w.user("u")
	c, other := w.group(u), w.group(u)
	for i := range 6 {
		w.send(c, u, fmt.Sprint(i+1))
		w.send(other, u, "elsewhere")
	}
	for _, q := range []struct {
		name          string
		before, after *int64
		limit         int
		want          string
	}{
		{"newest", nil, nil, 2, "5 6"},
		{"all", nil, nil, 100, "1 2 3 4 5 6"},
		{"before", ptr(int64(4)), nil, 2, "2 3"},
		{"before the first", ptr(int64(1)), nil, 2, ""},
		{"before something negative", ptr(int64(-5)), nil, 2, ""},
		{"before the last number there is", ptr(int64(1<<63 - 1)), nil, 1, "6"},
		{"after", nil, ptr(int64(2)), 3, "3 4 5"},
		{"after the last", nil, ptr(int64(6)), 3, ""},
		{"after nothing", nil, ptr(int64(0)), 1, "1"},
	} {
		got := read(w, func(tx store.Tx) ([]store.Message, error) {
			return tx.Messages(w.Context(), store.MessageQuery{ChatID: c.ID, Before: q.before, After: q.after, Limit: q.limit})
		})
		text := ""
		for i, m := range got {
			if i > 0 {
				text += " "
			}
			text += m.Content
		}
		equal(w, q.name, text, q.want)
	}
	err := w.s.View(w.Context(), func(tx store.Tx) error {
		return second(tx.Messages(w.Context(), store.MessageQuery{ChatID: c.ID, Before: ptr(int64(1)), After: ptr(int64(1)), Limit: 1}))
	})
	if err == nil {
		w.Error("two bounds at once: want an error")
	}
}
