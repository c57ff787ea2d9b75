package chat

import (
	"context"

	"confab/store"
)

// Mentions lists the messages by others that name the actor in a chat, past a seq, or past what the actor has read when
// after is nil; in order of seq. Limit 0 is DefaultMessages. Refusals: not_found, invalid.
func (s *Service) Mentions(ctx context.Context, actor, chatID store.ID, after *int64, limit int) (page MessagePage, err error) {
	q, err := completed(store.MessageQuery{ChatID: chatID, After: after, Limit: limit})
	if err != nil {
		return MessagePage{}, err
	}
	err = s.view(ctx, func(tx store.Tx) error {
		c, members, err := s.enter(ctx, tx, actor, chatID)
		if err != nil {
			return err
		}
		if q.After == nil {
			me, _ := memberOf(members, actor)
			q.After = &me.ReadSeq
		}
		list, err := tx.MentionsAfter(ctx, actor, chatID, *q.After, q.Limit+1)
		if err != nil {
			return err
		}
		page = MessagePage{LastSeq: c.LastSeq, LastRev: c.LastRev, HasMore: len(list) > q.Limit}
		page.Items, err = s.withStatus(ctx, tx, &audience{members: members}, list[:min(len(list), q.Limit)])
		return err
	})
	return page, err
}
