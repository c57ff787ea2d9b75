package storetest

import (
	"errors"
	"slices"

	"confab/store"
)

var mentionCases = []testCase{
	{"a message names people", func(w *world) {
		a, b, c := w.user("a"), w.user("b"), w.user("c")
		chat := w.group(a, b, c)
		m, plain := w.send(chat, a, "@b @c"), w.send(chat, a, "nobody")
		of := func(id store.ID) []store.ID {
			return read(w, func(tx store.Tx) (store.Message, error) { return tx.Message(w.Context(), id) }).Mentions
		}
		for _, step := range [][]store.ID{{b.ID, c.ID}, {c.ID, store.NewID(), c.ID}, nil} {
			w.update(func(tx store.Tx) error { return tx.SetMentions(w.Context(), m.ID, step) })
			var want []store.ID
			for _, known := range []store.ID{b.ID, c.ID} { // ids of one process grow
				if slices.Contains(step, known) {
					want = append(want, known)
				}
			}
			equal(w, "mentions", of(m.ID), want)
			equal(w, "in history", read(w, func(tx store.Tx) ([]store.Message, error) {
				return tx.Messages(w.Context(), store.MessageQuery{ChatID: chat.ID, Limit: 1})
			})[0].Mentions, nil)
			equal(w, "in history", read(w, func(tx store.Tx) ([]store.Message, error) {
				return tx.Messages(w.Context(), store.MessageQuery{ChatID: chat.ID, Limit: 2})
			})[0].Mentions, want)
		}
		equal(w, "of another", of(plain.ID), nil)
	}},
	{"unread ones are counted", func(w *world) {
		me, other := w.user("me"), w.user("other")
		c, quiet := w.group(me, other), w.group(me, other)
		name := func(m store.Message, people ...store.ID) store.Message {
			w.update(func(tx store.Tx) error { return tx.SetMentions(w.Context(), m.ID, people) })
			return m
		}
		name(w.send(c, other, "read already"), me.ID)
		w.receipt(c, me, store.Read, 1, 0)
		name(w.send(c, other, "@me"), me.ID, other.ID)
		name(w.send(c, me, "@me, myself"), me.ID)
		gone := name(w.send(c, other, "@me, deleted"), me.ID)
		w.change(gone.ID, func(m *store.Message) { m.Content, m.DeletedAt = "", ptr(after(1)) })
		w.send(c, other, "no name")
		name(w.send(c, other, "@me again"), me.ID)
		equal(w, "unread", read(w, func(tx store.Tx) (map[store.ID]int64, error) {
			return tx.UnreadMentions(w.Context(), me.ID, c.ID, quiet.ID)
		}), map[store.ID]int64{c.ID: 2})
	}},
	{"those of one chat are listed in its order", func(w *world) {
		me, other := w.user("me"), w.user("other")
		c, elsewhere := w.group(me, other), w.group(me, other)
		name := func(m store.Message, people ...store.ID) store.Message {
			w.update(func(tx store.Tx) error { return tx.SetMentions(w.Context(), m.ID, people) })
			m.Mentions = people
			return m
		}
		first := name(w.send(c, other, "@me"), me.ID, other.ID)
		name(w.send(elsewhere, other, "@me, elsewhere"), me.ID)
		name(w.send(c, me, "@me, myself"), me.ID)
		name(w.send(c, other, "@other"), other.ID)
		gone := name(w.send(c, other, "@me, deleted"), me.ID)
		w.change(gone.ID, func(m *store.Message) { m.Content, m.DeletedAt = "", ptr(after(1)) })
		w.send(c, other, "no name")
		last := name(w.send(c, other, "@me again"), me.ID)
		list := func(seq int64, limit int) []store.Message {
			return read(w, func(tx store.Tx) ([]store.Message, error) {
				return tx.MentionsAfter(w.Context(), me.ID, c.ID, seq, limit)
			})
		}
		equal(w, "all", list(0, 10), []store.Message{first, last})
		equal(w, "limited", list(0, 1), []store.Message{first})
		equal(w, "after the first", list(first.Seq, 10), []store.Message{last})
		equal(w, "after the last", len(list(last.Seq, 10)), 0)
	}},
}

