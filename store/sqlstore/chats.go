package sqlstore

import (
	"context"
	"fmt"
	"time"

	"confab/store"
)

const chatColumns = `c.id, c.type, c.name, c.avatar_id, c.created_by, c.created_at, c.updated_at, c.activity_at,
	c.last_seq, c.last_rev, c.description`

func scanChat(r Row) (c store.Chat, err error) {
	err = r.Scan(toID{&c.ID}, &c.Type, &c.Name, toID{&c.AvatarID}, toID{&c.CreatedBy}, toTime{&c.CreatedAt},
		toTime{&c.UpdatedAt}, toTime{&c.ActivityAt}, &c.LastSeq, &c.LastRev, &c.Description)
	return c, err
}

// directKey names the direct chat of two people, whichever of them is a.
func directKey(a, b store.ID) string {
	return string(min(a, b)) + ":" + string(max(a, b))
}

// CreateChat implements store.Chats.
func (t *Tx) CreateChat(ctx context.Context, c store.Chat, members []store.Member) error {
	const what = "create chat"
	if len(members) == 0 {
		return failed(what, fmt.Errorf("a chat needs members"))
	}
	var key any
	if c.Type == store.Direct {
		key = directKey(members[0].UserID, members[len(members)-1].UserID)
	}
	n, err := t.exec(ctx, what, `INSERT INTO chats (id, type, name, avatar_id, created_by, created_at, updated_at,
			activity_at, last_seq, last_rev, direct_key, description)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (direct_key) DO NOTHING`,
		id(c.ID), string(c.Type), c.Name, id(c.AvatarID), id(c.CreatedBy), t.at(c.CreatedAt), t.at(c.UpdatedAt),
		t.at(c.ActivityAt), c.LastSeq, c.LastRev, key, c.Description)
	if err != nil {
		return err
	}
	if n == 0 {
		return failed(what, store.ErrDirectExists)
	}
	for _, m := range members {
		m.ChatID = c.ID
		if err := t.AddMember(ctx, m); err != nil {
			return failed(what, err)
		}
	}
	return nil
}

// DirectChat implements store.Chats.
func (t *Tx) DirectChat(ctx context.Context, a, b store.ID) (store.Chat, error) {
	return one(ctx, t, "find direct chat", scanChat,
		`SELECT `+chatColumns+` FROM chats c WHERE c.direct_key = $1`, directKey(a, b))
}

// Chat implements store.Chats.
func (t *Tx) Chat(ctx context.Context, chatID store.ID) (store.Chat, error) {
	return one(ctx, t, "find chat", scanChat, `SELECT `+chatColumns+` FROM chats c WHERE c.id = $1`, id(chatID))
}

// LockChat implements store.Chats.
func (t *Tx) LockChat(ctx context.Context, chatID store.ID) (store.Chat, error) {
	return one(ctx, t, "lock chat", scanChat, `SELECT `+chatColumns+` FROM chats c WHERE c.id = $1 {lock}`, id(chatID))
}

// UpdateChat implements store.Chats.
func (t *Tx) UpdateChat(ctx context.Context, c store.Chat) error {
	return t.execOne(ctx, "update chat", `UPDATE chats SET name = $2, avatar_id = $3, updated_at = $4,
			description = $5
		WHERE id = $1`, id(c.ID), c.Name, id(c.AvatarID), t.at(c.UpdatedAt), c.Description)
}

// DeleteChat implements store.Chats.
func (t *Tx) DeleteChat(ctx context.Context, chatID store.ID) error {
	const what = "delete chat"
	if _, err := t.exec(ctx, what, `DELETE FROM attachments
		WHERE message_id IN (SELECT id FROM messages WHERE chat_id = $1)`, id(chatID)); err != nil {
		return err
	}
	return t.execOne(ctx, what, `DELETE FROM chats WHERE id = $1`, id(chatID))
}

// position is where a chat stands after Advance.
type position struct{ seq, rev int64 }

func scanPosition(r Row) (p position, err error) {
	err = r.Scan(&p.seq, &p.rev)
	return p, err
}

// Advance implements store.Chats.
func (t *Tx) Advance(ctx context.Context, chatID store.ID, message bool, at time.Time) (seq, rev int64, err error) {
	const what = "advance chat"
	var p position
	if message {
		p, err = one(ctx, t, what, scanPosition, `UPDATE chats
			SET last_seq = last_seq + 1, last_rev = last_rev + 1, activity_at = $2
			WHERE id = $1 RETURNING last_seq, last_rev`, id(chatID), t.at(at))
	} else {
		p, err = one(ctx, t, what, scanPosition, `UPDATE chats SET last_rev = last_rev + 1
			WHERE id = $1 RETURNING last_seq, last_rev`, id(chatID))
	}
	return p.seq, p.rev, err
}

// The first page of a list that is ordered by (time, id), newest first, begins before every row there can be.
var endOfTime = time.Date(9999, time.January, 1, 0, 0, 0, 0, time.UTC)

const lastID store.ID = "ffffffff-ffff-ffff-ffff-ffffffffffff"

// pageStart is the position that a page's rows come before.
func pageStart(p store.Page) (time.Time, store.ID) {
	if p.Before.IsZero() {
		return endOfTime, lastID
	}
	if p.BeforeID == "" {
		return p.Before, nobody
	}
	return p.Before, p.BeforeID
}

// ChatsOf implements store.Chats.
func (t *Tx) ChatsOf(ctx context.Context, userID store.ID, p store.Page) ([]store.Chat, error) {
	before, beforeID := pageStart(p)
	return many(ctx, t, "list chats", scanChat, `SELECT `+chatColumns+` FROM members m JOIN chats c ON c.id = m.chat_id
		WHERE m.user_id = $1 AND (c.activity_at, c.id) < ($2, $3)
		ORDER BY c.activity_at DESC, c.id DESC LIMIT $4`, id(userID), t.at(before), id(beforeID), p.Limit)
}

// membership is a chat with one person's place in it.
type membership struct {
	chat   store.Chat
	member store.Member
}

func scanMembership(r Row) (v membership, err error) {
	c, m := &v.chat, &v.member
	err = r.Scan(toID{&c.ID}, &c.Type, &c.Name, toID{&c.AvatarID}, toID{&c.CreatedBy}, toTime{&c.CreatedAt},
		toTime{&c.UpdatedAt}, toTime{&c.ActivityAt}, &c.LastSeq, &c.LastRev, &c.Description,
		toID{&m.ChatID}, toID{&m.UserID}, &m.Role, toTime{&m.JoinedAt}, &m.JoinedSeq, &m.DeliveredSeq, &m.ReadSeq,
		toTimePointer{&m.MutedUntil}, toTimePointer{&m.ArchivedAt})
	return v, err
}

// AllChatsOf implements store.Chats.
func (t *Tx) AllChatsOf(ctx context.Context, userID store.ID) ([]store.Chat, []store.Member, error) {
	all, err := many(ctx, t, "list all chats", scanMembership, `SELECT `+chatColumns+`, `+memberColumns+`
		FROM members m JOIN chats c ON c.id = m.chat_id WHERE m.user_id = $1`, id(userID))
	if err != nil {
		return nil, nil, err
	}
	chats, members := make([]store.Chat, len(all)), make([]store.Member, len(all))
	for i, v := range all {
		chats[i], members[i] = v.chat, v.member
	}
	return chats, members, nil
}
