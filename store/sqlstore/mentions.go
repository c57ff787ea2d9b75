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

// mention is one person named in one message.
type mention struct{ messageID, userID store.ID }

func scanMention(r Row) (m mention, err error) {
	err = r.Scan(toID{&m.messageID}, toID{&m.userID})
	return m, err
}

// MentionsOf implements store.Mentions.
func (t *Tx) MentionsOf(ctx context.Context, messageIDs ...store.ID) (map[store.ID][]store.ID, error) {
	list, err := many(ctx, t, "list mentions", scanMention, `SELECT message_id, user_id FROM mentions
		WHERE message_id IN {$1} ORDER BY message_id, user_id`, t.ids(messageIDs))
	if err != nil {
		return nil, err
	}
	mentions := make(map[store.ID][]store.ID)
	for _, m := range list {
		mentions[m.messageID] = append(mentions[m.messageID], m.userID)
	}
	return mentions, nil
}

// UnreadMentions implements store.Mentions.
func (t *Tx) UnreadMentions(ctx context.Context, userID store.ID, chatIDs ...store.ID) (map[store.ID]int64, error) {
	return t.unread(ctx, "count unread mentions", ` AND EXISTS (SELECT 1 FROM mentions n
		WHERE n.user_id = $1 AND n.chat_id = m.chat_id AND n.seq = m.seq)`, userID, chatIDs)
}
