package chat

import (
	"context"
	"errors"
	"fmt"
	"time"

	"confab/internal/bus"
	"confab/internal/fault"
	"confab/internal/stamp"
	"confab/store"
)

// group is a group chat under its lock, in the eyes of a member who wants to change it.
type group struct {
	chat     store.Chat
	members  []store.Member
	me       store.Member
	accounts map[store.ID]store.User // the living ones among those that manage was asked to lock
}

// owners counts.
func (g *group) owners() (n int) {
	for _, m := range g.members {
		if m.Role == store.RoleOwner {
			n++
		}
	}
	return n
}

// rank orders the roles.
func rank(r store.Role) int {
	switch r {
	case store.RoleOwner:
		return 3
	case store.RoleAdmin:
		return 2
	case store.RoleMember:
		return 1
	}
	return 0
}

// manage runs a change of a group that needs its lock. A direct chat is refused: its two members are equals, and it
// is what it is. accounts are locked before the chat, which is the order of locks, so that none of them is deleted
// while it is taken in.
func (s *Service) manage(ctx context.Context, actor, chatID store.ID, fn func(store.Tx, *group) (change, error), accounts ...store.ID) error {
	if err := wellFormed(chatID); err != nil {
		return err
	}
	err := s.change(ctx, chatID, func(tx store.Tx) (change, error) {
		living := map[store.ID]store.User{}
		for _, id := range accounts {
			u, err := tx.LockUser(ctx, id)
			if err == nil && u.DeletedAt == nil {
				living[id] = u
			} else if err != nil && !errors.Is(err, store.ErrNotFound) {
				return change{}, err
			}
		}
		g, err := locked(ctx, tx, actor, chatID)
		if err != nil {
			return change{}, err
		}
		g.accounts = living
		if g.chat.Type == store.Direct {
			return change{}, directChat()
		}
		return fn(tx, g)
	})
	if errors.Is(err, errNothing) {
		return nil
	}
	return err
}

func locked(ctx context.Context, tx store.Tx, actor, chatID store.ID) (*group, error) {
	g, err := lockedBy(ctx, tx, chatID)
	if err != nil {
		return nil, err
	}
	in := false
	if g.me, in = memberOf(g.members, actor); !in {
		return nil, notFound()
	}
	return g, nil
}

// lockedBy is locked for the server itself, or for somebody who comes in.
func lockedBy(ctx context.Context, tx store.Tx, chatID store.ID) (*group, error) {
	c, err := tx.LockChat(ctx, chatID)
	if err != nil {
		return nil, err
	}
	members, err := tx.Members(ctx, chatID)
	return &group{chat: c, members: members}, err
}

// AddMember takes somebody into a group, as a plain member when role is empty. Admins and owners may, and not give a
// role above their own. Refusals: not_found, forbidden, direct_chat, already_member, chat_full,
// blocked (one of the two blocks the other), invalid.
func (s *Service) AddMember(ctx context.Context, actor, chatID, userID store.ID, role store.Role) (view Member, err error) {
	if role == "" {
		role = store.RoleMember
	}
	if rank(role) == 0 {
		return Member{}, badRole()
	}
	if wellFormed(userID) != nil {
		return Member{}, unknownUser()
	}
	var joined store.Member
	var user store.User
	err = s.manage(ctx, actor, chatID, func(tx store.Tx, g *group) (change, error) {
		if err := g.mayAdd(userID, role); err != nil {
			return change{}, err
		}
		if err := unblocked(ctx, tx, actor, userID); err != nil {
			return change{}, err
		}
		if err := tx.SetRemoved(ctx, chatID, userID, false, s.now()); err != nil {
			return change{}, err
		}
		user = g.accounts[userID]
		var done change
		joined, done, err = s.takeIn(ctx, tx, g, user, role, actor, SystemMeta{Event: SystemMemberAdded, UserID: userID})
		return done, err
	}, userID)
	if err != nil {
		return Member{}, err
	}
	return s.member(joined, user, actor), nil
}

// mayAdd tells whether g.me may take somebody in with a role.
func (g *group) mayAdd(userID store.ID, role store.Role) error {
	_, in := memberOf(g.members, userID)
	_, living := g.accounts[userID]
	switch {
	case rank(g.me.Role) < rank(store.RoleAdmin):
		return forbidden("only admins and owners may add people")
	case rank(role) > rank(g.me.Role):
		return forbidden("nobody may give a role above their own")
	case !living:
		return unknownUser()
	case in:
		return fault.New(fault.Conflict, "already_member", "this person is in the chat already")
	case len(g.members) >= MaxMembers:
		return chatFull()
	}
	return nil
}

