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
	m, err := one(ctx, t, what, scanMessage, `SELECT `+messageColumns+` FROM messages m WHERE m.id = $1`, id(messageID))
	if err != nil {
		return false, err
	}
	n, err := t.exec(ctx, what, `INSERT INTO pins (message_id, chat_id, pinned_by, pinned_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (message_id) DO NOTHING`, id(m.ID), id(m.ChatID), id(by), t.at(at))
	return n > 0, err
}

// pin is a pin before its message is read.
type pin struct {
	messageID store.ID
	store.Pin
}

func scanPin(r Row) (p pin, err error) {
	err = r.Scan(toID{&p.messageID}, toID{&p.By}, toTime{&p.At})
	return p, err
}

// Pins implements store.Pins.
func (t *Tx) Pins(ctx context.Context, chatID store.ID, limit int) ([]store.Pin, error) {
	const what = "list pins"
	found, err := many(ctx, t, what, scanPin, `SELECT p.message_id, p.pinned_by, p.pinned_at
		FROM pins p JOIN messages m ON m.id = p.message_id
		WHERE p.chat_id = $1 AND m.deleted_at IS NULL ORDER BY p.pinned_at DESC, p.message_id DESC LIMIT $2`,
		id(chatID), limit)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	messageIDs := make([]store.ID, len(found))
	for i, p := range found {
		messageIDs[i] = p.messageID
	}
	messages, err := many(ctx, t, what, scanMessage, `SELECT `+messageColumns+` FROM messages m WHERE m.id IN {$1}`,
		t.ids(messageIDs))
	if err != nil {
		return nil, err
	}
	if err := t.fill(ctx, messages); err != nil {
		return nil, err
	}
	byID := make(map[store.ID]store.Message, len(messages))
	for _, m := range messages {
		byID[m.ID] = m
	}
	pins := make([]store.Pin, len(found))
	for i, p := range found {
		p.Message = byID[p.messageID]
		pins[i] = p.Pin
	}
	return pins, nil
}
