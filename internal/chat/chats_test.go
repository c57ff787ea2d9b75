package chat_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"confab/internal/chat"
	"confab/internal/enginetest"
	"confab/store"
)

func TestCreateGroup(t *testing.T) {
	t.Parallel()
	enginetest.Each(t, func(t *testing.T, s store.Store) {
		w := newWorld(t, s)
		p := w.people(3)
		w.online[p[1]] = true
		c, created, err := w.CreateChat(t.Context(), p[0], chat.CreateInput{Type: store.Group, Name: " Team ",
			MemberIDs: []store.ID{p[1], p[2], p[1], p[0]}})
		w.must(err)
		if !created || c.Name != "Team" || c.MyRole != store.RoleOwner || len(c.Members) != 3 || c.LastSeq != 0 || c.LastMessage != nil {
			t.Errorf("%+v", c)
		}
		if m := memberIn(c, p[1]); m.Role != store.RoleMember || m.DisplayName != "The person1" || !m.Online {
			t.Errorf("%+v", m)
		}
		events := w.bus.take()
		w.sent(events, chat.EventChatCreated, p...)
		for _, e := range events {
			want := store.RoleMember
			if e.To[0] == p[0] {
				want = store.RoleOwner
			}
			if got := e.Data.(chat.ChatCreatedEvent).Chat.MyRole; got != want {
				t.Errorf("%v was told to be %s", e.To, got)
			}
		}
		for name, in := range map[string]chat.CreateInput{
			"no name":             {Type: store.Group, MemberIDs: p[1:]},
			"a long name":         {Type: store.Group, Name: strings.Repeat("x", 101)},
			"a line break":        {Type: store.Group, Name: "a\nb"},
			"a name that turns":   {Type: store.Group, Name: "a\u202eb"},
			"somebody unknown":    {Type: store.Group, Name: "x", MemberIDs: []store.ID{store.NewID()}},
			"no id":               {Type: store.Group, Name: "x", MemberIDs: []store.ID{"x"}},
			"too many":            {Type: store.Group, Name: "x", MemberIDs: make([]store.ID, 501)},
			"no type":             {Name: "x"},
			"direct with nobody":  {Type: store.Direct},
			"direct with oneself": {Type: store.Direct, MemberIDs: []store.ID{p[0]}},
			"direct with two":     {Type: store.Direct, MemberIDs: p[1:]},
		} {
			_, _, err := w.CreateChat(t.Context(), p[0], in)
			w.refused(name, err, "invalid")
		}
	})
}

// TestDirectChatIsOne lets two people write to each other for the first time at the same instant.
func TestDirectChatIsOne(t *testing.T) {
	t.Parallel()
	enginetest.Each(t, func(t *testing.T, s store.Store) {
		w := newWorld(t, s)
		p := w.people(2)
		const n = 12
		var wg sync.WaitGroup
		chats, made := make([]store.ID, n), make([]bool, n)
		for i := range n {
			wg.Go(func() {
				c, created, err := w.CreateChat(t.Context(), p[i%2], chat.CreateInput{Type: store.Direct, MemberIDs: []store.ID{p[1-i%2]}})
				if err != nil {
					t.Error(err)
				}
				chats[i], made[i] = c.ID, created
			})
		}
		wg.Wait()
		count := 0
		for i := range n {
			if chats[i] != chats[0] {
				t.Errorf("two direct chats: %s and %s", chats[i], chats[0])
			}
			if made[i] {
				count++
			}
		}
		if count != 1 {
			t.Errorf("%d requests claim to have made it", count)
		}
		w.sent(w.bus.take(), chat.EventChatCreated, p...)
	})
}

func TestChatListIsByActivityAndPaged(t *testing.T) {
	t.Parallel()
	enginetest.Each(t, func(t *testing.T, s store.Store) {
		w := newWorld(t, s)
		p := w.people(3)
		a, b, c := w.group(p[0], p[1]), w.direct(p[0], p[1]), w.group(p[0])
		w.group(p[1], p[2])
		last := w.say(p[1], a, "hi")
		w.say(p[0], c, "note")
		var got []store.ID
		cursor := ""
		for range 5 {
			page, err := w.Chats(t.Context(), p[0], 1, cursor)
			w.must(err)
			for _, v := range page.Items {
				got = append(got, v.ID)
				if v.ID == a && (v.UnreadCount != 1 || v.LastMessage == nil || v.LastMessage.ID != last.ID || len(v.Members) != 2) {
					t.Errorf("%+v", v)
				}
			}
			if page.NextCursor == nil {
				break
			}
			cursor = *page.NextCursor
		}
		if want := []store.ID{c, a, b}; len(got) != 3 || got[0] != want[0] || got[1] != want[1] || got[2] != want[2] {
			t.Errorf("%v, want %v", got, want)
		}
		for _, bad := range []string{"x", "!!", "MTIz", strings.Repeat("A", 300)} {
			_, err := w.Chats(t.Context(), p[0], 1, bad)
			w.refused("a made-up cursor", err, "invalid")
		}
		_, err := w.Chats(t.Context(), p[0], 101, "")
		w.refused("too large a page", err, "invalid")
		empty, err := w.Chats(t.Context(), w.person("lonely"), 0, "")
		w.must(err)
		if empty.Items == nil || len(empty.Items) != 0 || empty.NextCursor != nil {
			t.Errorf("%+v", empty)
		}
	})
}

