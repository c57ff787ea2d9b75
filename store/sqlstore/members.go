package sqlstore

import (
	"context"

	"confab/store"
)

const memberColumns = `m.chat_id, m.user_id, m.role, m.joined_at, m.joined_seq, m.delivered_seq, m.read_seq,
	m.muted_until, m.archived_at`

func scanMember(r Row) (m store.Member, err error) {
	err = r.Scan(toID{&m.ChatID}, toID{&m.UserID}, &m.Role, toTime{&m.JoinedAt}, &m.JoinedSeq, &m.DeliveredSeq,
		&m.ReadSeq, toTimePointer{&m.MutedUntil}, toTimePointer{&m.ArchivedAt})
	return m, err
}

// Member implements store.Chats.
func (t *Tx) Member(ctx context.Context, chatID, userID store.ID) (store.Member, error) {
	return one(ctx, t, "find member", scanMember,
		`SELECT `+memberColumns+` FROM members m WHERE m.chat_id = $1 AND m.user_id = $2`, id(chatID), id(userID))
}

// Members implements store.Chats.
func (t *Tx) Members(ctx context.Context, chatIDs ...store.ID) ([]store.Member, error) {
	return many(ctx, t, "list members", scanMember, `SELECT `+memberColumns+` FROM members m
		WHERE m.chat_id IN {$1} ORDER BY m.joined_at, m.user_id`, t.ids(chatIDs))
}

// AddMember implements store.Chats.
func (t *Tx) AddMember(ctx context.Context, m store.Member) error {
	const what = "add member"
	n, err := t.exec(ctx, what, `INSERT INTO members (chat_id, user_id, role, joined_at, joined_seq, delivered_seq,
			read_seq, muted_until, archived_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (chat_id, user_id) DO NOTHING`,
		id(m.ChatID), id(m.UserID), string(m.Role), t.at(m.JoinedAt), m.JoinedSeq, max(m.DeliveredSeq, m.JoinedSeq),
		max(m.ReadSeq, m.JoinedSeq), t.atOrNone(m.MutedUntil), t.atOrNone(m.ArchivedAt))
	if err == nil && n == 0 {
		return failed(what, store.ErrMemberExists)
	}
	return err
}

// UpdateMember implements store.Chats.
func (t *Tx) UpdateMember(ctx context.Context, m store.Member) error {
	return t.execOne(ctx, "update member", `UPDATE members SET role = $3, muted_until = $4, archived_at = $5
		WHERE chat_id = $1 AND user_id = $2`,
		id(m.ChatID), id(m.UserID), string(m.Role), t.atOrNone(m.MutedUntil), t.atOrNone(m.ArchivedAt))
}

// RemoveMember implements store.Chats.
func (t *Tx) RemoveMember(ctx context.Context, chatID, userID store.ID) error {
	return t.execOne(ctx, "remove member", `DELETE FROM members WHERE chat_id = $1 AND user_id = $2`,
		id(chatID), id(userID))
}

// count is a number that belongs to a chat.
type count struct {
	chatID store.ID
	n      int64
}

func scanCount(r Row) (c count, err error) {
	err = r.Scan(toID{&c.chatID}, &c.n)
	return c, err
}

// counts reads a number for each of several chats.
func (t *Tx) counts(ctx context.Context, what, query string, args ...any) (map[store.ID]int64, error) {
	list, err := many(ctx, t, what, scanCount, query, args...)
	if err != nil {
		return nil, err
	}
	counts := make(map[store.ID]int64, len(list))
	for _, c := range list {
		counts[c.chatID] = c.n
	}
	return counts, nil
}

// Unread implements store.Chats.
func (t *Tx) Unread(ctx context.Context, userID store.ID, chatIDs ...store.ID) (map[store.ID]int64, error) {
	return t.counts(ctx, "count unread", `SELECT m.chat_id, COUNT(*) FROM members me
		JOIN messages m ON m.chat_id = me.chat_id AND m.seq > me.read_seq
		WHERE me.user_id = $1 AND me.chat_id IN {$2} AND m.user_id <> me.user_id AND m.deleted_at IS NULL
			AND m.kind <> 'system'
		GROUP BY m.chat_id`, id(userID), t.ids(chatIDs))
}

// MembersNamed implements store.Chats.
func (t *Tx) MembersNamed(ctx context.Context, chatID store.ID, usernames []string) ([]store.ID, error) {
	folded := make([]string, len(usernames))
	for i, name := range usernames {
		folded[i] = store.Fold(name)
	}
	return many(ctx, t, "find members by name", scanID, `SELECT u.id FROM members m JOIN users u ON u.id = m.user_id
		WHERE m.chat_id = $1 AND u.username_folded IN TEXTS {$2} AND u.deleted_at IS NULL ORDER BY u.id`,
		id(chatID), t.dialect.encodeTexts(folded))
}