var pinCases = []testCase{
	{"pins are listed, the latest first", func(w *world) {
		a, b := w.user("a"), w.user("b")
		c, elsewhere, empty := w.group(a, b), w.group(a), w.group(a)
		first, second, gone := w.send(c, a, "first"), w.send(c, a, "second"), w.send(c, a, "gone")
		foreign := w.send(elsewhere, a, "elsewhere")
		for _, step := range []struct {
			m      store.Message
			by     store.User
			on     bool
			change bool
			at     int
		}{
			{first, a, true, true, 1}, {second, b, true, true, 2}, {first, b, true, false, 9}, {gone, a, true, true, 3},
			{foreign, a, true, true, 4}, {second, a, false, true, 5}, {second, a, false, false, 6}, {second, b, true, true, 7},
		} {
			w.update(func(tx store.Tx) error {
				changed, err := tx.SetPin(w.Context(), step.m.ID, step.by.ID, step.on, after(step.at))
				equal(w, step.m.Content+" changed", changed, step.change)
				return err
			})
		}
		w.change(gone.ID, func(m *store.Message) { m.Content, m.DeletedAt = "", ptr(after(8)) })
		pins := func(limit int) []store.Message {
			return read(w, func(tx store.Tx) ([]store.Message, error) { return tx.Pins(w.Context(), c.ID, limit) })
		}
		second.Pin, first.Pin = &store.Pin{By: b.ID, At: after(7)}, &store.Pin{By: a.ID, At: after(1)}
		want := []store.Message{second, first}
		equal(w, "pins", pins(10), want)
		equal(w, "limited", pins(1), want[:1])
		equal(w, "in history", read(w, func(tx store.Tx) ([]store.Message, error) {
			return tx.Messages(w.Context(), store.MessageQuery{ChatID: c.ID, Limit: 3})
		})[:2], []store.Message{first, second})
		equal(w, "counts", read(w, func(tx store.Tx) (map[store.ID]int64, error) {
			return tx.PinCounts(w.Context(), c.ID, elsewhere.ID, empty.ID)
		}), map[store.ID]int64{c.ID: 2, elsewhere.ID: 1})
	}},
	{"what does not exist cannot be pinned", func(w *world) {
		u := w.user("u")
		err := w.s.Update(w.Context(), func(tx store.Tx) error {
			return second(tx.SetPin(w.Context(), store.NewID(), u.ID, true, start))
		})
		if !errors.Is(err, store.ErrNotFound) {
			w.Errorf("got %v, want ErrNotFound", err)
		}
	}},
}

var blockCases = []testCase{
	{"blocks are set, listed and lifted", func(w *world) {
		a, b, c := w.user("a"), w.user("b"), w.user("c")
		between := func(x, y store.User) bool {
			return read(w, func(tx store.Tx) (bool, error) { return tx.BlockBetween(w.Context(), x.ID, y.ID) })
		}
		for _, step := range []struct {
			by, of     store.User
			on, change bool
			at         int
		}{{a, b, true, true, 1}, {a, c, true, true, 2}, {a, b, true, false, 3}, {b, c, false, false, 4}} {
			w.update(func(tx store.Tx) error {
				changed, err := tx.SetBlock(w.Context(), step.by.ID, step.of.ID, step.on, after(step.at))
				equal(w, "changed", changed, step.change)
				return err
			})
		}
		list := func(u store.User) []store.Block {
			return read(w, func(tx store.Tx) ([]store.Block, error) { return tx.Blocks(w.Context(), u.ID) })
		}
		equal(w, "a's blocks", list(a), []store.Block{{UserID: c.ID, At: after(2)}, {UserID: b.ID, At: after(1)}})
		equal(w, "b's blocks", len(list(b)), 0)
		equal(w, "between", [3]bool{between(a, b), between(b, a), between(b, c)}, [3]bool{true, true, false})
		w.update(func(tx store.Tx) error { return second(tx.SetBlock(w.Context(), a.ID, b.ID, false, after(5))) })
		equal(w, "lifted", between(b, a), false)
	}},
	{"a post between people who block goes the long way", func(w *world) {
		a, b := w.user("a"), w.user("b")
		direct, members := newChat(store.Direct, a, b)
		w.update(func(tx store.Tx) error { return tx.CreateChat(w.Context(), direct, members) })
		group := w.group(a, b)
		posts := func() (answer [4]bool) {
			_, answer[0] = w.postShort(newMessage(direct, a, "hi"))
			_, answer[1] = w.postShort(newMessage(direct, b, "hi"))
			_, answer[2] = w.postShort(newMessage(group, a, "hi"))
			_, answer[3] = w.postShort(newMessage(group, b, "hi"))
			return answer
		}
		equal(w, "before", posts(), [4]bool{true, true, true, true})
		w.update(func(tx store.Tx) error { return second(tx.SetBlock(w.Context(), a.ID, b.ID, true, start)) })
		equal(w, "blocked", posts(), [4]bool{false, false, true, true})
		w.update(func(tx store.Tx) error { return second(tx.SetBlock(w.Context(), a.ID, b.ID, false, start)) })
		equal(w, "lifted", posts(), [4]bool{true, true, true, true})
	}},
}