func chatFull() error {
	return fault.New(fault.Conflict, "chat_full", fmt.Sprintf("a group may have %d members", MaxMembers))
}

func directChat() error {
	return fault.New(fault.Conflict, "direct_chat", "a direct chat cannot be changed")
}

func badRole() error { return fault.InvalidField("role", `must be "owner", "admin" or "member"`) }

func unknownUser() error { return fault.InvalidField("userId", "names somebody who does not exist") }

func lastOwner() error {
	return fault.New(fault.Conflict, "last_owner", "a group needs an owner: make somebody else one first")
}

// SetRole gives a member another role. Admins and owners may, toward members of at most their own role, and not above
// it; lowering one's own is always allowed but to the last owner. Refusals: not_found, forbidden, direct_chat,
// last_owner, invalid.
func (s *Service) SetRole(ctx context.Context, actor, chatID, userID store.ID, role store.Role) (view Member, err error) {
	if rank(role) == 0 {
		return Member{}, badRole()
	}
	if err := wellFormed(userID); err != nil {
		return Member{}, err
	}
	var target store.Member
	var user store.User
	err = s.manage(ctx, actor, chatID, func(tx store.Tx, g *group) (change, error) {
		var in bool
		if target, in = memberOf(g.members, userID); !in {
			return change{}, notFound()
		}
		if user, err = tx.User(ctx, userID); err != nil {
			return change{}, err
		}
		if err := g.mayMove(target, role); err != nil {
			return change{}, err
		}
		if target.Role == role {
			return change{}, errNothing
		}
		target.Role = role
		if err := tx.UpdateMember(ctx, target); err != nil {
			return change{}, err
		}
		if rank(role) < rank(store.RoleAdmin) {
			if err := s.disinvite(ctx, tx, target); err != nil {
				return change{}, err
			}
		}
		_, rev, err := tx.Advance(ctx, chatID, false, s.now())
		return change{rev, func() []bus.Event { return s.memberUpdated(target, user, g.members) }}, err
	})
	if err != nil {
		return Member{}, err
	}
	return s.member(target, user, actor), nil
}

// mayMove tells whether g.me may give target the role.
func (g *group) mayMove(target store.Member, role store.Role) error {
	self := target.UserID == g.me.UserID
	switch {
	case self && rank(role) > rank(g.me.Role):
		return forbidden("nobody may give a role above their own")
	case !self && rank(g.me.Role) < rank(store.RoleAdmin):
		return forbidden("only admins and owners may change roles")
	case rank(target.Role) > rank(g.me.Role), rank(role) > rank(g.me.Role):
		return forbidden("nobody may touch or give a role above their own")
	case target.Role == store.RoleOwner && role != store.RoleOwner && g.owners() == 1:
		return lastOwner()
	}
	return nil
}

// memberUpdated tells everybody of a membership; its owner gets their own view of it, with the true read mark.
func (s *Service) memberUpdated(m store.Member, u store.User, members []store.Member) []bus.Event {
	events := []bus.Event{{Name: EventMemberUpdated, To: []store.ID{m.UserID}, Data: MemberEvent{m.ChatID, s.member(m, u, m.UserID)}}}
	if others := everybody(members, m.UserID); len(others) > 0 {
		events = append(events, bus.Event{Name: EventMemberUpdated, To: others, Data: MemberEvent{m.ChatID, s.member(m, u, "")}})
	}
	return events
}

// Mute silences a chat for the actor until a time, or for nobody's benefit when until is nil, which ends it. It is the
// clients that keep quiet; the server keeps the setting, in direct chats too.
func (s *Service) Mute(ctx context.Context, actor, chatID store.ID, until *time.Time) (view Member, err error) {
	if err := wellFormed(chatID); err != nil {
		return Member{}, err
	}
	if until != nil {
		t := until.UTC().Truncate(time.Millisecond)
		if t.Year() > 9999 || t.Year() < 1970 {
			return Member{}, fault.InvalidField("mutedUntil", "is out of range")
		}
		until = &t
	}
	return s.setOwn(ctx, actor, chatID, func(m *store.Member) bus.Event {
		m.MutedUntil = until
		return bus.Event{Name: EventChatMuted, Data: ChatMutedEvent{chatID, stamp.OfPtr(until)}}
	})
}

