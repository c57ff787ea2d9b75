package chat_test

import (
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"confab/internal/chat"
	"confab/internal/enginetest"
	"confab/store"
)

// invite makes an invitation and gives its token.
func (w *world) invite(actor, chatID store.ID, in chat.InviteInput) (chat.Invitation, string) {
	w.Helper()
	i, err := w.Invite(w.Context(), actor, chatID, in)
	w.must(err)
	return i, strings.TrimPrefix(i.URL, "/join/")
}

func TestAnInvitationLetsPeopleIn(t *testing.T) {
	t.Parallel()
	enginetest.Each(t, func(t *testing.T, s store.Store) {
		w := newWorld(t, s)
		p := w.people(4)
		c := w.group(p[0], p[1])
		w.must(errOf(w.UpdateChat(t.Context(), p[0], c, chat.ChatPatch{Description: ptr("About us")})))
		w.say(p[0], c, "before")
		i, token := w.invite(p[0], c, chat.InviteInput{})
		if len(token) != 32 || i.ChatID != c || i.CreatedBy != p[0] || i.Uses != 0 || i.ExpiresAt != nil || i.MaxUses != 0 {
			t.Errorf("%+v", i)
		}
		if _, other := w.invite(p[0], c, chat.InviteInput{}); other == token {
			t.Error("two links are the same")
		}
		seen, err := w.Preview(t.Context(), p[2], token)
		w.must(err)
		if seen.Chat != (chat.InvitedTo{Name: "Group", Description: "About us", MemberCount: 2}) || seen.InvitedBy.ID != p[0] || seen.ChatID != "" {
			t.Errorf("%+v", seen)
		}
		w.bus.take()
		view, joined, err := w.Accept(t.Context(), p[2], token)
		w.must(err)
		if !joined || view.ID != c || view.MyRole != store.RoleMember || len(view.Members) != 3 || view.UnreadCount != 0 {
			t.Errorf("joined %v: %+v", joined, view)
		}
		events := w.bus.take()
		w.sent(events, chat.EventChatCreated, p[2])
		w.sent(events, chat.EventMemberAdded, p[0], p[1])
		w.sent(events, chat.EventMessageReceived, p[:3]...)
		note := w.history(p[2], c)[1]
		var meta chat.SystemMeta
		w.must(json.Unmarshal(note.Meta, &meta))
		if note.Kind != store.KindSystem || note.UserID != p[2] || meta != (chat.SystemMeta{Event: "member_joined"}) {
			t.Errorf("the note: %+v, %s", note, note.Meta)
		}
		again, joined, err := w.Accept(t.Context(), p[2], token)
		w.must(err)
		if joined || again.ID != c || again.LastRev != view.LastRev || len(w.bus.take()) != 0 {
			t.Errorf("accepted again: %v, %+v", joined, again)
		}
		if seen, err := w.Preview(t.Context(), p[2], token); err != nil || seen.ChatID != c {
			t.Errorf("a member sees %+v, %v", seen, err)
		}
		list, err := w.Invitations(t.Context(), p[0], c)
		w.must(err)
		if len(list) != 2 || list[1].ID != i.ID || list[1].Uses != 1 || list[1].URL != "" {
			t.Errorf("%+v", list)
		}
		w.must(w.DeleteChat(t.Context(), p[0], c))
		w.refused("of a chat that is gone", errOf2(w.Accept(t.Context(), p[3], token)), "invitation_invalid")
	})
}

func TestWhoMayInvite(t *testing.T) {
	t.Parallel()
	enginetest.Each(t, func(t *testing.T, s store.Store) {
		w := newWorld(t, s)
		p := w.people(4)
		owner, admin, member, stranger := p[0], p[1], p[2], p[3]
		c, elsewhere := w.group(owner, admin, member), w.group(owner, stranger)
		w.must(errOf(w.SetRole(t.Context(), owner, c, admin, store.RoleAdmin)))
		i, _ := w.invite(admin, c, chat.InviteInput{})
		foreign, _ := w.invite(owner, elsewhere, chat.InviteInput{})
		for _, who := range []struct {
			id   store.ID
			code string
		}{{member, "forbidden"}, {stranger, "not_found"}} {
			w.refused("making one", errOf(w.Invite(t.Context(), who.id, c, chat.InviteInput{})), who.code)
			w.refused("the list", errOf(w.Invitations(t.Context(), who.id, c)), who.code)
			w.refused("revoking", w.RevokeInvitation(t.Context(), who.id, c, i.ID), who.code)
			w.refused("revoking what is not there", w.RevokeInvitation(t.Context(), who.id, c, store.NewID()), who.code)
		}
		w.refused("another chat's", w.RevokeInvitation(t.Context(), owner, c, foreign.ID), "not_found")
		w.refused("no id", w.RevokeInvitation(t.Context(), owner, c, "x"), "not_found")
		w.refused("a direct chat", errOf(w.Invite(t.Context(), owner, w.direct(owner, admin), chat.InviteInput{})), "direct_chat")
		for name, in := range map[string]chat.InviteInput{
			"ends too soon": {ExpiresIn: ptr(int64(59))}, "ends too late": {ExpiresIn: ptr(int64(31536001))},
			"lets nobody in": {MaxUses: ptr(int64(0))}, "lets too many in": {MaxUses: ptr(int64(10001))},
			"goes backward": {ExpiresIn: ptr(int64(-1 << 62))},
		} {
			w.refused(name, errOf(w.Invite(t.Context(), owner, c, in)), "invalid")
		}
		w.must(w.RevokeInvitation(t.Context(), owner, c, i.ID))
		w.refused("twice", w.RevokeInvitation(t.Context(), owner, c, i.ID), "not_found")
	})
}