func TestRename(t *testing.T) {
	t.Parallel()
	enginetest.Each(t, func(t *testing.T, s store.Store) {
		w := newWorld(t, s)
		p := w.people(3)
		c, d := w.group(p[0], p[1]), w.direct(p[0], p[1])
		got, err := w.UpdateChat(t.Context(), p[0], c, chat.ChatPatch{Name: ptr("New name")})
		w.must(err)
		if got.Name != "New name" || got.LastMessage == nil || got.LastMessage.Kind != store.KindSystem ||
			!strings.Contains(string(got.LastMessage.Meta), `"name":"New name"`) {
			t.Errorf("%+v", got)
		}
		events := w.bus.take()
		w.sent(events, chat.EventChatUpdated, p[0], p[1])
		w.sent(events, chat.EventMessageReceived, p[0], p[1])
		_, err = w.UpdateChat(t.Context(), p[0], c, chat.ChatPatch{Name: ptr("New name")})
		w.must(err)
		if len(w.bus.take()) != 0 {
			t.Error("the same name again was announced")
		}
		_, err = w.UpdateChat(t.Context(), p[1], c, chat.ChatPatch{Name: ptr("x")})
		w.refused("a plain member", err, "forbidden")
		_, err = w.UpdateChat(t.Context(), p[2], c, chat.ChatPatch{Name: ptr("x")})
		w.refused("a stranger", err, "not_found")
		_, err = w.UpdateChat(t.Context(), p[0], d, chat.ChatPatch{Name: ptr("x")})
		w.refused("a direct chat", err, "direct_chat")
		_, err = w.UpdateChat(t.Context(), p[0], c, chat.ChatPatch{Name: ptr("")})
		w.refused("no name", err, "invalid")
	})
}

func TestChatAvatar(t *testing.T) {
	t.Parallel()
	enginetest.Each(t, func(t *testing.T, s store.Store) {
		w := newWorld(t, s)
		p := w.people(3)
		c, d := w.group(p[0], p[1]), w.direct(p[0], p[1])
		upload := func(owner store.ID) store.ID {
			t.Helper()
			a := store.Attachment{ID: store.NewID(), OwnerID: owner, Name: "a.png", Mime: "image/png", BlobKey: "a", CreatedAt: w.clock.now()}
			w.must(w.store.Update(t.Context(), func(tx store.Tx) error { return tx.CreateAttachment(t.Context(), a) }))
			return a.ID
		}
		mine, theirs, sent := upload(p[0]), upload(p[1]), upload(p[0])
		_, _, err := w.Send(t.Context(), p[0], chat.SendInput{ChatID: c, AttachmentIDs: []store.ID{sent}})
		w.must(err)
		w.bus.take()
		got, err := w.UpdateChat(t.Context(), p[0], c, chat.ChatPatch{AvatarID: &mine})
		w.must(err)
		if got.AvatarURL == nil || *got.AvatarURL != "/attachments/"+string(mine) || got.LastSeq != 1 || got.LastRev != 2 {
			t.Errorf("%+v", got)
		}
		events := w.bus.take()
		w.sent(events, chat.EventChatUpdated, p[0], p[1])
		if head := events[0].Data.(chat.ChatUpdatedEvent).Chat; len(events) != 1 || head.AvatarURL == nil || *head.AvatarURL != *got.AvatarURL || head.LastRev != 2 {
			t.Errorf("%+v", events)
		}
		for name, step := range map[string]struct {
			actor, chat, picture store.ID
			code, before         string
		}{
			"a plain member":       {p[1], c, theirs, "forbidden", "forbidden"},
			"a stranger":           {p[2], c, upload(p[2]), "not_found", "not_found"},
			"no chat":              {p[0], store.NewID(), mine, "not_found", "not_found"},
			"a direct chat":        {p[0], d, upload(p[0]), "direct_chat", "direct_chat"},
			"somebody's upload":    {p[0], c, theirs, "not_found", ""},
			"what a message shows": {p[0], c, sent, "not_found", ""},
			"no upload":            {p[0], c, store.NewID(), "not_found", ""},
		} {
			w.refused(name, errOf(w.UpdateChat(t.Context(), step.actor, step.chat, chat.ChatPatch{AvatarID: &step.picture})), step.code)
			if err := w.MayChange(t.Context(), step.actor, step.chat); step.before != "" {
				w.refused(name+", beforehand", err, step.before)
			} else if err != nil {
				t.Errorf("%s, beforehand: %v", name, err)
			}
		}
		w.bus.take()
		for range 2 {
			if got, err = w.UpdateChat(t.Context(), p[0], c, chat.ChatPatch{AvatarID: ptr(store.ID(""))}); err != nil || got.AvatarURL != nil {
				t.Errorf("%+v, %v", got.AvatarURL, err)
			}
		}
		if n := len(w.bus.take()); n != 1 {
			t.Errorf("taking it away twice was announced %d times", n)
		}
	})
}

