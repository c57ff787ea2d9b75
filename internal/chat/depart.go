package chat

import (
	"cmp"
	"context"
	"slices"

	"confab/internal/bus"
	"confab/store"
)

// departure is one account leaving its groups, with a turn in the lane of each.
type departure struct {
	turns []*turn
	done  []change
}

// Depart takes an account that is being deleted out of its groups, inside the deleting transaction. What was said
// stays. Of a group that loses its last owner the admin who has been there longest becomes one, or else the member; a
// group that nobody is left in goes. Direct chats stay, for the other side. It implements auth.Departer.
func (s *Service) Depart(ctx context.Context, tx store.Tx, userID store.ID) (done func(committed bool), err error) {
	d := &departure{}
	defer func() {
		if err != nil {
			d.leave()
		}
	}()
	user, err := tx.User(ctx, userID)
	if err != nil {
		return nil, err
	}
	contacts, err := tx.Contacts(ctx, userID)
	if err != nil {
		return nil, err
	}
	chats, _, err := tx.AllChatsOf(ctx, userID)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(chats, func(a, b store.Chat) int { return cmp.Compare(a.ID, b.ID) }) // the order of locks
	for _, c := range chats {
		if c.Type == store.Direct {
			continue
		}
		d.turns = append(d.turns, s.lanes.enter(c.ID))
		gone, err := s.departFrom(ctx, tx, userID, c.ID)
		if err != nil {
			return nil, err
		}
		d.done = append(d.done, gone)
	}
	return func(committed bool) {
		defer d.leave()
		if !committed {
			return
		}
		for i, c := range d.done {
			d.turns[i].publish(c.rev, c.announce()...)
		}
		if len(contacts) > 0 {
			s.bus.Publish(bus.Event{Name: EventUserUpdated, To: contacts, Data: UserUpdatedEvent{s.publicUser(user)}})
		}
	}, nil
}

func (d *departure) leave() {
	for _, t := range d.turns {
		t.leave()
	}
}

func (s *Service) departFrom(ctx context.Context, tx store.Tx, userID, chatID store.ID) (change, error) {
	g, err := locked(ctx, tx, userID, chatID)
	if err != nil {
		return change{}, err
	}
	if len(g.members) == 1 {
		return s.dissolve(ctx, tx, g, "left")
	}
	var promoted []store.Member
	var users map[store.ID]store.User
	if g.me.Role == store.RoleOwner && g.owners() == 1 {
		heir := g.heir()
		heir.Role = store.RoleOwner
		if err := tx.UpdateMember(ctx, heir); err != nil {
			return change{}, err
		}
		promoted = append(promoted, heir)
		if users, err = usersOf(ctx, tx, promoted); err != nil {
			return change{}, err
		}
	}
	gone, err := s.takeOut(ctx, tx, g, g.me)
	if err != nil {
		return change{}, err
	}
	left := gone.announce
	gone.announce = func() []bus.Event {
		events := left()
		for _, m := range promoted {
			events = append(events, s.memberUpdated(m, users[m.UserID], slices.DeleteFunc(slices.Clone(g.members),
				func(other store.Member) bool { return other.UserID == userID }))...)
		}
		return events
	}
	return gone, nil
}

// heir is who becomes the owner when the last one goes: the highest role, the longest there. Members come in the order
// of joining.
func (g *group) heir() store.Member {
	var heir store.Member
	for _, m := range g.members {
		if m.UserID != g.me.UserID && rank(m.Role) > rank(heir.Role) {
			heir = m
		}
	}
	return heir
}
