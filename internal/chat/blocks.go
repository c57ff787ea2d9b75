package chat

import (
	"context"
	"errors"
	"slices"

	"confab/internal/bus"
	"confab/internal/fault"
	"confab/internal/stamp"
	"confab/store"
)

// MaxBlocks is how many people one may block: more than one meets, and a bound for the list.
const MaxBlocks = 1000

// Blocked is somebody whom the actor blocks.
type Blocked struct {
	PublicUser
	BlockedAt stamp.Time `json:"blockedAt"`
}

// Block sets (on) or lifts the actor's block of somebody. While one of two people blocks the other, their direct chat
// takes no messages, edits, reactions, pins, typing or calls, a new one cannot be begun, and neither can add the other to a group. Groups that
// both are in go on. The other side is not told. Refusals: not_found, invalid (oneself), too_many_blocks.
func (s *Service) Block(ctx context.Context, actor, userID store.ID, on bool) error {
	if err := wellFormed(userID); err != nil {
		return err
	}
	if userID == actor {
		return fault.InvalidField("id", "nobody can block themselves")
	}
	changed := false
	err := s.store.Update(ctx, func(tx store.Tx) error {
		if _, err := tx.LockUser(ctx, actor); err != nil { // one block at a time: they are counted
			return err
		}
		u, err := tx.User(ctx, userID)
		if err != nil {
			return err
		}
		if on && u.DeletedAt != nil {
			return notFound()
		}
		direct, err := tx.DirectChat(ctx, actor, userID)
		if err == nil {
			_, err = tx.LockChat(ctx, direct.ID) // so that no message slips through
		}
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if on {
			if list, err := tx.Blocks(ctx, actor); err != nil {
				return err
			} else if len(list) >= MaxBlocks && !slices.ContainsFunc(list, func(b store.Block) bool { return b.UserID == userID }) {
				return fault.New(fault.Conflict, "too_many_blocks", "no more people can be blocked")
			}
		}
		changed, err = tx.SetBlock(ctx, actor, userID, on, s.now())
		return err
	})
	if err != nil {
		return refusal(err)
	}
	if changed {
		s.bus.Publish(bus.Event{Name: EventUserBlocked, To: []store.ID{actor}, Data: UserBlockedEvent{userID, on}})
	}
	return nil
}

// Blocks lists whom the actor blocks, latest first.
func (s *Service) Blocks(ctx context.Context, actor store.ID) (list []Blocked, err error) {
	err = s.view(ctx, func(tx store.Tx) (err error) {
		list, err = s.blocks(ctx, tx, actor)
		return err
	})
	return list, err
}

func (s *Service) blocks(ctx context.Context, tx store.Tx, actor store.ID) ([]Blocked, error) {
	blocks, err := tx.Blocks(ctx, actor)
	if err != nil {
		return nil, err
	}
	ids := make([]store.ID, len(blocks))
	for i, b := range blocks {
		ids[i] = b.UserID
	}
	users, err := tx.UsersByID(ctx, ids)
	if err != nil {
		return nil, err
	}
	byID := make(map[store.ID]store.User, len(users))
	for _, u := range users {
		byID[u.ID] = u
	}
	list := make([]Blocked, len(blocks))
	for i, b := range blocks {
		list[i] = Blocked{s.publicUser(byID[b.UserID]), stamp.Of(b.At)}
	}
	return list, nil
}

// unblocked refuses where one of two people blocks the other.
func unblocked(ctx context.Context, tx store.Tx, a, b store.ID) error {
	if blocked, err := tx.BlockBetween(ctx, a, b); err != nil || !blocked {
		return err
	}
	return fault.New(fault.Forbidden, "blocked", "one of you blocks the other")
}

// open refuses in a direct chat where one side blocks the other. A chat of two is looked at whatever its type, since the
// members are at hand and the type is not.
func open(ctx context.Context, tx store.Tx, members []store.Member) error {
	if len(members) != 2 {
		return nil
	}
	c, err := tx.Chat(ctx, members[0].ChatID)
	if err != nil || c.Type != store.Direct {
		return err
	}
	return unblocked(ctx, tx, members[0].UserID, members[1].UserID)
}
