package sqlstore

import (
	"context"

	"confab/store"
)

// SetMentions implements store.Mentions.
func (t *Tx) SetMentions(ctx context.Context, messageID store.ID, userIDs []store.ID) error {
	const what = "set mentions"
	if _, err := t.exec(ctx, what, `DELETE FROM mentions WHERE message_id = $1`, id(messageID)); err != nil {
		return err
	}
	if len(userIDs) == 0 {
		return nil
	}
	_, err := t.exec(ctx, what, `INSERT INTO mentions (message_id, user_id, chat_id, seq)
		SELECT m.id, u.id, m.chat_id, m.seq FROM messages m JOIN users u ON u.id IN {$2} WHERE m.id = $1`,
		id(messageID), t.ids(userIDs))
	return err
}

// UnreadMentions implements store.Mentions.
func (t *Tx) UnreadMentions(ctx context.Context, userID store.ID, chatIDs ...store.ID) (map[store.ID]int64, error) {
	return t.counts(ctx, "count unread mentions", `SELECT n.chat_id, COUNT(*) FROM members me
		JOIN mentions n ON n.user_id = me.user_id AND n.chat_id = me.chat_id AND n.seq > me.read_seq
		JOIN messages m ON m.id = n.message_id
		WHERE me.user_id = $1 AND me.chat_id IN {$2} AND m.user_id <> me.user_id AND m.deleted_at IS NULL
		GROUP BY n.chat_id`, id(userID), t.ids(chatIDs))
}

// MentionsAfter implements store.Mentions.
func (t *Tx) MentionsAfter(ctx context.Context, userID, chatID store.ID, seq int64, limit int) ([]store.Message, error) {
	list, err := many(ctx, t, "list mentions", scanMessage, `SELECT `+messageColumns+`
		FROM mentions named JOIN messages m ON m.id = named.message_id
		WHERE named.user_id = $1 AND named.chat_id = $2 AND named.seq > $3 AND m.user_id <> $1 AND m.deleted_at IS NULL
		ORDER BY named.seq LIMIT $4`, id(userID), id(chatID), seq, limit)
	if err != nil {
		return nil, err
	}
	return list, t.fill(ctx, list)
}
