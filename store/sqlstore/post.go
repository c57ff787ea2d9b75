package sqlstore

import (
	"context"
	"errors"
	"fmt"

	"confab/store"
)

// ErrHalfDone says that a Post failed between its writes: the transaction must not be committed.
var ErrHalfDone = errors.New("half of a message was stored")

// Post stores one message as store.Store.Post wants it, in few statements, for an engine whose transactions write one
// by one. A refusal or an error leaves nothing behind, unless the error is ErrHalfDone. The context must not end inside.
func (t *Tx) Post(ctx context.Context, m store.Message) (posted store.Posted, ok bool, err error) {
	const what = "post message"
	members, err := many(ctx, t, what, scanID, `SELECT user_id FROM members WHERE chat_id = $1`, id(m.ChatID))
	if err != nil {
		return posted, false, err
	}
	in := false
	for _, member := range members {
		in = in || member == m.UserID
	}
	if !in {
		return posted, false, nil
	}
	p, err := one(ctx, t, what, scanPosition, `INSERT INTO messages (id, chat_id, user_id, seq, rev, kind, content,
			client_id, payload_hash, reply_to, meta, created_at, updated_at)
		SELECT $1, c.id, $3, c.last_seq + 1, c.last_rev + 1, $4, $5, $6, $7, $8, $9, $10, $11 FROM chats c
		WHERE c.id = $2 AND ($8 IS NULL OR EXISTS (SELECT 1 FROM messages r WHERE r.id = $8 AND r.chat_id = c.id))
			AND (c.type <> 'direct' OR NOT EXISTS (SELECT 1 FROM members o JOIN blocks b ON b.user_id = o.user_id
				AND b.blocked_id = $3 OR b.user_id = $3 AND b.blocked_id = o.user_id WHERE o.chat_id = c.id))
		ON CONFLICT (user_id, client_id) WHERE client_id IS NOT NULL DO NOTHING RETURNING seq, rev`,
		id(m.ID), id(m.ChatID), id(m.UserID), string(m.Kind), m.Content, orNull(m.ClientID), blobOrNull(m.PayloadHash),
		id(m.ReplyTo), jsonOrNull(m.Meta), t.at(m.CreatedAt), t.at(m.UpdatedAt))
	if errors.Is(err, store.ErrNotFound) {
		return posted, false, nil
	}
	if err != nil {
		return posted, false, err
	}
	err = t.execOne(ctx, what, `UPDATE chats SET last_seq = $2, last_rev = $3, activity_at = $4 WHERE id = $1`,
		id(m.ChatID), p.seq, p.rev, t.at(m.CreatedAt))
	if err == nil {
		err = t.indexMessage(ctx, m)
	}
	if err != nil {
		return posted, false, errors.Join(ErrHalfDone, err)
	}
	return store.Posted{Seq: p.seq, Rev: p.rev, Members: members}, true, nil
}

// CheckPost refuses a message that no engine could store.
func CheckPost(m store.Message) error {
	err := check([]any{id(m.ID), id(m.ChatID), id(m.UserID), id(m.ReplyTo), m.Content, m.ClientID, string(m.Meta)})
	if err == nil && (m.ID == "" || m.ChatID == "" || m.UserID == "") {
		err = fmt.Errorf("a message needs an id, a chat and an author: %w", store.ErrBadID)
	}
	return failed("post message", err)
}