func TestALinkThatLeadsNowhere(t *testing.T) {
	t.Parallel()
	enginetest.Each(t, func(t *testing.T, s store.Store) {
		w := newWorld(t, s)
		p := w.people(6)
		owner, admin, guest := p[0], p[1], p[2]
		c := w.group(owner, admin, p[3])
		w.must(errOf(w.SetRole(t.Context(), owner, c, admin, store.RoleAdmin)))
		invalid := func(name, token string) {
			t.Helper()
			w.refused(name+" shown", errOf(w.Preview(t.Context(), guest, token)), "invitation_invalid")
			w.refused(name+" accepted", errOf2(w.Accept(t.Context(), guest, token)), "invitation_invalid")
			w.refused(name+" accepted by a member", errOf2(w.Accept(t.Context(), owner, token)), "invitation_invalid")
		}
		invalid("unknown", "no such token")
		invalid("empty", "")
		invalid("hostile", "'; --\x00\xff")

		revoked, token := w.invite(owner, c, chat.InviteInput{})
		w.must(w.RevokeInvitation(t.Context(), admin, c, revoked.ID))
		invalid("revoked", token)

		ends, token := w.invite(owner, c, chat.InviteInput{ExpiresIn: ptr(int64(3600))})
		if left := ends.ExpiresAt.Sub(ends.CreatedAt.Time); left != time.Hour {
			t.Errorf("it ends after %v", left)
		}
		w.must(errOf(w.Preview(t.Context(), guest, token)))
		w.clock.t = ends.ExpiresAt.Time.Add(-time.Second) // and the next look at it is the end
		invalid("expired", token)

		_, token = w.invite(owner, c, chat.InviteInput{MaxUses: ptr(int64(1))})
		w.must(errOf2(w.Accept(t.Context(), p[4], token)))
		invalid("used up", token)

		_, token = w.invite(admin, c, chat.InviteInput{})
		_, kept := w.invite(owner, c, chat.InviteInput{})
		w.must(errOf(w.SetRole(t.Context(), owner, c, admin, store.RoleMember)))
		invalid("of who is no admin any more", token)
		w.must(errOf(w.SetRole(t.Context(), owner, c, admin, store.RoleAdmin)))
		invalid("of who was none for a while", token)
		_, token = w.invite(admin, c, chat.InviteInput{})
		w.must(w.RemoveMember(t.Context(), owner, c, admin))
		invalid("of who was removed", token)
		w.must(errOf2(w.Accept(t.Context(), guest, kept)))
	})
}

