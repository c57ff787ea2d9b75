package chat

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"confab/internal/bus"
	"confab/internal/fault"
	"confab/internal/stamp"
	"confab/store"
)

const (
	// MaxInvitations is how many invitations of one group may be open at once: a link for every place one posts it.
	MaxInvitations = 50
	// MinInvitation and MaxInvitation bound how long one is open, where it ends at all.
	MinInvitation = time.Minute
	MaxInvitation = 365 * 24 * time.Hour
	// MaxUses bounds how many people one may let in, where that is bounded.
	MaxUses = 10000
	// tokenBytes is the randomness of a link: nobody guesses 192 bits, however many links there are.
	tokenBytes = 24
)

// Invitation is a link into a group, as its admins see it.
type Invitation struct {
	ID        store.ID    `json:"id"`
	ChatID    store.ID    `json:"chatId"`
	CreatedBy store.ID    `json:"createdBy"`
	CreatedAt stamp.Time  `json:"createdAt"`
	ExpiresAt *stamp.Time `json:"expiresAt,omitempty" doc:"Absent: it does not end by itself."`
	MaxUses   int64       `json:"maxUses,omitempty" doc:"How many people it lets in; absent: any number."`
	Uses      int64       `json:"uses" doc:"How many it has let in."`
	URL       string      `json:"url,omitempty" doc:"The link. It is told once, when the invitation is made: only a hash of it is kept."`
}

// Preview is what an invitation tells whoever holds it.
type Preview struct {
	Chat      InvitedTo   `json:"chat"`
	InvitedBy PublicUser  `json:"invitedBy"`
	ExpiresAt *stamp.Time `json:"expiresAt,omitempty"`
	ChatID    store.ID    `json:"chatId,omitempty" doc:"Only told to those who are members already."`
}

// InvitedTo is a group as somebody sees it who may come in.
type InvitedTo struct {
	Name        string  `json:"name"`
	Description string  `json:"description"`
	AvatarURL   *string `json:"avatarUrl"`
	MemberCount int     `json:"memberCount"`
}

// InviteInput bounds an invitation; nil: without that bound.
type InviteInput struct {
	ExpiresIn *int64 // seconds
	MaxUses   *int64
}

// Invite makes a link into a group: the right of admins and owners. It stays open until it ends, is used up or revoked,
// or its maker may not invite any more. Refusals: not_found, forbidden, direct_chat, too_many_invitations, invalid.
func (s *Service) Invite(ctx context.Context, actor, chatID store.ID, in InviteInput) (view Invitation, err error) {
	i, err := s.invitation(actor, chatID, in)
	if err != nil {
		return Invitation{}, err
	}
	secret := make([]byte, tokenBytes)
	_, _ = rand.Read(secret) // which does not fail
	token := base64.RawURLEncoding.EncodeToString(secret)
	i.TokenHash = hashOf(token)
	err = s.manage(ctx, actor, chatID, func(tx store.Tx, g *group) (change, error) {
		if err := g.mayInvite(); err != nil {
			return change{}, err
		}
		if err := roomForOneMore(ctx, tx, chatID, i.CreatedAt); err != nil {
			return change{}, err
		}
		return change{}, tx.CreateInvitation(ctx, i)
	})
	if err != nil {
		return Invitation{}, err
	}
	view = invitationOf(i)
	view.URL = s.join(token)
	return view, nil
}

func (s *Service) invitation(actor, chatID store.ID, in InviteInput) (store.Invitation, error) {
	i := store.Invitation{ID: store.NewID(), ChatID: chatID, CreatedBy: actor, CreatedAt: s.now()}
	if in.ExpiresIn != nil {
		least, most := int64(MinInvitation/time.Second), int64(MaxInvitation/time.Second)
		if *in.ExpiresIn < least || *in.ExpiresIn > most {
			return i, fault.InvalidField("expiresIn", fmt.Sprintf("must be %d to %d seconds", least, most))
		}
		end := i.CreatedAt.Add(time.Duration(*in.ExpiresIn) * time.Second)
		i.ExpiresAt = &end
	}
	if in.MaxUses != nil {
		if *in.MaxUses < 1 || *in.MaxUses > MaxUses {
			return i, fault.InvalidField("maxUses", fmt.Sprintf("must be 1 to %d", MaxUses))
		}
		i.MaxUses = *in.MaxUses
	}
	return i, nil
}

