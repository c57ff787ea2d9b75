package chat_test

import (
	"errors"
	"testing"

	"confab/internal/chat"
	"confab/internal/enginetest"
	"confab/store"
)

func TestProfile(t *testing.T) {
	t.Parallel()
	enginetest.Each(t, func(t *testing.T, s store.Store) {
		w := newWorld(t, s)
		p := w.people(3)
		w.direct(p[0], p[1])
		before, err := w.Profile(t.Context(), p[0])
		w.must(err)
		after, err := w.UpdateProfile(t.Context(), p[0], chat.ProfilePatch{DisplayName: ptr(" Ann "), Email: ptr("ann@example.org")})
		w.must(err)
		if after.DisplayName != "Ann" || after.Email != "ann@example.org" || after.Username != before.Username || !after.UpdatedAt.After(before.UpdatedAt.Time) {
			t.Errorf("%+v", after)
		}
		w.sent(w.bus.take(), chat.EventUserUpdated, p[0], p[1])
		same, err := w.UpdateProfile(t.Context(), p[0], chat.ProfilePatch{Username: ptr("PERSON0")})
		w.must(err)
		if same.Username != "PERSON0" {
			t.Errorf("one's own name in another case was refused: %+v", same)
		}
		w.bus.take()
		_, err = w.UpdateProfile(t.Context(), p[0], chat.ProfilePatch{ShareReadReceipts: ptr(false)})
		w.must(err)
		if len(w.bus.take()) != 0 {
			t.Error("a private setting was announced")
		}
		for name, c := range map[string]struct {
			patch chat.ProfilePatch
			code  string
		}{
			"a taken name":    {chat.ProfilePatch{Username: ptr("Person1")}, "username_taken"},
			"a taken address": {chat.ProfilePatch{Email: ptr("PERSON1@example.com")}, "email_taken"},
			"a bad name":      {chat.ProfilePatch{Username: ptr("a b")}, "invalid"},
			"a bad address":   {chat.ProfilePatch{Email: ptr("nowhere")}, "invalid"},
			"an empty name":   {chat.ProfilePatch{DisplayName: ptr("")}, "invalid"},
		} {
			_, err := w.UpdateProfile(t.Context(), p[0], c.patch)
			w.refused(name, err, c.code)
		}
	})
}

func TestADeletedAccountChangesNoMore(t *testing.T) {
	t.Parallel()
	enginetest.Each(t, func(t *testing.T, s store.Store) {
		w := newWorld(t, s)
		ann := w.person("ann")
		w.must(s.Update(t.Context(), func(tx store.Tx) error {
			u, err := tx.User(t.Context(), ann)
			u.DeletedAt = ptr(w.clock.now())
			return errors.Join(err, tx.UpdateUser(t.Context(), u))
		}))
		_, err := w.UpdateProfile(t.Context(), ann, chat.ProfilePatch{DisplayName: ptr("Ann again")})
		w.refused("the profile", err, "not_found")
		_, err = w.SetAvatar(t.Context(), ann, "")
		w.refused("the avatar", err, "not_found")
		if events := w.bus.take(); len(events) != 0 {
			t.Errorf("announced: %v", events)
		}
	})
}

func TestSearchUsers(t *testing.T) {
	t.Parallel()
	enginetest.Each(t, func(t *testing.T, s store.Store) {
		w := newWorld(t, s)
		me, ann, joanna := w.person("me_ann"), w.person("ann"), w.person("joanna")
		for q, want := range map[string][]store.ID{
			"ann": {ann, joanna}, "ANN": {ann, joanna}, "joan": {joanna}, "joanna@example.com": {joanna}, "@example": nil, "zzz": nil,
			"%": nil, "_": nil,
		} {
			found, err := w.SearchUsers(t.Context(), me, q, 0)
			w.must(err)
			if len(found) != len(want) {
				t.Errorf("%q found %+v", q, found)
				continue
			}
			for i := range want {
				if found[i].ID != want[i] {
					t.Errorf("%q found %+v", q, found)
				}
			}
		}
		_, err := w.SearchUsers(t.Context(), me, " ", 0)
		w.refused("nothing", err, "invalid")
		_, err = w.SearchUsers(t.Context(), me, "a", 51)
		w.refused("too many", err, "invalid")
	})
}

func TestPresenceIsForThoseWhoShareAChat(t *testing.T) {
	t.Parallel()
	enginetest.Each(t, func(t *testing.T, s store.Store) {
		w := newWorld(t, s)
		p := w.people(3)
		w.direct(p[0], p[1])
		w.online[p[1]], w.online[p[2]] = true, true
		w.must(s.Update(t.Context(), func(tx store.Tx) error { return tx.TouchUser(t.Context(), p[1], w.clock.now()) }))
		known, err := w.User(t.Context(), p[0], p[1])
		w.must(err)
		if known.Seen == nil || !known.Online || known.LastSeenAt == nil || known.Username != "person1" {
			t.Errorf("%+v", known)
		}
		unknown, err := w.User(t.Context(), p[0], p[2])
		w.must(err)
		if unknown.Seen != nil || unknown.Username != "person2" {
			t.Errorf("%+v", unknown)
		}
		_, err = w.User(t.Context(), p[0], store.NewID())
		w.refused("nobody", err, "not_found")
		contacts, err := w.Contacts(t.Context(), p[0])
		w.must(err)
		if len(contacts) != 1 || contacts[0] != p[1] {
			t.Errorf("%v", contacts)
		}
	})
}