// TestNoLinkLetsInWhoWasRemoved tells removing from leaving: of the two, only who leaves may come back by themselves.
func TestNoLinkLetsInWhoWasRemoved(t *testing.T) {
	t.Parallel()
	enginetest.Each(t, func(t *testing.T, s store.Store) {
		w := newWorld(t, s)
		p := w.people(3)
		owner, removed, left := p[0], p[1], p[2]
		c, elsewhere := w.group(owner, removed, left), w.group(owner)
		_, token := w.invite(owner, c, chat.InviteInput{})
		_, other := w.invite(owner, elsewhere, chat.InviteInput{})
		shut := func(when, token string) {
			t.Helper()
			w.refused(when+", shown", errOf(w.Preview(t.Context(), removed, token)), "invitation_invalid")
			w.refused(when+", accepted", errOf2(w.Accept(t.Context(), removed, token)), "invitation_invalid")
		}
		w.must(w.RemoveMember(t.Context(), owner, c, removed))
		w.must(w.RemoveMember(t.Context(), left, c, left))
		shut("by an earlier link", token)
		_, later := w.invite(owner, c, chat.InviteInput{})
		shut("by a later link", later)
		w.must(errOf(w.Preview(t.Context(), removed, other)))
		w.must(errOf2(w.Accept(t.Context(), removed, other)))
		w.must(errOf(w.Preview(t.Context(), left, token)))
		w.must(errOf2(w.Accept(t.Context(), left, token)))

		w.must(errOf(w.AddMember(t.Context(), owner, c, removed, "")))
		if seen, err := w.Preview(t.Context(), removed, token); err != nil || seen.ChatID != c {
			t.Errorf("added again, they see %+v, %v", seen, err)
		}
		w.must(w.RemoveMember(t.Context(), removed, c, removed))
		w.must(errOf2(w.Accept(t.Context(), removed, token)))
		w.must(w.RemoveMember(t.Context(), owner, c, removed))
		shut("removed once more", token)
		list, err := w.Invitations(t.Context(), owner, c)
		w.must(err)
		if list[1].Uses != 2 || list[0].Uses != 0 {
			t.Errorf("uses: %d of the earlier link, %d of the later", list[1].Uses, list[0].Uses)
		}
	})
}

// TestUsesAreCountedUnderARace lets more people accept an invitation at once than it lets in.
func TestUsesAreCountedUnderARace(t *testing.T) {
	t.Parallel()
	enginetest.Each(t, func(t *testing.T, s store.Store) {
		w := newWorld(t, s)
		p := w.people(13)
		c := w.group(p[0])
		i, token := w.invite(p[0], c, chat.InviteInput{MaxUses: ptr(int64(5))})
		var wg sync.WaitGroup
		var mu sync.Mutex
		in := 0
		for _, guest := range p[1:] {
			for range 2 { // from two devices
				wg.Go(func() {
					_, joined, err := w.Accept(t.Context(), guest, token)
					mu.Lock()
					defer mu.Unlock()
					if joined {
						in++
					} else if err != nil {
						w.refused("one too many", err, "invitation_invalid")
					}
				})
			}
		}
		wg.Wait()
		view, err := w.Chat(t.Context(), p[0], c)
		w.must(err)
		list, err := w.Invitations(t.Context(), p[0], c)
		w.must(err)
		if in != 5 || len(view.Members) != 6 || view.LastSeq != 5 || list[0].ID != i.ID || list[0].Uses != 5 {
			t.Errorf("%d were let in, %d are there with %d notes; %d uses", in, len(view.Members), view.LastSeq, list[0].Uses)
		}
	})
}

func TestAGroupHasSoManyInvitations(t *testing.T) {
	t.Parallel()
	enginetest.Each(t, func(t *testing.T, s store.Store) {
		w := newWorld(t, s)
		p := w.people(2)
		c := w.group(p[0])
		for range chat.MaxInvitations - 1 {
			w.invite(p[0], c, chat.InviteInput{})
		}
		last, token := w.invite(p[0], c, chat.InviteInput{MaxUses: ptr(int64(1))})
		w.refused("one too many", errOf(w.Invite(t.Context(), p[0], c, chat.InviteInput{})), "too_many_invitations")
		w.must(errOf2(w.Accept(t.Context(), p[1], token)))
		more, _ := w.invite(p[0], c, chat.InviteInput{})
		list, err := w.Invitations(t.Context(), p[0], c)
		w.must(err)
		if len(list) != chat.MaxInvitations || list[0].ID != more.ID || list[1].ID == last.ID {
			t.Errorf("%d are listed: %+v", len(list), list[:2])
		}
		w.must(w.RevokeInvitation(t.Context(), p[0], c, more.ID))
		w.invite(p[0], c, chat.InviteInput{})
	})
}

func TestAFullGroupTakesNobodyIn(t *testing.T) {
	t.Parallel()
	enginetest.Each(t, func(t *testing.T, s store.Store) {
		w := newWorld(t, s)
		p := w.people(chat.MaxMembers + 1)
		c := w.group(p[0], p[1:chat.MaxMembers]...)
		i, token := w.invite(p[0], c, chat.InviteInput{})
		w.refused("by a link", errOf2(w.Accept(t.Context(), p[chat.MaxMembers], token)), "chat_full")
		w.refused("by an admin", errOf(w.AddMember(t.Context(), p[0], c, p[chat.MaxMembers], "")), "chat_full")
		list, err := w.Invitations(t.Context(), p[0], c)
		w.must(err)
		if list[0].ID != i.ID || list[0].Uses != 0 {
			t.Errorf("a use was spent: %+v", list[0])
		}
	})
}