// roomForOneMore refuses when as many are open as may be. Those that let nobody in any more make room when it is needed.
func roomForOneMore(ctx context.Context, tx store.Tx, chatID store.ID, at time.Time) error {
	list, err := tx.InvitationsOf(ctx, chatID)
	if err != nil || len(list) < MaxInvitations {
		return err
	}
	if spent, err := revoke(ctx, tx, list, at, func(i store.Invitation) bool { return !isOpen(i, at) }); err != nil || spent > 0 {
		return err
	}
	return fault.New(fault.Conflict, "too_many_invitations", fmt.Sprintf("a group may have %d open invitations", MaxInvitations))
}

// revoke ends those of a list for which that holds, and counts them.
func revoke(ctx context.Context, tx store.Tx, list []store.Invitation, at time.Time, which func(store.Invitation) bool) (n int, err error) {
	for _, i := range list {
		if !which(i) {
			continue
		}
		i.RevokedAt = &at
		if err := tx.UpdateInvitation(ctx, i); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// disinvite ends the invitations of a member who may not invite any more.
func (s *Service) disinvite(ctx context.Context, tx store.Tx, m store.Member) error {
	list, err := tx.InvitationsOf(ctx, m.ChatID)
	if err == nil {
		_, err = revoke(ctx, tx, list, s.now(), func(i store.Invitation) bool { return i.CreatedBy == m.UserID })
	}
	return err
}

// admits refuses where an invitation does not let the actor in: it is not open any more, or they were removed.
func (s *Service) admits(ctx context.Context, tx store.Tx, i store.Invitation, actor store.ID) error {
	removed, err := tx.Removed(ctx, i.ChatID, actor)
	if err == nil && (removed || !isOpen(i, s.now())) {
		err = invitationInvalid()
	}
	return err
}

// isOpen tells whether an invitation lets people in.
func isOpen(i store.Invitation, at time.Time) bool {
	return i.RevokedAt == nil && (i.ExpiresAt == nil || at.Before(*i.ExpiresAt)) && (i.MaxUses == 0 || i.Uses < i.MaxUses)
}

func (g *group) mayInvite() error {
	if rank(g.me.Role) < rank(store.RoleAdmin) {
		return forbidden("only admins and owners may invite people")
	}
	return nil
}

// Invitations lists a group's invitations that were not revoked, latest first: the right of admins and owners. Refusals:
// not_found, forbidden.
func (s *Service) Invitations(ctx context.Context, actor, chatID store.ID) (list []Invitation, err error) {
	if err := wellFormed(chatID); err != nil {
		return nil, err
	}
	err = s.view(ctx, func(tx store.Tx) error {
		_, members, err := s.enter(ctx, tx, actor, chatID)
		if err != nil {
			return err
		}
		g := &group{}
		g.me, _ = memberOf(members, actor)
		if err := g.mayInvite(); err != nil {
			return err
		}
		kept, err := tx.InvitationsOf(ctx, chatID)
		list = make([]Invitation, len(kept))
		for n, i := range kept {
			list[n] = invitationOf(i)
		}
		return err
	})
	return list, err
}

// RevokeInvitation ends an invitation at once: the right of admins and owners. Refusals: not_found, forbidden.
func (s *Service) RevokeInvitation(ctx context.Context, actor, chatID, invitationID store.ID) error {
	if err := wellFormed(invitationID); err != nil {
		return err
	}
	return s.manage(ctx, actor, chatID, func(tx store.Tx, g *group) (change, error) {
		if err := g.mayInvite(); err != nil {
			return change{}, err
		}
		i, err := tx.Invitation(ctx, invitationID)
		if err != nil {
			return change{}, err
		}
		if i.ChatID != chatID || i.RevokedAt != nil {
			return change{}, notFound()
		}
		at := s.now()
		i.RevokedAt = &at
		return change{}, tx.UpdateInvitation(ctx, i)
	})
}

// Preview shows somebody who has a link what it leads to. Refusal: invitation_invalid.
func (s *Service) Preview(ctx context.Context, actor store.ID, token string) (view Preview, err error) {
	err = s.view(ctx, func(tx store.Tx) error {
		i, err := tx.InvitationByToken(ctx, hashOf(token))
		if err != nil {
			return err
		}
		if err := s.admits(ctx, tx, i, actor); err != nil {
			return err
		}
		c, err := tx.Chat(ctx, i.ChatID)
		if err != nil {
			return err
		}
		members, err := tx.Members(ctx, i.ChatID)
		if err != nil {
			return err
		}
		host, err := tx.User(ctx, i.CreatedBy)
		if err != nil {
			return err
		}
		view = Preview{Chat: InvitedTo{Name: c.Name, Description: c.Description, AvatarURL: s.avatar(c.AvatarID), MemberCount: len(members)},
			InvitedBy: s.publicUser(host), ExpiresAt: stamp.OfPtr(i.ExpiresAt)}
		if _, in := memberOf(members, actor); in {
			view.ChatID = c.ID
		}
		return nil
	})
	return view, hidden(err)
}

// Accept takes the actor into the group that a link leads to. joined is false for who is there already, which spends no
// use. Refusals: invitation_invalid, chat_full.
func (s *Service) Accept(ctx context.Context, actor store.ID, token string) (view Chat, joined bool, err error) {
	hash := hashOf(token)
	var found store.Invitation
	if err := s.view(ctx, func(tx store.Tx) error {
		found, err = tx.InvitationByToken(ctx, hash)
		return err
	}); err != nil {
		return Chat{}, false, hidden(err)
	}
	err = s.change(ctx, found.ChatID, func(tx store.Tx) (change, error) {
		user, err := tx.LockUser(ctx, actor)
		if err != nil || user.DeletedAt != nil {
			return change{}, errors.Join(err, notFound())
		}
		g, err := lockedBy(ctx, tx, found.ChatID)
		if err != nil {
			return change{}, err
		}
		i, err := tx.InvitationByToken(ctx, hash) // as it is under the chat's lock
		if err != nil {
			return change{}, err
		}
		if err := s.admits(ctx, tx, i, actor); err != nil {
			return change{}, err
		}
		if _, in := memberOf(g.members, actor); in {
			return change{}, errNothing
		}
		if len(g.members) >= MaxMembers {
			return change{}, chatFull()
		}
		i.Uses++
		if err := tx.UpdateInvitation(ctx, i); err != nil {
			return change{}, err
		}
		_, done, err := s.takeIn(ctx, tx, g, user, store.RoleMember, actor, SystemMeta{Event: SystemMemberJoined})
		return done, err
	})
	if joined = err == nil; err != nil && !errors.Is(err, errNothing) {
		return Chat{}, false, hidden(err)
	}
	view, err = s.Chat(ctx, actor, found.ChatID)
	return view, joined, err
}

// takeIn makes somebody a member of a group and leaves a note of it. They owe no receipts for what was said before, the
// note of their own coming included.
func (s *Service) takeIn(ctx context.Context, tx store.Tx, g *group, user store.User, role store.Role, author store.ID, meta SystemMeta) (store.Member, change, error) {
	m, err := s.note(ctx, tx, g.chat.ID, author, store.KindSystem, meta)
	if err != nil {
		return store.Member{}, change{}, err
	}
	joined := store.Member{ChatID: g.chat.ID, UserID: user.ID, Role: role, JoinedAt: m.CreatedAt,
		JoinedSeq: m.Seq, DeliveredSeq: m.Seq, ReadSeq: m.Seq}
	if err := tx.AddMember(ctx, joined); err != nil {
		return store.Member{}, change{}, err
	}
	after, err := tx.Chat(ctx, g.chat.ID)
	if err != nil {
		return store.Member{}, change{}, err
	}
	p, err := s.portrait(ctx, tx, user.ID, after)
	if err != nil {
		return store.Member{}, change{}, err
	}
	return joined, change{m.Rev, func() []bus.Event {
		return []bus.Event{
			{Name: EventChatCreated, To: []store.ID{user.ID}, Data: ChatCreatedEvent{g.chat.ID, s.chat(p, user.ID)}},
			{Name: EventMemberAdded, To: everybody(g.members), Data: MemberEvent{g.chat.ID, s.member(joined, user, "")}},
			received(s.message(m, StatusSent), everybody(p.members)),
		}
	}}, nil
}

// hidden gives one and the same answer to every link that leads nowhere, or nowhere any more.
func hidden(err error) error {
	if err != nil && fault.From(err).Kind == fault.NotFound {
		return invitationInvalid()
	}
	return err
}

func invitationInvalid() error {
	return fault.New(fault.NotFound, "invitation_invalid", "this invitation is not valid, or not any more")
}

func hashOf(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

func invitationOf(i store.Invitation) Invitation {
	return Invitation{ID: i.ID, ChatID: i.ChatID, CreatedBy: i.CreatedBy, CreatedAt: stamp.Of(i.CreatedAt),
		ExpiresAt: stamp.OfPtr(i.ExpiresAt), MaxUses: i.MaxUses, Uses: i.Uses}
}
