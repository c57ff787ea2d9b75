package sqlstore

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"

	"confab/store"
)

const messageColumns = `m.id, m.chat_id, m.user_id, m.seq, m.rev, m.kind, m.content, COALESCE(m.client_id, ''),
	m.payload_hash, m.reply_to, m.meta, m.created_at, m.updated_at, m.edited_at, m.deleted_at, m.forwarded_user,
	m.forwarded_at, (SELECT string_agg(CAST(n.user_id AS text), ',' ORDER BY n.user_id) FROM mentions n WHERE n.message_id = m.id),
	(SELECT p.pinned_by FROM pins p WHERE p.message_id = m.id), (SELECT p.pinned_at FROM pins p WHERE p.message_id = m.id)`

func scanMessage(r Row) (m store.Message, err error) {
	var mentions *string
	var origin store.Origin
	var pin store.Pin
	err = r.Scan(toID{&m.ID}, toID{&m.ChatID}, toID{&m.UserID}, &m.Seq, &m.Rev, &m.Kind, &m.Content, &m.ClientID,
		&m.PayloadHash, toID{&m.ReplyTo}, &m.Meta, toTime{&m.CreatedAt}, toTime{&m.UpdatedAt},
		toTimePointer{&m.EditedAt}, toTimePointer{&m.DeletedAt}, toID{&origin.UserID}, toTime{&origin.At}, &mentions,
		toID{&pin.By}, toTime{&pin.At})
	if mentions != nil {
		for userID := range strings.SplitSeq(*mentions, ",") {
			m.Mentions = append(m.Mentions, store.ID(userID))
		}
	}
	if origin.UserID != "" {
		m.Origin = &origin
	}
	if pin.By != "" {
		m.Pin = &pin
	}
	return m, err
}

// originOrNull encodes an origin that may be missing, for its two columns.
func (t *Tx) originOrNull(o *store.Origin) (userID, at any) {
	if o == nil {
		return nil, nil
	}
	return id(o.UserID), t.at(o.At)
}

// InsertMessage implements store.Messages.
func (t *Tx) InsertMessage(ctx context.Context, m store.Message) error {
	const what = "insert message"
	author, said := t.originOrNull(m.Origin)
	n, err := t.exec(ctx, what, `INSERT INTO messages (id, chat_id, user_id, seq, rev, kind, content, client_id,
			payload_hash, reply_to, meta, created_at, updated_at, edited_at, deleted_at, forwarded_user, forwarded_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
		ON CONFLICT (user_id, client_id) WHERE client_id IS NOT NULL DO NOTHING`,
		id(m.ID), id(m.ChatID), id(m.UserID), m.Seq, m.Rev, string(m.Kind), m.Content, orNull(m.ClientID),
		blobOrNull(m.PayloadHash), id(m.ReplyTo), jsonOrNull(m.Meta), t.at(m.CreatedAt), t.at(m.UpdatedAt), t.atOrNone(m.EditedAt),
		t.atOrNone(m.DeletedAt), author, said)
	if err != nil {
		return err
	}
	if n == 0 {
		return failed(what, store.ErrClientIDTaken)
	}
	return t.indexMessage(ctx, m)
}

// message reads one message whole.
func (t *Tx) message(ctx context.Context, what, where string, args ...any) (store.Message, error) {
	m, err := one(ctx, t, what, scanMessage, `SELECT `+messageColumns+` FROM messages m WHERE `+where, args...)
	if err != nil {
		return m, err
	}
	list := []store.Message{m}
	err = t.fill(ctx, list)
	return list[0], err
}

// MessageByClientID implements store.Messages.
func (t *Tx) MessageByClientID(ctx context.Context, userID store.ID, clientID string) (store.Message, error) {
	return t.message(ctx, "find message by client id", `m.user_id = $1 AND m.client_id = $2`, id(userID), clientID)
}

// Message implements store.Messages.
func (t *Tx) Message(ctx context.Context, messageID store.ID) (store.Message, error) {
	return t.message(ctx, "find message", `m.id = $1`, id(messageID))
}

