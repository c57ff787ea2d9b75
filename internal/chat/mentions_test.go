package chat_test

import (
	"slices"
	"testing"

	"confab/internal/bus"
	"confab/internal/chat"
	"confab/internal/enginetest"
	"confab/store"
)

func TestMentionsNameMembers(t *testing.T) {
	t.Parallel()
	enginetest.Each(t, func(t *testing.T, s store.Store) {
		w := newWorld(t, s)
		ann, bob, yana, outside := w.person("Ann"), w.person("bob"), w.person("Яна"), w.person("outside")
		c := w.group(ann, bob, yana)
		names := func(m chat.Message, want ...store.ID) {
			t.Helper()
			slices.Sort(want)
			if !slices.Equal(m.Mentions, want) || m.Mentions == nil {
				t.Errorf("%q names %v, want %v", m.Content, m.Mentions, want)
			}
		}
		unread := func(who store.ID, messages, mentions int64) {
			t.Helper()
			v, err := w.Chat(t.Context(), who, c)
			w.must(err)
			if v.UnreadCount != messages || v.UnreadMentions != mentions {
				t.Errorf("%d unread, %d of them name one; want %d, %d", v.UnreadCount, v.UnreadMentions, messages, mentions)
			}
		}
		first := w.say(ann, c, "@BOB, @яна, @outside and @nobody: see `@Ann`")
		names(first, bob, yana)
		names(named(w.bus.take(), chat.EventMessageReceived)[0].Data.(chat.MessageEvent).Message, bob, yana)
		names(w.say(ann, c, "nobody, mail bob@example.com"))
		unread(bob, 2, 1)
		unread(ann, 0, 0)

		edited, err := w.Edit(t.Context(), ann, first.ID, "@bob only, and @ann herself")
		w.must(err)
		names(edited, bob, ann)
		names(named(w.bus.take(), chat.EventMessageUpdated)[0].Data.(chat.MessageEvent).Message, bob, ann)
		unread(yana, 2, 0)
		unread(ann, 0, 0)
		list := w.history(yana, c)
		names(list[0], bob, ann)
		names(list[1])

		// Whom a message names is settled when it is sent or edited, and only members can be named then.
		earlier := w.say(ann, c, "welcome @outside")
		_, err = w.AddMember(t.Context(), ann, c, outside, "")
		w.must(err)
		names(w.history(ann, c)[2])
		edited, err = w.Edit(t.Context(), ann, earlier.ID, "welcome, @outside")
		w.must(err)
		names(edited, outside)

		again, created, err := w.Send(t.Context(), ann, chat.SendInput{ChatID: c, Content: "@yana @яна", ClientID: "k"})
		w.must(err)
		names(again, yana)
		replayed, second, err := w.Send(t.Context(), ann, chat.SendInput{ChatID: c, Content: "@yana @яна", ClientID: "k"})
		w.must(err)
		names(replayed, yana)
		if !created || second || replayed.ID != again.ID {
			t.Errorf("sent again: %v", second)
		}
		unread(yana, 4, 1)
		gone, err := w.Delete(t.Context(), ann, again.ID)
		w.must(err)
		names(gone)
		unread(yana, 3, 0)
		unread(bob, 3, 1)
		w.must(w.Read(t.Context(), bob, "", first.ID))
		unread(bob, 2, 0)
		w.refused("an outsider's", errOf2(w.Send(t.Context(), w.person("eve"), chat.SendInput{ChatID: c, Content: "@bob"})), "not_found")
	})
}

func TestMentionsAreListedInOrder(t *testing.T) {
	t.Parallel()
	enginetest.Each(t, func(t *testing.T, s store.Store) {
		w := newWorld(t, s)
		ann, bob := w.person("ann"), w.person("bob")
		c := w.group(ann, bob)
		list := func(after *int64, limit int, more bool, want ...chat.Message) {
			t.Helper()
			page, err := w.Mentions(t.Context(), bob, c, after, limit)
			w.must(err)
			var got, ids []store.ID
			for _, m := range page.Items {
				got = append(got, m.ID)
			}
			for _, m := range want {
				ids = append(ids, m.ID)
			}
			if !slices.Equal(got, ids) || page.HasMore != more || page.Items == nil {
				t.Errorf("%v, more: %v; want %v, %v", got, page.HasMore, ids, more)
			}
		}
		beginning := int64(0)
		list(nil, 0, false)
		first := w.say(ann, c, "@bob")
		w.say(ann, c, "nobody")
		w.say(bob, c, "@bob, myself")
		second := w.say(ann, c, "@bob again")
		list(nil, 0, false, first, second)
		w.must(w.Read(t.Context(), bob, "", first.ID))
		list(nil, 0, false, second)
		list(&beginning, 0, false, first, second)
		list(&beginning, 1, true, first)
		list(&first.Seq, 1, false, second)
		_, err := w.Edit(t.Context(), ann, second.ID, "not you")
		w.must(err)
		list(&beginning, 0, false, first)

		negative := int64(-1)
		for name, ask := range map[string]func() error{
			"after": func() error { return errOf(w.Mentions(t.Context(), bob, c, &negative, 0)) },
			"limit": func() error { return errOf(w.Mentions(t.Context(), bob, c, nil, chat.MaxMessages+1)) },
		} {
			w.refused(name, ask(), "invalid")
		}
		eve := w.person("eve")
		for name, chatID := range map[string]store.ID{"outsider": c, "unknown": store.NewID(), "malformed": "x"} {
			w.refused(name, errOf(w.Mentions(t.Context(), eve, chatID, nil, 0)), "not_found")
		}
	})
}

