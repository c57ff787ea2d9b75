package sqlstore

import (
	"context"
	"time"

	"confab/store"
)

// SetPin implements store.Pins.
func (t *Tx) SetPin(ctx context.Context, messageID, by store.ID, on bool, at time.Time) (bool, error) {
	if !on {
		n, err := t.exec(ctx, "unpin message", `DELETE FROM pins WHERE message_id = $1`, id(messageID))
		return n > 0, err
	}
	const what = "pin message"
	chatID, err := one(ctx, t, what, scanID, `SELECT chat_id FROM messages WHERE id = $1`, id(messageID))
	if err != nil {
		return false, err
	}
	n, err := t.exec(ctx, what, `INSERT INTO pins (message_id, chat_id, pinned_by, pinned_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (message_id) DO NOTHING`, id(messageID), id(chatID), id(by), t.at(at))
	return n > 0, err
}

// Pins implements store.Pins.
func (t *Tx) Pins(ctx context.Context, chatID store.ID, limit int) ([]store.Message, error) {
	list, err := many(ctx, t, "list pins", scanMessage, `SELECT `+messageColumns+` FROM pins p JOIN messages m ON m.id = p.message_id
		WHERE p.chat_id = $1 AND m.deleted_at IS NULL ORDER BY p.pinned_at DESC, p.message_id DESC LIMIT $2`,
		id(chatID), limit)
	if err != nil {
		return nil, err
	}
	return list, t.fill(ctx, list)
}

// PinCounts implements store.Pins.
func (t *Tx) PinCounts(ctx context.Context, chatIDs ...store.ID) (map[store.ID]int64, error) {
	return t.counts(ctx, "count pins", `SELECT p.chat_id, COUNT(*) FROM pins p JOIN messages m ON m.id = p.message_id
		WHERE p.chat_id IN {$1} AND m.deleted_at IS NULL GROUP BY p.chat_id`, t.ids(chatIDs))
}
