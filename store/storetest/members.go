package storetest

import (
	"errors"
	"strings"

	"confab/store"
)

var memberCases = []testCase{
	{"a member is read back whole", func(w *world) {
		owner, guest := w.user("owner"), w.user("guest")
		c := w.group(owner)
		m := store.Member{ChatID: c.ID, UserID: guest.ID, Role: store.RoleMember, JoinedAt: after(3), JoinedSeq: 4,
			DeliveredSeq: 6, ReadSeq: 5, MutedUntil: ptr(after(9)), ArchivedAt: ptr(after(8))}
		w.update(func(tx store.Tx) error { return tx.AddMember(w.Context(), m) })
		ask := func(tx store.Tx) (store.Member, error) { return tx.Member(w.Context(), c.ID, guest.ID) }
		equal(w, "added", read(w, ask), m)
		m.Role, m.MutedUntil, m.ArchivedAt = store.RoleAdmin, nil, ptr(after(7))
		w.update(func(tx store.Tx) error { return tx.UpdateMember(w.Context(), m) })
		equal(w, "updated", read(w, ask), m)
	}},
	{"watermarks begin where one came in", func(w *world) {
		owner, guest := w.user("owner"), w.user("guest")
		c := w.group(owner)
		w.update(func(tx store.Tx) error {
			return tx.AddMember(w.Context(), store.Member{ChatID: c.ID, UserID: guest.ID, Role: store.RoleMember, JoinedAt: start, JoinedSeq: 4})
		})
		m := read(w, func(tx store.Tx) (store.Member, error) { return tx.Member(w.Context(), c.ID, guest.ID) })
		equal(w, "watermarks", [2]int64{m.DeliveredSeq, m.ReadSeq}, [2]int64{4, 4})
	}},
	{"nobody is in a chat twice", func(w *world) {
		u := w.user("twice")
		c := w.group(u)
		w.update(func(tx store.Tx) error {
			err := tx.AddMember(w.Context(), store.Member{ChatID: c.ID, UserID: u.ID, Role: store.RoleAdmin, JoinedAt: start})
			if !errors.Is(err, store.ErrMemberExists) {
				w.Errorf("got %v, want ErrMemberExists", err)
			}
			m, err := tx.Member(w.Context(), c.ID, u.ID) // a refusal does not spoil the transaction
			equal(w, "role", m.Role, store.RoleOwner)
			return err
		})
	}},
	{"members are listed by when they came", func(w *world) {
		a, b, c := w.user("a"), w.user("b"), w.user("c")
		one, two := w.group(b, a), w.group(c)
		list := func(chats ...store.ID) []store.ID {
			return idsOf(read(w, func(tx store.Tx) ([]store.Member, error) { return tx.Members(w.Context(), chats...) }), memberID)
		}
		equal(w, "one chat", list(one.ID), []store.ID{b.ID, a.ID})
		equal(w, "two chats", len(list(one.ID, two.ID)), 3)
		equal(w, "no chat", len(list()), 0)
	}},
	{"who left is no member", func(w *world) {
		owner, guest := w.user("owner"), w.user("guest")
		c := w.group(owner, guest)
		w.send(c, owner, "hello")
		w.update(func(tx store.Tx) error {
			return errors.Join(
				second(tx.AdvanceReceipt(w.Context(), c.ID, guest.ID, store.Read, 1, start)),
				tx.RemoveMember(w.Context(), c.ID, guest.ID))
		})
		for name, ask := range map[string]func(tx store.Tx) error{
			"read":   func(tx store.Tx) error { _, err := tx.Member(w.Context(), c.ID, guest.ID); return err },
			"remove": func(tx store.Tx) error { return tx.RemoveMember(w.Context(), c.ID, guest.ID) },
			"update": func(tx store.Tx) error {
				return tx.UpdateMember(w.Context(), store.Member{ChatID: c.ID, UserID: guest.ID, Role: store.RoleAdmin})
			},
		} {
			if err := w.s.Update(w.Context(), ask); !errors.Is(err, store.ErrNotFound) {
				w.Errorf("%s: got %v, want ErrNotFound", name, err)
			}
		}
		equal(w, "marks left", len(read(w, func(tx store.Tx) ([]store.ReceiptMark, error) {
			return tx.ReceiptMarks(w.Context(), c.ID, 1)
		})), 0)
		w.update(func(tx store.Tx) error {
			return tx.AddMember(w.Context(), store.Member{ChatID: c.ID, UserID: guest.ID, Role: store.RoleMember, JoinedAt: after(5), JoinedSeq: 1})
		})
	}},
	{"members are found by their usernames", func(w *world) {
		plain, cyrillic, gone, outside := w.newUser("Plain"), w.newUser("Ёжик"), w.newUser("gone"), w.user("outside")
		w.update(func(tx store.Tx) error {
			return errors.Join(tx.CreateUser(w.Context(), plain), tx.CreateUser(w.Context(), cyrillic), tx.CreateUser(w.Context(), gone))
		})
		c := w.group(plain, cyrillic, gone)
		gone.DeletedAt = ptr(after(1))
		w.update(func(tx store.Tx) error { return tx.UpdateUser(w.Context(), gone) })
		for name, step := range map[string]struct {
			names []string
			want  []store.ID
		}{
			"as they are": {[]string{cyrillic.Username, plain.Username}, []store.ID{plain.ID, cyrillic.ID}},
			"other case":  {[]string{strings.ToUpper(cyrillic.Username), strings.ToLower(plain.Username), strings.ToUpper(plain.Username)}, []store.ID{plain.ID, cyrillic.ID}},
			"others":      {[]string{outside.Username, gone.Username, `"`, "no one", ""}, nil},
			"nobody":      {nil, nil},
		} {
			equal(w, name, read(w, func(tx store.Tx) ([]store.ID, error) {
				return tx.MembersNamed(w.Context(), c.ID, step.names)
			}), step.want)
		}
	}},
	{"unread counts what others wrote and what still stands", func(w *world) {
		me, other := w.user("me"), w.user("other")
		c, quiet, unasked := w.group(me, other), w.group(me, other), w.group(me, other)
		w.send(unasked, other, "elsewhere")
		w.send(c, other, "read already")
		w.update(func(tx store.Tx) error {
			return second(tx.AdvanceReceipt(w.Context(), c.ID, me.ID, store.Read, 1, start))
		})
		w.send(c, other, "new")
		w.send(c, me, "my own")
		gone := w.send(c, other, "to be deleted")
		w.send(c, other, "new too")
		w.change(gone.ID, func(m *store.Message) { m.Content, m.DeletedAt = "", ptr(after(1)) })
		unread := func(u store.User) map[store.ID]int64 {
			return read(w, func(tx store.Tx) (map[store.ID]int64, error) { return tx.Unread(w.Context(), u.ID, c.ID, quiet.ID) })
		}
		equal(w, "mine", unread(me), map[store.ID]int64{c.ID: 2})
		equal(w, "the other's", unread(other), map[store.ID]int64{c.ID: 1})
	}},
}