func TestDeleteChat(t *testing.T) {
	t.Parallel()
	enginetest.Each(t, func(t *testing.T, s store.Store) {
		w := newWorld(t, s)
		p := w.people(3)
		c, d := w.group(p[0], p[1]), w.direct(p[0], p[1])
		m := w.say(p[0], c, "x")
		w.bus.take()
		w.refused("a member", w.DeleteChat(t.Context(), p[1], c), "forbidden")
		w.refused("a stranger", w.DeleteChat(t.Context(), p[2], c), "not_found")
		w.refused("a direct chat", w.DeleteChat(t.Context(), p[0], d), "direct_chat")
		w.must(w.DeleteChat(t.Context(), p[0], c))
		w.sent(w.bus.take(), chat.EventChatRemoved, p[0], p[1])
		_, err := w.Chat(t.Context(), p[0], c)
		w.refused("the deleted chat", err, "not_found")
		_, err = w.Edit(t.Context(), p[0], m.ID, "y")
		w.refused("a message of it", err, "not_found")
	})
}

func TestMute(t *testing.T) {
	t.Parallel()
	enginetest.Each(t, func(t *testing.T, s store.Store) {
		w := newWorld(t, s)
		p := w.people(3)
		c := w.direct(p[0], p[1])
		until := time.Date(2030, 1, 1, 0, 0, 0, 123456789, time.UTC)
		_, err := w.Mute(t.Context(), p[0], c, &until)
		w.must(err)
		w.sent(w.bus.take(), chat.EventChatMuted, p[0])
		mine, err := w.Chat(t.Context(), p[0], c)
		w.must(err)
		theirs, err := w.Chat(t.Context(), p[1], c)
		w.must(err)
		if mine.MutedUntil == nil || !mine.MutedUntil.Equal(until.Truncate(time.Millisecond)) || theirs.MutedUntil != nil {
			t.Errorf("%v, %v", mine.MutedUntil, theirs.MutedUntil)
		}
		_, err = w.Mute(t.Context(), p[0], c, nil)
		w.must(err)
		if mine, err = w.Chat(t.Context(), p[0], c); err != nil || mine.MutedUntil != nil {
			t.Errorf("%v, %v", mine.MutedUntil, err)
		}
		_, err = w.Mute(t.Context(), p[2], c, nil)
		w.refused("a stranger", err, "not_found")
	})
}

func TestDescriptionAndArchive(t *testing.T) {
	t.Parallel()
	enginetest.Each(t, func(t *testing.T, s store.Store) {
		w := newWorld(t, s)
		p := w.people(2)
		c := w.group(p[0], p[1])
		got, err := w.UpdateChat(t.Context(), p[0], c, chat.ChatPatch{Description: ptr("What it is for.\nAnd more. ")})
		w.must(err)
		if got.Description != "What it is for.\nAnd more." || got.LastSeq != 0 || got.LastRev != 1 {
			t.Errorf("%+v", got)
		}
		w.sent(w.bus.take(), chat.EventChatUpdated, p...)
		_, err = w.UpdateChat(t.Context(), p[0], c, chat.ChatPatch{Description: ptr(strings.Repeat("x", 501))})
		w.refused("a long one", err, "invalid")
		_, err = w.UpdateChat(t.Context(), p[1], c, chat.ChatPatch{Description: ptr("x")})
		w.refused("a plain member", err, "forbidden")

		_, err = w.Archive(t.Context(), p[1], c, true)
		w.must(err)
		w.sent(w.bus.take(), chat.EventChatArchived, p[1])
		if mine, err := w.Chat(t.Context(), p[1], c); err != nil || mine.ArchivedAt == nil {
			t.Errorf("%+v %v", mine, err)
		}
		if other, err := w.Chat(t.Context(), p[0], c); err != nil || other.ArchivedAt != nil {
			t.Errorf("%+v %v", other, err)
		}
		_, err = w.Archive(t.Context(), p[1], c, false)
		w.must(err)
		if mine, err := w.Chat(t.Context(), p[1], c); err != nil || mine.ArchivedAt != nil {
			t.Errorf("%+v %v", mine, err)
		}
	})
}