var invitationCases = []testCase{
	{"an invitation is read back whole", func(w *world) {
		u := w.user("u")
		c := w.group(u)
		i := store.Invitation{ID: store.NewID(), ChatID: c.ID, TokenHash: []byte("hash " + c.ID), CreatedBy: u.ID,
			CreatedAt: start, ExpiresAt: ptr(after(100)), MaxUses: 5}
		w.update(func(tx store.Tx) error { return tx.CreateInvitation(w.Context(), i) })
		byToken := func(tx store.Tx) (store.Invitation, error) { return tx.InvitationByToken(w.Context(), i.TokenHash) }
		equal(w, "made", read(w, byToken), i)
		i.ExpiresAt, i.RevokedAt, i.MaxUses, i.Uses = nil, ptr(after(2)), 0, 3
		w.update(func(tx store.Tx) error { return tx.UpdateInvitation(w.Context(), i) })
		equal(w, "changed", read(w, func(tx store.Tx) (store.Invitation, error) { return tx.Invitation(w.Context(), i.ID) }), i)
	}},
	{"the list of a chat has the latest first, without revoked ones", func(w *world) {
		u := w.user("u")
		c, elsewhere := w.group(u), w.group(u)
		var all []store.Invitation
		for n, chat := range []store.Chat{c, c, c, elsewhere} {
			i := store.Invitation{ID: store.NewID(), ChatID: chat.ID, CreatedBy: u.ID, CreatedAt: after(n)}
			i.TokenHash = []byte(i.ID)
			if n == 1 {
				i.RevokedAt = ptr(after(9))
			}
			w.update(func(tx store.Tx) error { return tx.CreateInvitation(w.Context(), i) })
			all = append(all, i)
		}
		equal(w, "list", read(w, func(tx store.Tx) ([]store.Invitation, error) { return tx.InvitationsOf(w.Context(), c.ID) }),
			[]store.Invitation{all[2], all[0]})
	}},
	{"an unknown invitation is not found", func(w *world) {
		for name, ask := range map[string]func(tx store.Tx) error{
			"token":  func(tx store.Tx) error { return second(tx.InvitationByToken(w.Context(), []byte("no such"))) },
			"empty":  func(tx store.Tx) error { return second(tx.InvitationByToken(w.Context(), nil)) },
			"id":     func(tx store.Tx) error { return second(tx.Invitation(w.Context(), store.NewID())) },
			"update": func(tx store.Tx) error { return tx.UpdateInvitation(w.Context(), store.Invitation{ID: store.NewID()}) },
		} {
			if err := w.s.Update(w.Context(), ask); !errors.Is(err, store.ErrNotFound) {
				w.Errorf("%s: got %v, want ErrNotFound", name, err)
			}
		}
	}},
	{"who was removed is remembered until that is lifted", func(w *world) {
		a, b := w.user("a"), w.user("b")
		c, elsewhere := w.group(a), w.group(a)
		removed := func() (answer [3]bool) {
			for n, of := range []struct{ chatID, userID store.ID }{{c.ID, a.ID}, {c.ID, b.ID}, {elsewhere.ID, b.ID}} {
				answer[n] = read(w, func(tx store.Tx) (bool, error) { return tx.Removed(w.Context(), of.chatID, of.userID) })
			}
			return answer
		}
		set := func(on bool) {
			w.update(func(tx store.Tx) error { return tx.SetRemoved(w.Context(), c.ID, b.ID, on, start) })
		}
		equal(w, "nobody", removed(), [3]bool{})
		set(false)
		set(true)
		set(true)
		equal(w, "removed", removed(), [3]bool{1: true})
		set(false)
		equal(w, "lifted", removed(), [3]bool{})
		set(true)
		w.update(func(tx store.Tx) error { return tx.DeleteChat(w.Context(), c.ID) })
		equal(w, "with its chat", removed(), [3]bool{})
	}},
	{"uses at the same instant are all counted", func(w *world) {
		u := w.user("u")
		i := store.Invitation{ID: store.NewID(), ChatID: w.group(u).ID, TokenHash: []byte(u.ID), CreatedBy: u.ID, CreatedAt: start, MaxUses: 3}
		w.update(func(tx store.Tx) error { return tx.CreateInvitation(w.Context(), i) })
		spent := errors.New("spent")
		let := make([]bool, 8)
		atOnce(len(let), func(n int) {
			err := w.s.Update(w.Context(), func(tx store.Tx) error {
				i, err := tx.InvitationByToken(w.Context(), i.TokenHash)
				if err != nil {
					return err
				}
				if i.Uses == i.MaxUses {
					return spent
				}
				i.Uses++
				return tx.UpdateInvitation(w.Context(), i)
			})
			if let[n] = err == nil; err != nil && !errors.Is(err, spent) {
				w.Error(err)
			}
		})
		count := 0
		for _, ok := range let {
			if ok {
				count++
			}
		}
		equal(w, "let in", count, 3)
	}},
}