// UpdateMessage implements store.Messages.
func (t *Tx) UpdateMessage(ctx context.Context, m store.Message) error {
	const what = "update message"
	before, err := one(ctx, t, what, scanText, `SELECT content FROM messages WHERE id = $1`, id(m.ID))
	if err != nil {
		return err
	}
	err = t.execOne(ctx, what, `UPDATE messages
		SET content = $2, rev = $3, updated_at = $4, edited_at = $5, deleted_at = $6, meta = $7 WHERE id = $1`,
		id(m.ID), m.Content, m.Rev, t.at(m.UpdatedAt), t.atOrNone(m.EditedAt), t.atOrNone(m.DeletedAt), jsonOrNull(m.Meta))
	if err != nil || m.Content == before {
		return err
	}
	return t.indexAgain(ctx, m.ID)
}

// Messages implements store.Messages.
func (t *Tx) Messages(ctx context.Context, q store.MessageQuery) ([]store.Message, error) {
	var order string
	var from int64
	set := 0
	for _, c := range []struct {
		bound *int64
		order string
	}{
		{q.Before, `m.seq < $2 ORDER BY m.seq DESC`},
		{q.After, `m.seq > $2 ORDER BY m.seq`},
		{q.SinceRev, `m.rev > $2 ORDER BY m.rev`},
	} {
		if c.bound != nil {
			order, from, set = c.order, *c.bound, set+1
		}
	}
	if set > 1 {
		return nil, failed("list messages", errors.New("more than one of before, after and sinceRev"))
	}
	newestFirst := set == 0 || q.Before != nil
	if set == 0 {
		order, from = `m.seq < $2 ORDER BY m.seq DESC`, math.MaxInt64
	}
	list, err := many(ctx, t, "list messages", scanMessage, `SELECT `+messageColumns+` FROM messages m
		WHERE m.chat_id = $1 AND `+order+` LIMIT $3`, id(q.ChatID), from, q.Limit)
	if err != nil {
		return nil, err
	}
	if newestFirst {
		slices.Reverse(list)
	}
	return list, t.fill(ctx, list)
}

// LastMessages implements store.Messages.
func (t *Tx) LastMessages(ctx context.Context, chatIDs ...store.ID) (map[store.ID]store.Message, error) {
	list, err := many(ctx, t, "find last messages", scanMessage, `SELECT `+messageColumns+` FROM chats c
		JOIN messages m ON m.chat_id = c.id AND m.seq = c.last_seq WHERE c.id IN {$1}`, t.ids(chatIDs))
	if err != nil {
		return nil, err
	}
	if err := t.fill(ctx, list); err != nil {
		return nil, err
	}
	last := make(map[store.ID]store.Message, len(list))
	for _, m := range list {
		last[m.ChatID] = m
	}
	return last, nil
}

// fill reads the attachments and reactions of messages.
func (t *Tx) fill(ctx context.Context, list []store.Message) error {
	if len(list) == 0 {
		return nil
	}
	index := make(map[store.ID]*store.Message, len(list))
	messageIDs := make([]store.ID, len(list))
	for i := range list {
		index[list[i].ID] = &list[i]
		messageIDs[i] = list[i].ID
	}
	attachments, err := many(ctx, t, "list attachments", scanAttachment, `SELECT `+attachmentColumns+` FROM attachments a
		WHERE a.message_id IN {$1} ORDER BY a.message_id, a.place`, t.ids(messageIDs))
	if err != nil {
		return err
	}
	for _, a := range attachments {
		m := index[a.MessageID]
		m.Attachments = append(m.Attachments, a)
	}
	reactions, err := many(ctx, t, "list reactions", scanReaction, `SELECT r.message_id, r.user_id, r.emoji
		FROM reactions r WHERE r.message_id IN {$1} ORDER BY r.n`, t.ids(messageIDs))
	if err != nil {
		return err
	}
	for _, r := range reactions {
		m := index[r.messageID]
		m.Reactions = addReaction(m.Reactions, r)
	}
	return nil
}
