package chat

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"confab/internal/bus"
	"confab/internal/fault"
	"confab/internal/text"
	"confab/store"
)

const (
	// DefaultChats and MaxChats are the sizes of a page of the chat list.
	DefaultChats = 50
	MaxChats     = 100
	// MaxMembers is how large a group may get. Every message is written to every member's sockets, every chat view
	// lists them all, and receipts grow with their number; at 500 that is still one packet's work each.
	MaxMembers = 500
)

// Chats lists the actor's chats, latest activity first. cursor is a NextCursor, or empty for the beginning; limit 0 is
// DefaultChats.
func (s *Service) Chats(ctx context.Context, actor store.ID, limit int, cursor string) (ChatPage, error) {
	if limit == 0 {
		limit = DefaultChats
	}
	if limit < 1 || limit > MaxChats {
		return ChatPage{}, fault.InvalidField("limit", fmt.Sprintf("must be 1 to %d", MaxChats))
	}
	p, err := ParseCursor(cursor)
	if err != nil {
		return ChatPage{}, err
	}
	p.Limit = limit + 1
	page := ChatPage{Items: []Chat{}}
	var portraits []portrait
	err = s.view(ctx, func(tx store.Tx) error {
		chats, err := tx.ChatsOf(ctx, actor, p)
		if err != nil {
			return err
		}
		if len(chats) > limit {
			chats = chats[:limit]
			last := chats[limit-1]
			next := Cursor(last.ActivityAt, last.ID)
			page.NextCursor = &next
		}
		portraits, err = s.portraits(ctx, tx, actor, chats...)
		return err
	})
	if err != nil {
		return ChatPage{}, err
	}
	for _, p := range portraits {
		page.Items = append(page.Items, s.chat(p, actor))
	}
	return page, nil
}

// Cursor spells a position in a list ordered by (time, id), newest first.
func Cursor(t time.Time, id store.ID) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(t.UnixMilli(), 10) + " " + string(id)))
}

