package chat_test

import (
	"fmt"
	"testing"

	"confab/internal/chat"
	"confab/internal/enginetest"
	"confab/store"
)

func TestEdit(t *testing.T) {
	t.Parallel()
	enginetest.Each(t, func(t *testing.T, s store.Store) {
		w := newWorld(t, s)
		p := w.people(3)
		c := w.group(p[0], p[1])
		m := w.say(p[1], c, "helo")
		w.bus.take()
		edited, err := w.Edit(t.Context(), p[1], m.ID, "hello\n")
		w.must(err)
		if edited.Content != "hello" || edited.EditedAt == nil || edited.Rev != m.Rev+1 || edited.Seq != m.Seq {
			t.Errorf("%+v", edited)
		}
		events := w.bus.take()
		w.sent(events, chat.EventMessageUpdated, p[0], p[1])

		same, err := w.Edit(t.Context(), p[1], m.ID, "hello")
		w.must(err)
		if same.Rev != edited.Rev || len(w.bus.take()) != 0 {
			t.Errorf("an edit that changes nothing moved rev to %d", same.Rev)
		}
		for name, c := range map[string]struct {
			actor   store.ID
			id      store.ID
			content string
			code    string
		}{
			"an owner":    {p[0], m.ID, "x", "forbidden"},
			"a stranger":  {p[2], m.ID, "x", "not_found"},
			"no message":  {p[1], store.NewID(), "x", "not_found"},
			"no id":       {p[1], "x", "x", "not_found"},
			"empty":       {p[1], m.ID, " ", "invalid"},
			"a bad input": {p[1], m.ID, "\x00", "invalid"},
		} {
			_, err := w.Edit(t.Context(), c.actor, c.id, c.content)
			w.refused(name, err, c.code)
		}
		_, err = w.Delete(t.Context(), p[1], m.ID)
		w.must(err)
		_, err = w.Edit(t.Context(), p[1], m.ID, "again")
		w.refused("a tombstone", err, "message_deleted")
	})
}

func TestDelete(t *testing.T) {
	t.Parallel()
	enginetest.Each(t, func(t *testing.T, s store.Store) {
		w := newWorld(t, s)
		p := w.people(5)
		owner, admin, author, other, stranger := p[0], p[1], p[2], p[3], p[4]
		c := w.group(owner, admin, author, other)
		_, err := w.SetRole(t.Context(), owner, c, admin, store.RoleAdmin)
		w.must(err)
		for _, actor := range []store.ID{author, admin, owner} {
			m := w.say(author, c, "secret")
			_, err := w.React(t.Context(), other, m.ID, "👍", true)
			w.must(err)
			_, err = w.Delete(t.Context(), other, m.ID)
			w.refused("another member", err, "forbidden")
			_, err = w.Delete(t.Context(), stranger, m.ID)
			w.refused("a stranger", err, "not_found")
			w.bus.take()
			gone, err := w.Delete(t.Context(), actor, m.ID)
			w.must(err)
			if gone.DeletedAt == nil || gone.Content != "" || len(gone.Reactions) != 0 || gone.Seq != m.Seq {
				t.Errorf("%+v", gone)
			}
			w.sent(w.bus.take(), chat.EventMessageUpdated, owner, admin, author, other)
			again, err := w.Delete(t.Context(), actor, m.ID)
			w.must(err)
			if again.Rev != gone.Rev || len(w.bus.take()) != 0 {
				t.Error("deleting a tombstone changed it")
			}
			_, err = w.React(t.Context(), other, m.ID, "👍", true)
			w.refused("reacting to a tombstone", err, "message_deleted")
		}
		for _, m := range w.history(author, c) {
			if m.Content != "" {
				t.Errorf("a tombstone tells %q", m.Content)
			}
		}
		d := w.direct(author, other)
		theirs := w.say(author, d, "x")
		_, err = w.Delete(t.Context(), other, theirs.ID)
		w.refused("the other side of a direct chat", err, "forbidden")
	})
}

func TestReactions(t *testing.T) {
	t.Parallel()
	enginetest.Each(t, func(t *testing.T, s store.Store) {
		w := newWorld(t, s)
		p := w.people(4)
		c := w.group(p[0], p[1], p[2])
		m := w.say(p[0], c, "x")
		w.bus.take()
		_, err := w.React(t.Context(), p[1], m.ID, "👍", true)
		w.must(err)
		_, err = w.React(t.Context(), p[2], m.ID, "❤️", true)
		w.must(err)
		got, err := w.React(t.Context(), p[0], m.ID, "👍", true)
		w.must(err)
		want := []chat.Reaction{{Emoji: "👍", UserIDs: []store.ID{p[1], p[0]}}, {Emoji: "❤️", UserIDs: []store.ID{p[2]}}}
		if fmt.Sprint(got.Reactions) != fmt.Sprint(want) || got.Rev != m.Rev+3 || got.EditedAt != nil {
			t.Errorf("%+v, want %+v", got, want)
		}
		if n := len(w.bus.take()); n != 3 {
			t.Errorf("%d events", n)
		}
		again, err := w.React(t.Context(), p[0], m.ID, "👍", true)
		w.must(err)
		if again.Rev != got.Rev || len(w.bus.take()) != 0 {
			t.Error("a repeated reaction changed something")
		}
		off, err := w.React(t.Context(), p[2], m.ID, "❤️", false)
		w.must(err)
		if len(off.Reactions) != 1 {
			t.Errorf("%+v", off.Reactions)
		}
		_, err = w.React(t.Context(), p[0], m.ID, "yes", true)
		w.refused("a word", err, "invalid")
		_, err = w.React(t.Context(), p[3], m.ID, "👍", true)
		w.refused("a stranger", err, "not_found")
		for i := range chat.MaxOwnEmojis {
			_, err = w.React(t.Context(), p[2], m.ID, string(rune(0x1F600+i)), true)
			w.must(err)
		}
		_, err = w.React(t.Context(), p[2], m.ID, "🚀", true)
		w.refused("one too many of one's own", err, "too_many_reactions")
		_, err = w.React(t.Context(), p[2], m.ID, string(rune(0x1F600)), true)
		w.must(err) // there already
	})
}