func errOf2[A, B any](_ A, _ B, err error) error { return err }

func TestPins(t *testing.T) {
	t.Parallel()
	enginetest.Each(t, func(t *testing.T, s store.Store) {
		w := newWorld(t, s)
		p := w.people(3)
		c := w.group(p[0], p[1])
		first, second := w.say(p[0], c, "first"), w.say(p[0], c, "second")
		w.bus.take()
		pinned := func(viewer store.ID) (ids []store.ID) {
			t.Helper()
			list, err := w.Pins(t.Context(), viewer, c)
			w.must(err)
			for _, m := range list {
				ids = append(ids, m.ID)
			}
			v, err := w.Chat(t.Context(), viewer, c)
			w.must(err)
			if v.PinCount != int64(len(ids)) {
				t.Errorf("%d pins are counted, %d are listed", v.PinCount, len(ids))
			}
			return ids
		}
		got, err := w.Pin(t.Context(), p[1], first.ID, true)
		w.must(err)
		if got.PinnedAt == nil || got.PinnedBy != p[1] || got.Rev != second.Rev+1 || got.EditedAt != nil {
			t.Errorf("%+v", got)
		}
		events := w.bus.take()
		w.sent(events, chat.EventMessageUpdated, p[0], p[1])
		if told := events[0].Data.(chat.MessageEvent).Message; told.PinnedBy != p[1] {
			t.Errorf("told %+v", told)
		}
		counted := func(events []bus.Event, pins int64) {
			t.Helper()
			w.sent(events, chat.EventChatUpdated, p[0], p[1])
			told := named(events, chat.EventChatUpdated)
			if len(told) != 1 || told[0].Data != (chat.ChatPinsEvent{ChatID: c, Chat: chat.ChatPins{ID: c, PinCount: pins}}) {
				t.Errorf("told %+v, want %d pins", told, pins)
			}
		}
		counted(events, 1)
		again, err := w.Pin(t.Context(), p[0], first.ID, true)
		w.must(err)
		if again.Rev != got.Rev || again.PinnedBy != p[1] || len(w.bus.take()) != 0 {
			t.Errorf("pinned again: %+v", again)
		}
		_, err = w.Pin(t.Context(), p[0], second.ID, true)
		w.must(err)
		counted(w.bus.take(), 2)
		if ids := pinned(p[1]); !slices.Equal(ids, []store.ID{second.ID, first.ID}) {
			t.Errorf("pins: %v", ids)
		}
		page, err := w.History(t.Context(), p[1], store.MessageQuery{ChatID: c, SinceRev: &second.Rev, Limit: 10})
		w.must(err)
		if len(page.Items) != 2 || page.Items[0].ID != first.ID || page.Items[0].PinnedBy != p[1] || page.Items[1].PinnedBy != p[0] {
			t.Errorf("what changed: %+v", page.Items)
		}
		for name, err := range map[string]error{
			"a stranger":      errOf(w.Pin(t.Context(), p[2], first.ID, true)),
			"no message":      errOf(w.Pin(t.Context(), p[0], store.NewID(), true)),
			"no id":           errOf(w.Pin(t.Context(), p[0], "x", true)),
			"their list":      errOf(w.Pins(t.Context(), p[2], c)),
			"no chat's list":  errOf(w.Pins(t.Context(), p[2], store.NewID())),
			"a list of no id": errOf(w.Pins(t.Context(), p[2], "x")),
		} {
			w.refused(name, err, "not_found")
		}
		off, err := w.Pin(t.Context(), p[0], first.ID, false)
		w.must(err)
		if off.PinnedAt != nil || off.PinnedBy != "" || off.Rev != again.Rev+2 {
			t.Errorf("%+v", off)
		}
		counted(w.bus.take(), 1)
		w.must(errOf(w.React(t.Context(), p[0], second.ID, "👍", true)))
		if told := named(w.bus.take(), chat.EventChatUpdated); len(told) != 0 {
			t.Errorf("a reaction: %+v", told)
		}
		gone, err := w.Delete(t.Context(), p[0], second.ID)
		w.must(err)
		counted(w.bus.take(), 0)
		if gone.PinnedAt != nil || len(pinned(p[0])) != 0 {
			t.Errorf("a tombstone is pinned: %+v", gone)
		}
		_, err = w.Pin(t.Context(), p[0], second.ID, true)
		w.refused("a tombstone", err, "message_deleted")
		w.must(w.RemoveMember(t.Context(), p[0], c, p[1]))
		w.refused("who was removed", errOf(w.Pin(t.Context(), p[1], first.ID, true)), "not_found")
	})
}

func errOf[T any](_ T, err error) error { return err }

func TestAChatHoldsSoManyPins(t *testing.T) {
	t.Parallel()
	enginetest.Each(t, func(t *testing.T, s store.Store) {
		w := newWorld(t, s)
		p := w.people(1)
		c := w.group(p[0])
		var last chat.Message
		for range chat.MaxPins {
			last = w.say(p[0], c, "x")
			_, err := w.Pin(t.Context(), p[0], last.ID, true)
			w.must(err)
		}
		more := w.say(p[0], c, "more")
		_, err := w.Pin(t.Context(), p[0], more.ID, true)
		w.refused("one too many", err, "too_many_pins")
		_, err = w.Pin(t.Context(), p[0], last.ID, true)
		w.must(err)
		_, err = w.Delete(t.Context(), p[0], last.ID)
		w.must(err)
		_, err = w.Pin(t.Context(), p[0], more.ID, true)
		w.must(err)
	})
}
