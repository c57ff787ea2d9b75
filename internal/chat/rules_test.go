package chat_test

import (
	"encoding/json"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"confab/internal/chat"
	"confab/internal/enginetest"
	"confab/internal/fault"
	"confab/store"
)

// TestNotes goes through what leaves a system message, and through what does not.
func TestNotes(t *testing.T) {
	t.Parallel()
	enginetest.Each(t, func(t *testing.T, s store.Store) {
		w := newWorld(t, s)
		p := w.people(4)
		c := w.group(p[0], p[1])
		w.must(errOf(w.AddMember(t.Context(), p[0], c, p[2], "")))
		_, token := w.invite(p[0], c, chat.InviteInput{})
		w.must(errOf2(w.Accept(t.Context(), p[3], token)))
		w.must(errOf(w.UpdateChat(t.Context(), p[0], c, chat.ChatPatch{Name: ptr("New"), Description: ptr("quiet")})))
		w.must(errOf(w.UpdateChat(t.Context(), p[0], c, chat.ChatPatch{Description: ptr("quieter")})))
		w.must(errOf(w.SetRole(t.Context(), p[0], c, p[1], store.RoleAdmin)))
		w.must(w.RemoveMember(t.Context(), p[1], c, p[2]))
		w.must(w.RemoveMember(t.Context(), p[3], c, p[3]))
		want := []struct {
			author store.ID
			meta   chat.SystemMeta
		}{
			{p[0], chat.SystemMeta{Event: "member_added", UserID: p[2]}},
			{p[3], chat.SystemMeta{Event: "member_joined"}},
			{p[0], chat.SystemMeta{Event: "renamed", Name: "New"}},
			{p[1], chat.SystemMeta{Event: "member_removed", UserID: p[2]}},
			{p[3], chat.SystemMeta{Event: "member_left"}},
		}
		list := w.history(p[0], c)
		if len(list) != len(want) {
			t.Fatalf("%d notes, want %d", len(list), len(want))
		}
		for i, m := range list {
			var meta chat.SystemMeta
			w.must(json.Unmarshal(m.Meta, &meta))
			if m.Kind != store.KindSystem || m.Content != "" || m.UserID != want[i].author || meta != want[i].meta {
				t.Errorf("note %d: %+v, %s", i, m, m.Meta)
			}
			w.refused("an edit of it", errOf(w.Edit(t.Context(), m.UserID, m.ID, "x")), map[bool]string{true: "not_found", false: "not_editable"}[m.UserID == p[3]])
		}
		if view, err := w.Chat(t.Context(), p[1], c); err != nil || view.UnreadCount != 0 {
			t.Errorf("notes count as unread: %d, %v", view.UnreadCount, err)
		}
	})
}

// TestAGroupKeepsAnOwnerUnderARace lets all owners leave, and take the rank from each other, at the same instant.
func TestAGroupKeepsAnOwnerUnderARace(t *testing.T) {
	t.Parallel()
	enginetest.Each(t, func(t *testing.T, s store.Store) {
		w := newWorld(t, s)
		p := w.people(5)
		for range 4 {
			c := w.group(p[0], p[1:]...)
			for _, who := range p[1:4] {
				w.must(errOf(w.SetRole(t.Context(), p[0], c, who, store.RoleOwner)))
			}
			var wg sync.WaitGroup
			for i, who := range p[:4] {
				wg.Go(func() {
					if err := w.RemoveMember(t.Context(), who, c, who); err != nil {
						w.refused("the last owner", err, "last_owner")
					}
				})
				wg.Go(func() {
					_, err := w.SetRole(t.Context(), who, c, p[(i+1)%4], store.RoleMember)
					var f *fault.Error
					if err != nil && !(errors.As(err, &f) && (f.Code == "last_owner" || f.Code == "not_found" || f.Code == "forbidden")) {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			view, err := w.Chat(t.Context(), p[4], c)
			w.must(err)
			owners := 0
			for _, m := range view.Members {
				if m.Role == store.RoleOwner {
					owners++
				}
			}
			if owners == 0 {
				t.Errorf("nobody owns it: %+v", view.Members)
			}
		}
	})
}

// TestABlockActsAtThatInstant blocks somebody who writes and writes: when Block has answered, nothing more comes.
func TestABlockActsAtThatInstant(t *testing.T) {
	t.Parallel()
	enginetest.Each(t, func(t *testing.T, s store.Store) {
		w := newWorld(t, s)
		p := w.people(2)
		c := w.direct(p[0], p[1])
		for range 3 {
			var stop atomic.Bool
			var wg sync.WaitGroup
			begun := make(chan struct{}, 3)
			for range cap(begun) {
				wg.Go(func() {
					for first := true; !stop.Load(); first = false {
						if _, _, err := w.Send(t.Context(), p[0], chat.SendInput{ChatID: c, Content: "x"}); err != nil {
							w.refused("a message", err, "blocked")
						}
						if first {
							begun <- struct{}{}
						}
					}
				})
			}
			for range cap(begun) {
				<-begun
			}
			w.must(w.Block(t.Context(), p[1], p[0], true))
			at, err := w.Chat(t.Context(), p[1], c)
			w.must(err)
			_, _, err = w.Send(t.Context(), p[0], chat.SendInput{ChatID: c, Content: "after"})
			w.refused("a message", err, "blocked")
			stop.Store(true)
			wg.Wait()
			if after, err := w.Chat(t.Context(), p[1], c); err != nil || after.LastSeq != at.LastSeq {
				t.Errorf("%d messages slipped through (%v)", after.LastSeq-at.LastSeq, err)
			}
			w.must(w.Block(t.Context(), p[1], p[0], false))
		}
	})
}

// TestABlockAndAFirstMessage lets one person block another who begins their direct chat at that instant: whichever comes
// first, nothing can be said in it.
func TestABlockAndAFirstMessage(t *testing.T) {
	t.Parallel()
	enginetest.Each(t, func(t *testing.T, s store.Store) {
		w := newWorld(t, s)
		p := w.people(7)
		for _, other := range p[1:] {
			var wg sync.WaitGroup
			wg.Go(func() {
				if err := w.Block(t.Context(), other, p[0], true); err != nil {
					t.Error(err)
				}
			})
			var begun chat.Chat
			var err error
			wg.Go(func() {
				begun, _, err = w.CreateChat(t.Context(), p[0], chat.CreateInput{Type: store.Direct, MemberIDs: []store.ID{other}})
			})
			wg.Wait()
			if err != nil {
				w.refused("the chat", err, "blocked")
				continue
			}
			w.refused("a message", errOf2(w.Send(t.Context(), p[0], chat.SendInput{ChatID: begun.ID, Content: "x"})), "blocked")
		}
	})
}