// Archive puts a chat away from the actor's list (on), or brings it back. It stays a chat like any other.
func (s *Service) Archive(ctx context.Context, actor, chatID store.ID, on bool) (Member, error) {
	if err := wellFormed(chatID); err != nil {
		return Member{}, err
	}
	var at *time.Time
	if on {
		now := s.now()
		at = &now
	}
	return s.setOwn(ctx, actor, chatID, func(m *store.Member) bus.Event {
		m.ArchivedAt = at
		return bus.Event{Name: EventChatArchived, Data: ChatArchivedEvent{chatID, stamp.OfPtr(at)}}
	})
}

// setOwn changes a setting of the actor's own membership and tells their devices.
func (s *Service) setOwn(ctx context.Context, actor, chatID store.ID, set func(*store.Member) bus.Event) (Member, error) {
	var me store.Member
	var user store.User
	var event bus.Event
	defer s.lanes.attend(chatID)()
	err := s.store.Update(ctx, func(tx store.Tx) error {
		g, err := locked(ctx, tx, actor, chatID)
		if err != nil {
			return err
		}
		me = g.me
		event = set(&me)
		if user, err = tx.User(ctx, actor); err != nil {
			return err
		}
		return tx.UpdateMember(ctx, me)
	})
	if err != nil {
		return Member{}, refusal(err)
	}
	event.To = []store.ID{actor}
	s.lanes.aside(chatID, event)
	return s.member(me, user, actor), nil
}

// RemoveMember takes somebody out of a group. Removing oneself is leaving, which everybody may but the last owner of a
// group where others stay; when nobody stays the group goes. Removing others is the right of admins and owners, toward
// members of at most their own role; no invitation lets those in again, until they are added. Refusals: not_found,
// forbidden, direct_chat, last_owner.
func (s *Service) RemoveMember(ctx context.Context, actor, chatID, userID store.ID) error {
	if err := wellFormed(userID); err != nil {
		return err
	}
	return s.manage(ctx, actor, chatID, func(tx store.Tx, g *group) (change, error) {
		target, in := memberOf(g.members, userID)
		if !in {
			return change{}, notFound()
		}
		if userID != actor {
			if rank(g.me.Role) < rank(store.RoleAdmin) {
				return change{}, forbidden("only admins and owners may remove people")
			}
			if rank(target.Role) > rank(g.me.Role) {
				return change{}, forbidden("nobody may remove somebody above them")
			}
		} else if len(g.members) == 1 {
			return s.dissolve(ctx, tx, g, "left")
		}
		if target.Role == store.RoleOwner && g.owners() == 1 {
			return change{}, lastOwner()
		}
		if userID != actor {
			if err := tx.SetRemoved(ctx, chatID, userID, true, s.now()); err != nil {
				return change{}, err
			}
		}
		return s.takeOut(ctx, tx, g, target)
	})
}

// takeOut removes a member and leaves a note of it. The one who goes hears of nothing after that.
func (s *Service) takeOut(ctx context.Context, tx store.Tx, g *group, target store.Member) (change, error) {
	meta, reason := SystemMeta{Event: SystemMemberRemoved, UserID: target.UserID}, "removed"
	if target.UserID == g.me.UserID {
		meta, reason = SystemMeta{Event: SystemMemberLeft}, "left"
	}
	m, err := s.note(ctx, tx, g.chat.ID, g.me.UserID, store.KindSystem, meta)
	if err != nil {
		return change{}, err
	}
	if err := tx.RemoveMember(ctx, g.chat.ID, target.UserID); err != nil {
		return change{}, err
	}
	if err := s.disinvite(ctx, tx, target); err != nil {
		return change{}, err
	}
	var stay []store.Member
	for _, other := range g.members {
		if other.UserID != target.UserID {
			stay = append(stay, other)
		}
	}
	return change{m.Rev, func() []bus.Event {
		return []bus.Event{
			{Name: EventChatRemoved, To: []store.ID{target.UserID}, Data: ChatRemovedEvent{g.chat.ID, reason}},
			{Name: EventMemberRemoved, To: everybody(stay), Data: MemberRemovedEvent{g.chat.ID, target.UserID}},
			received(s.message(m, StatusSent), everybody(stay)),
		}
	}}, nil
}
