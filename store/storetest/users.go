package storetest

import (
	"errors"
	"slices"
	"strings"

	"confab/store"
)

var userCases = []testCase{
	{"an account is read back whole", func(w *world) {
		u := w.newUser("whole")
		u.LastSeenAt = after(5)
		w.update(func(tx store.Tx) error { return tx.CreateUser(w.Context(), u) })
		picture := store.Attachment{ID: store.NewID(), OwnerID: u.ID, Name: "me.png", Mime: "image/png", BlobKey: "k", CreatedAt: start}
		w.update(func(tx store.Tx) error { return tx.CreateAttachment(w.Context(), picture) })
		u.AvatarID, u.Email, u.DisplayName, u.PasswordHash = picture.ID, "New."+u.Email, "Somebody else", "other"
		u.ShareReadReceipts, u.UpdatedAt, u.LastSeenAt, u.TOTPAt = false, after(9), after(8), ptr(after(7))
		w.update(func(tx store.Tx) error { return tx.UpdateUser(w.Context(), u) })

		equal(w, "by id", read(w, func(tx store.Tx) (store.User, error) { return tx.User(w.Context(), u.ID) }), u)
		equal(w, "by e-mail", read(w, func(tx store.Tx) (store.User, error) {
			return tx.UserByEmail(w.Context(), strings.ToUpper(u.Email))
		}), u)
		equal(w, "by name", read(w, func(tx store.Tx) (store.User, error) {
			return tx.UserByUsername(w.Context(), strings.ToUpper(u.Username))
		}), u)
		equal(w, "among many", read(w, func(tx store.Tx) ([]store.User, error) {
			return tx.UsersByID(w.Context(), []store.ID{store.NewID(), u.ID})
		}), []store.User{u})
		w.update(func(tx store.Tx) error {
			locked, err := tx.LockUser(w.Context(), u.ID)
			equal(w, "locked", locked, u)
			return err
		})
	}},
	{"who is unknown is not found", func(w *world) {
		for name, ask := range map[string]func(tx store.Tx) error{
			"by id":     func(tx store.Tx) error { _, err := tx.User(w.Context(), store.NewID()); return err },
			"no id":     func(tx store.Tx) error { _, err := tx.User(w.Context(), ""); return err },
			"by e-mail": func(tx store.Tx) error { _, err := tx.UserByEmail(w.Context(), "nobody@example.org"); return err },
			"by name":   func(tx store.Tx) error { _, err := tx.UserByUsername(w.Context(), "no such name"); return err },
			"update":    func(tx store.Tx) error { return tx.UpdateUser(w.Context(), w.newUser("nobody")) },
		} {
			if err := w.s.Update(w.Context(), ask); !errors.Is(err, store.ErrNotFound) {
				w.Errorf("%s: got %v, want ErrNotFound", name, err)
			}
		}
		err := w.s.View(w.Context(), func(tx store.Tx) error { _, err := tx.User(w.Context(), "not an id"); return err })
		if !errors.Is(err, store.ErrBadID) {
			w.Errorf("malformed id: got %v, want ErrBadID", err)
		}
	}},
	{"names are unique in any case and script", func(w *world) {
		first := w.newUser("имя")
		first.Email, first.Username = "Ёлка.Straße@example.org", "ЮЛИЯ"
		w.update(func(tx store.Tx) error { return tx.CreateUser(w.Context(), first) })
		for _, c := range []struct {
			name, email, username string
			want                  error
		}{
			{"e-mail in other case", "ёлка.STRASSE@EXAMPLE.ORG", "free", store.ErrEmailTaken},
			{"name in other case", "free@example.org", "юлиЯ", store.ErrUsernameTaken},
			{"name in another composition", "free@example.org", "юли\u044f", store.ErrUsernameTaken},
			{"both", first.Email, first.Username, store.ErrEmailTaken},
		} {
			second := w.newUser("second")
			second.Email, second.Username = c.email, c.username
			w.update(func(tx store.Tx) error {
				if err := tx.CreateUser(w.Context(), second); !errors.Is(err, c.want) {
					w.Errorf("create, %s: got %v, want %v", c.name, err, c.want)
				}
				// A refusal does not spoil the transaction.
				_, err := tx.User(w.Context(), first.ID)
				return err
			})
			other := w.user("other")
			if !strings.HasPrefix(c.email, "free") {
				other.Email = c.email
			}
			if c.username != "free" {
				other.Username = c.username
			}
			err := w.s.Update(w.Context(), func(tx store.Tx) error { return tx.UpdateUser(w.Context(), other) })
			if !errors.Is(err, store.ErrEmailTaken) && !errors.Is(err, store.ErrUsernameTaken) {
				w.Errorf("update, %s: got %v, want it taken", c.name, err)
			}
		}
	}},
	{"a deleted account frees its names and stays readable", func(w *world) {
		u := w.user("gone")
		u.DeletedAt = ptr(after(10))
		w.update(func(tx store.Tx) error { return tx.UpdateUser(w.Context(), u) })
		again := w.newUser("back")
		again.Email, again.Username = u.Email, u.Username
		w.update(func(tx store.Tx) error { return tx.CreateUser(w.Context(), again) })
		equal(w, "the deleted one", read(w, func(tx store.Tx) (store.User, error) { return tx.User(w.Context(), u.ID) }), u)
		equal(w, "by name", read(w, func(tx store.Tx) (store.User, error) {
			return tx.UserByUsername(w.Context(), u.Username)
		}).ID, again.ID)
	}},
	{"last seen only moves forward", func(w *world) {
		u := w.user("seen")
		for _, seconds := range []int{10, 30, 20} {
			w.update(func(tx store.Tx) error { return tx.TouchUser(w.Context(), u.ID, after(seconds)) })
		}
		equal(w, "last seen", read(w, func(tx store.Tx) (store.User, error) { return tx.User(w.Context(), u.ID) }).LastSeenAt, after(30))
	}},
	{"contacts share a chat", func(w *world) {
		me, friend, colleague, stranger := w.user("me"), w.user("friend"), w.user("colleague"), w.user("stranger")
		w.group(me, friend)
		w.group(me, friend, colleague)
		w.group(stranger, colleague)
		got := read(w, func(tx store.Tx) ([]store.ID, error) { return tx.Contacts(w.Context(), me.ID) })
		want := []store.ID{friend.ID, colleague.ID}
		slices.Sort(got)
		slices.Sort(want)
		equal(w, "contacts", got, want)
	}},
}