// ParseCursor reads what Cursor spelled. The empty cursor is the beginning; the refusal names the field "cursor".
func ParseCursor(cursor string) (store.Page, error) {
	if cursor == "" {
		return store.Page{}, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	ms, id, _ := strings.Cut(string(raw), " ")
	n, numErr := strconv.ParseInt(ms, 10, 64)
	if err != nil || numErr != nil || n < 0 || n > maxMilli || wellFormed(store.ID(id)) != nil {
		return store.Page{}, badCursor()
	}
	return store.Page{Before: time.UnixMilli(n).UTC(), BeforeID: store.ID(id)}, nil
}

func badCursor() error { return fault.InvalidField("cursor", "is not one that this server gave out") }

// maxMilli is the end of the year 9999, past which a time has no RFC 3339 form.
const maxMilli = 253402300799999

// Chat finds one chat of the actor.
func (s *Service) Chat(ctx context.Context, actor, chatID store.ID) (Chat, error) {
	if err := wellFormed(chatID); err != nil {
		return Chat{}, err
	}
	var p portrait
	err := s.view(ctx, func(tx store.Tx) error {
		c, _, err := s.enter(ctx, tx, actor, chatID)
		if err != nil {
			return err
		}
		p, err = s.portrait(ctx, tx, actor, c)
		return err
	})
	if err != nil {
		return Chat{}, err
	}
	return s.chat(p, actor), nil
}

func (s *Service) portrait(ctx context.Context, tx store.Tx, viewer store.ID, c store.Chat) (portrait, error) {
	list, err := s.portraits(ctx, tx, viewer, c)
	if err != nil {
		return portrait{}, err
	}
	return list[0], nil
}

// portraits reads what views of chats are made of, in a fixed number of queries.
func (s *Service) portraits(ctx context.Context, tx store.Tx, viewer store.ID, chats ...store.Chat) ([]portrait, error) {
	if len(chats) == 0 {
		return nil, nil
	}
	ids := make([]store.ID, len(chats))
	for i, c := range chats {
		ids[i] = c.ID
	}
	members, err := tx.Members(ctx, ids...)
	if err != nil {
		return nil, err
	}
	users, err := usersOf(ctx, tx, members)
	if err != nil {
		return nil, err
	}
	last, err := tx.LastMessages(ctx, ids...)
	if err != nil {
		return nil, err
	}
	unread, err := tx.Unread(ctx, viewer, ids...)
	if err != nil {
		return nil, err
	}
	mentions, err := tx.UnreadMentions(ctx, viewer, ids...)
	if err != nil {
		return nil, err
	}
	pins, err := tx.PinCounts(ctx, ids...)
	if err != nil {
		return nil, err
	}
	byChat := map[store.ID][]store.Member{}
	for _, m := range members {
		byChat[m.ChatID] = append(byChat[m.ChatID], m)
	}
	list := make([]portrait, len(chats))
	for i, c := range chats {
		p := portrait{chat: c, members: byChat[c.ID], users: users, unread: unread[c.ID], mentions: mentions[c.ID], pins: pins[c.ID]}
		if m, ok := last[c.ID]; ok {
			heard := &audience{members: p.members, private: map[store.ID]bool{}}
			for _, member := range p.members {
				heard.private[member.UserID] = !users[member.UserID].ShareReadReceipts
			}
			p.last = &m
			if p.status, err = heard.statusOf(ctx, tx, m); err != nil {
				return nil, err
			}
		}
		list[i] = p
	}
	return list, nil
}

// usersOf reads the accounts behind memberships, each once.
func usersOf(ctx context.Context, tx store.Tx, members []store.Member) (map[store.ID]store.User, error) {
	ids := everybody(members)
	slices.Sort(ids)
	list, err := tx.UsersByID(ctx, slices.Compact(ids))
	if err != nil {
		return nil, err
	}
	users := make(map[store.ID]store.User, len(list))
	for _, u := range list {
		users[u.ID] = u
	}
	return users, nil
}

// CreateInput is a chat to be made. MemberIDs need not name the actor, who is in it anyway and owns a group.
type CreateInput struct {
	Type      store.ChatType
	Name      string
	MemberIDs []store.ID
}

// CreateChat makes a chat. A direct chat that exists already, or that the other side makes at this very moment, is
// answered with created false. Refusals: invalid, blocked.
func (s *Service) CreateChat(ctx context.Context, actor store.ID, in CreateInput) (view Chat, created bool, err error) {
	if in, err = in.clean(actor); err != nil {
		return Chat{}, false, err
	}
	at := s.now()
	c := store.Chat{ID: store.NewID(), Type: in.Type, Name: in.Name, CreatedBy: actor, CreatedAt: at, UpdatedAt: at, ActivityAt: at}
	members := in.members(actor, c.ID, at)
	var p portrait
	err = s.change(ctx, c.ID, func(tx store.Tx) (_ change, err error) {
		if err := allLive(ctx, tx, everybody(members)); err != nil {
			return change{}, err
		}
		if err := s.mayBegin(ctx, tx, actor, in); err != nil {
			return change{}, err
		}
		if err := tx.CreateChat(ctx, c, members); err != nil {
			return change{}, err
		}
		p, err = s.portrait(ctx, tx, actor, c)
		return change{0, func() []bus.Event { return s.created(p) }}, err
	})
	if errors.Is(err, store.ErrDirectExists) {
		view, err = s.directChat(ctx, actor, in.MemberIDs[0])
		return view, false, err
	}
	if err != nil {
		return Chat{}, false, err
	}
	return s.chat(p, actor), true, nil
}

// mayBegin refuses where the actor and somebody who is to be a member block each other, and a direct chat that there is
// already, which remains to be read. The accounts are locked, so nobody is blocked meanwhile.
func (s *Service) mayBegin(ctx context.Context, tx store.Tx, actor store.ID, in CreateInput) error {
	if in.Type == store.Direct {
		if _, err := tx.DirectChat(ctx, actor, in.MemberIDs[0]); err == nil {
			return store.ErrDirectExists
		} else if !errors.Is(err, store.ErrNotFound) {
			return err
		}
	}
	for _, id := range in.MemberIDs {
		if err := unblocked(ctx, tx, actor, id); err != nil {
			return err
		}
	}
	return nil
}

// created shows a new chat to its members: to each their own side of it, which in a new chat depends on the role only.
func (s *Service) created(p portrait) (events []bus.Event) {
	byRole := map[store.Role][]store.ID{}
	for _, m := range p.members {
		byRole[m.Role] = append(byRole[m.Role], m.UserID)
	}
	for _, to := range byRole {
		events = append(events, bus.Event{Name: EventChatCreated, To: to, Data: ChatCreatedEvent{p.chat.ID, s.chat(p, to[0])}})
	}
	return events
}

func (s *Service) directChat(ctx context.Context, actor, other store.ID) (Chat, error) {
	var p portrait
	err := s.view(ctx, func(tx store.Tx) error {
		c, err := tx.DirectChat(ctx, actor, other)
		if err != nil {
			return err
		}
		p, err = s.portrait(ctx, tx, actor, c)
		return err
	})
	if err != nil {
		return Chat{}, err
	}
	return s.chat(p, actor), nil
}

func (in CreateInput) clean(actor store.ID) (CreateInput, error) {
	if len(in.MemberIDs) > MaxMembers {
		return in, fault.InvalidField("memberIds", fmt.Sprintf("may be at most %d", MaxMembers-1))
	}
	others := make([]store.ID, 0, len(in.MemberIDs))
	for _, id := range in.MemberIDs {
		parsed, err := store.ParseID(string(id))
		if err != nil {
			return in, unknownUsers()
		}
		if parsed != actor {
			others = append(others, parsed)
		}
	}
	slices.Sort(others)
	in.MemberIDs = slices.Compact(others)
	var err error
	switch in.Type {
	case store.Direct:
		in.Name = ""
		if len(in.MemberIDs) != 1 {
			err = fault.InvalidField("memberIds", "must name one other person")
		}
	case store.Group:
		if len(in.MemberIDs) >= MaxMembers {
			return in, fault.InvalidField("memberIds", fmt.Sprintf("may be at most %d", MaxMembers-1))
		}
		in.Name, err = text.ChatName("name", in.Name)
	default:
		err = fault.InvalidField("type", `must be "direct" or "group"`)
	}
	return in, err
}

func (in CreateInput) members(actor, chatID store.ID, at time.Time) []store.Member {
	members := []store.Member{{ChatID: chatID, UserID: actor, Role: store.RoleOwner, JoinedAt: at}}
	if in.Type == store.Direct { // where neither is above the other
		members[0].Role = store.RoleMember
	}
	for _, id := range in.MemberIDs {
		members = append(members, store.Member{ChatID: chatID, UserID: id, Role: store.RoleMember, JoinedAt: at})
	}
	return members
}

// allLive locks accounts, in the order of their ids so that two who do this never wait for each other, and refuses if
// one does not exist. Nobody can be deleted until the transaction ends, and so no deleted account gets into a chat.
func allLive(ctx context.Context, tx store.Tx, ids []store.ID) error {
	slices.Sort(ids)
	for _, id := range ids {
		u, err := tx.LockUser(ctx, id)
		if errors.Is(err, store.ErrNotFound) || err == nil && u.DeletedAt != nil {
			return unknownUsers()
		} else if err != nil {
			return err
		}
	}
	return nil
}

func unknownUsers() error {
	return fault.InvalidField("memberIds", "names somebody who does not exist")
}

// ChatPatch names what of a group is to change. AvatarID is one of the actor's own uploads, or empty for none.
type ChatPatch struct {
	Name, Description *string
	AvatarID          *store.ID
}

func (p *ChatPatch) clean() (err error) {
	var name, description string
	if p.Name != nil {
		if name, err = text.ChatName("name", *p.Name); err != nil {
			return err
		}
		p.Name = &name
	}
	if p.Description != nil {
		if description, err = text.Description("description", *p.Description); err != nil {
			return err
		}
		p.Description = &description
	}
	return nil
}

// UpdateChat changes a group: the right of admins and owners. A new name leaves a system message. Refusals: not_found,
// forbidden, direct_chat, invalid.
func (s *Service) UpdateChat(ctx context.Context, actor, chatID store.ID, patch ChatPatch) (Chat, error) {
	if err := patch.clean(); err != nil {
		return Chat{}, err
	}
	err := s.manage(ctx, actor, chatID, func(tx store.Tx, g *group) (change, error) {
		if err := g.mayChange(); err != nil {
			return change{}, err
		}
		renamed := patch.Name != nil && *patch.Name != g.chat.Name
		described := patch.Description != nil && *patch.Description != g.chat.Description
		pictured := patch.AvatarID != nil && *patch.AvatarID != g.chat.AvatarID
		if !renamed && !described && !pictured {
			return change{}, errNothing
		}
		g.chat.UpdatedAt = s.now()
		if pictured {
			if err := ownUpload(ctx, tx, actor, *patch.AvatarID); err != nil {
				return change{}, err
			}
			g.chat.AvatarID = *patch.AvatarID
		}
		if described {
			g.chat.Description = *patch.Description
		}
		var note *store.Message
		if renamed {
			g.chat.Name = *patch.Name
			m, err := s.note(ctx, tx, chatID, actor, store.KindSystem, SystemMeta{Event: SystemRenamed, Name: g.chat.Name})
			if err != nil {
				return change{}, err
			}
			note, g.chat.LastRev = &m, m.Rev
		} else {
			_, rev, err := tx.Advance(ctx, chatID, false, g.chat.UpdatedAt)
			if err != nil {
				return change{}, err
			}
			g.chat.LastRev = rev
		}
		return change{g.chat.LastRev, func() []bus.Event { return s.chatUpdated(g, note) }}, tx.UpdateChat(ctx, g.chat)
	})
	if err != nil {
		return Chat{}, err
	}
	return s.Chat(ctx, actor, chatID)
}

// MayChange tells beforehand whether UpdateChat would refuse the actor: before a picture is taken in, for instance.
func (s *Service) MayChange(ctx context.Context, actor, chatID store.ID) error {
	if err := wellFormed(chatID); err != nil {
		return err
	}
	return s.view(ctx, func(tx store.Tx) error {
		c, members, err := s.enter(ctx, tx, actor, chatID)
		if err != nil {
			return err
		}
		me, _ := memberOf(members, actor)
		return (&group{chat: c, me: me}).mayChange()
	})
}

func (g *group) mayChange() error {
	if g.chat.Type == store.Direct {
		return directChat()
	}
	if rank(g.me.Role) < rank(store.RoleAdmin) {
		return forbidden("only admins and owners may change a chat")
	}
	return nil
}

// chatUpdated shows the members what has changed, with the note that it left, if any.
func (s *Service) chatUpdated(g *group, note *store.Message) []bus.Event {
	events := []bus.Event{{Name: EventChatUpdated, To: everybody(g.members), Data: ChatUpdatedEvent{g.chat.ID, s.head(g.chat)}}}
	if note != nil {
		events = append(events, received(s.message(*note, StatusSent), everybody(g.members)))
	}
	return events
}

// DeleteChat removes a group and everything in it: the right of its owners. Refusals: not_found, forbidden,
// direct_chat.
func (s *Service) DeleteChat(ctx context.Context, actor, chatID store.ID) error {
	return s.manage(ctx, actor, chatID, func(tx store.Tx, g *group) (change, error) {
		if g.me.Role != store.RoleOwner {
			return change{}, forbidden("only an owner may delete a chat")
		}
		return s.dissolve(ctx, tx, g, "deleted")
	})
}

// dissolve removes a chat, and tells those who were in it why it is gone.
func (s *Service) dissolve(ctx context.Context, tx store.Tx, g *group, reason string) (change, error) {
	if err := tx.DeleteChat(ctx, g.chat.ID); err != nil {
		return change{}, err
	}
	return change{g.chat.LastRev + 1, func() []bus.Event {
		return []bus.Event{{Name: EventChatRemoved, To: everybody(g.members), Data: ChatRemovedEvent{g.chat.ID, reason}}}
	}}, nil
}
