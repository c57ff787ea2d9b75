package storetest

import (
	"errors"
	"strings"

	"confab/store"
)

// textCases: what no engine can keep is refused by name, and spoils nothing.
var textCases = []testCase{
	{"a NUL or broken UTF-8 is refused everywhere", func(w *world) {
		u := w.user("u")
		c := w.group(u)
		sent := w.send(c, u, "fine")
		for _, bad := range []string{"a\x00b", "\x00", "caf\xe9", "\xff\xfe", "\xed\xa0\x80"} {
			for name, write := range map[string]func(tx store.Tx) error{
				"display name": func(tx store.Tx) error {
					broken := w.newUser("x")
					broken.DisplayName = bad
					return tx.CreateUser(w.Context(), broken)
				},
				"user by e-mail": func(tx store.Tx) error { return second(tx.UserByEmail(w.Context(), bad)) },
				"user by name":   func(tx store.Tx) error { return second(tx.UserByUsername(w.Context(), bad)) },
				"search":         func(tx store.Tx) error { return second(tx.SearchUsers(w.Context(), bad, u.ID, 5)) },
				"chat name":      func(tx store.Tx) error { return tx.UpdateChat(w.Context(), store.Chat{ID: c.ID, Name: bad}) },
				"message": func(tx store.Tx) error {
					m := newMessage(c, u, bad)
					m.Seq, m.Rev = 1000, 1000
					return tx.InsertMessage(w.Context(), m)
				},
				"client id": func(tx store.Tx) error { return second(tx.MessageByClientID(w.Context(), u.ID, bad)) },
				"emoji":     func(tx store.Tx) error { return second(tx.SetReaction(w.Context(), sent.ID, u.ID, bad, true, start)) },
				"file name": func(tx store.Tx) error {
					return tx.CreateAttachment(w.Context(), store.Attachment{ID: store.NewID(), OwnerID: u.ID, Name: bad, BlobKey: "k", CreatedAt: start})
				},
			} {
				w.update(func(tx store.Tx) error {
					if err := write(tx); !errors.Is(err, store.ErrBadText) {
						w.Errorf("%s %q: got %v, want ErrBadText", name, bad, err)
					}
					return second(tx.User(w.Context(), u.ID)) // the transaction goes on
				})
			}
		}
	}},
	{"any other text comes back as it was", func(w *world) {
		u := w.user("u")
		c := w.group(u)
		for _, text := range []string{
			"", " ", "\t\r\n", "'; DROP TABLE users; --", `$1 ?1 {lock} IN {$1}`, "\u202eevil\u202c", "e\u0301 vs é", "👨\u200d👩\u200d👧", "\u0001\u007f\u0085\ufffd\uffff",
			strings.Repeat("ж", 100_000),
		} {
			m := w.send(c, u, text)
			equal(w, "text", read(w, func(tx store.Tx) (store.Message, error) { return tx.Message(w.Context(), m.ID) }).Content, text)
		}
	}},
}
