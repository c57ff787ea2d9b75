package sqlstore

import (
	"context"
	"slices"
	"time"

	"confab/store"
)

// reaction is one person's emoji under one message.
type reaction struct {
	messageID, userID store.ID
	emoji             string
}

func scanReaction(r Row) (v reaction, err error) {
	err = r.Scan(toID{&v.messageID}, toID{&v.userID}, &v.emoji)
	return v, err
}

// addReaction puts r behind those of the same emoji, or begins a new emoji.
func addReaction(list []store.Reaction, r reaction) []store.Reaction {
	i := slices.IndexFunc(list, func(known store.Reaction) bool { return known.Emoji == r.emoji })
	if i < 0 {
		return append(list, store.Reaction{Emoji: r.emoji, UserIDs: []store.ID{r.userID}})
	}
	list[i].UserIDs = append(list[i].UserIDs, r.userID)
	return list
}

// SetReaction implements store.Messages.
func (t *Tx) SetReaction(ctx context.Context, messageID, userID store.ID, emoji string, on bool, at time.Time) (bool, error) {
	var n int64
	var err error
	if on {
		n, err = t.exec(ctx, "add reaction", `INSERT INTO reactions (message_id, user_id, emoji, at)
			VALUES ($1, $2, $3, $4) ON CONFLICT (message_id, emoji, user_id) DO NOTHING`,
			id(messageID), id(userID), emoji, t.at(at))
	} else {
		n, err = t.exec(ctx, "remove reaction", `DELETE FROM reactions
			WHERE message_id = $1 AND user_id = $2 AND emoji = $3`, id(messageID), id(userID), emoji)
	}
	return n > 0, err
}