var searchCases = []testCase{{"people are found by what one remembers", searchPeople}}

// searchPeople owns its database, since a search sees everybody.
func searchPeople(w *world) {
	add := func(username, display, email string) store.User {
		u := w.newUser("x")
		u.Username, u.DisplayName, u.Email = username, display, email
		w.update(func(tx store.Tx) error { return tx.CreateUser(w.Context(), u) })
		return u
	}
	me := add("anna", "Anna Self", "anna@example.org")
	add("ann.b", "Ann Boleyn", "ab@example.org")
	add("joanna", "Jo", "jo@example.org")
	add("artem", "Артём Ёлкин", "artem@mail.example")
	add("МАРИЯ", "Мария-Анна", "maria@example.org")
	add("percent", "100% sure", "p@example.org")
	add("under_score", "back\\slash", "u@example.org")
	add("underXscore", "nothing", "ux@example.org")
	gone := add("annabel", "Annabel", "gone@example.org")
	gone.DeletedAt = ptr(after(1))
	w.update(func(tx store.Tx) error { return tx.UpdateUser(w.Context(), gone) })

	for _, c := range []struct {
		name, q string
		limit   int
		want    []string
	}{
		{"prefix before substring", "ann", 10, []string{"ann.b", "joanna"}},
		{"any case", "ANN", 10, []string{"ann.b", "joanna"}},
		{"limited", "ann", 1, []string{"ann.b"}},
		{"display name", "boleyn", 10, []string{"ann.b"}},
		{"Cyrillic in any case", "аРТЁМ", 10, []string{"artem"}},
		{"е for ё", "елкин", 10, []string{"artem"}},
		{"Cyrillic substring", "анна", 10, []string{"МАРИЯ"}},
		{"Cyrillic username", "мария", 10, []string{"МАРИЯ"}},
		{"percent is a character", "%", 10, []string{"percent"}},
		{"underscore is a character", "_", 10, []string{"under_score"}},
		{"underscore within", "r_s", 10, []string{"under_score"}},
		{"backslash is a character", `\`, 10, []string{"under_score"}},
		{"e-mail whole", "Maria@Example.org", 10, []string{"МАРИЯ"}},
		{"e-mail in part", "maria@", 10, nil},
		{"the domain of an e-mail", "example", 10, nil},
		{"spaces around", "  jo ", 10, []string{"joanna"}},
		{"nothing", "", 10, nil},
		{"only spaces", "   ", 10, nil},
		{"quote", "'", 10, nil},
	} {
		found := read(w, func(tx store.Tx) ([]store.User, error) {
			return tx.SearchUsers(w.Context(), c.q, me.ID, c.limit)
		})
		var got []string
		for _, u := range found {
			got = append(got, u.Username)
		}
		equal(w, c.name, got, c.want)
	}
	everybody := read(w, func(tx store.Tx) ([]store.User, error) { return tx.SearchUsers(w.Context(), "anna", "", 10) })
	equal(w, "nobody left out", everybody[0].ID, me.ID)
}
