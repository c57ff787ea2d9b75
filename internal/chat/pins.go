package chat

import (
	"context"
	"fmt"

	"confab/internal/fault"
	"confab/store"
)

// MaxPins is how many messages of a chat may be pinned: more than anybody looks through.
const MaxPins = 100

// Pin keeps a message in view for the whole chat (on), or takes the pin away, which every member may; doing it twice
// changes nothing. Refusals: not_found, message_deleted, too_many_pins, blocked.
func (s *Service) Pin(ctx context.Context, actor, messageID store.ID, on bool) (Message, error) {
	return s.amend(ctx, actor, messageID, on, func(tx store.Tx, m *store.Message, _ store.Member) error {
		if m.DeletedAt != nil {
			return deletedAlready()
		}
		if on == (m.Pin != nil) {
			return errNothing
		}
		if on {
			counts, err := tx.PinCounts(ctx, m.ChatID)
			if err != nil {
				return err
			}
			if counts[m.ChatID] >= MaxPins {
				return fault.New(fault.Conflict, "too_many_pins", fmt.Sprintf("a chat may have %d pinned messages", MaxPins))
			}
		}
		_, err := tx.SetPin(ctx, m.ID, actor, on, s.now())
		return err
	})
}

// Pins lists the pinned messages of a chat, latest pin first. Refusal: not_found.
func (s *Service) Pins(ctx context.Context, actor, chatID store.ID) (list []Message, err error) {
	if err := wellFormed(chatID); err != nil {
		return nil, err
	}
	err = s.view(ctx, func(tx store.Tx) error {
		if _, _, err := s.enter(ctx, tx, actor, chatID); err != nil {
			return err
		}
		pinned, err := tx.Pins(ctx, chatID, MaxPins)
		if err != nil {
			return err
		}
		list, err = s.messages(ctx, tx, pinned)
		return err
	})
	return list, err
}
