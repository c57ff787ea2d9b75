package chat

import (
	"context"
	"fmt"

	"confab/internal/fault"
	"confab/store"
)

// The sizes of a page of history. The largest keeps an answer of the longest messages under a few megabytes.
const (
	DefaultMessages = 50
	MaxMessages     = 200
)

// History lists messages of a chat: the newest, those before or after a seq (in order of seq), or what was added or
// changed since a rev (in order of rev). Limit 0 is DefaultMessages. Refusals: not_found, invalid.
func (s *Service) History(ctx context.Context, actor store.ID, q store.MessageQuery) (page MessagePage, err error) {
	if q, err = completed(q); err != nil {
		return MessagePage{}, err
	}
	err = s.view(ctx, func(tx store.Tx) error {
		c, members, err := s.enter(ctx, tx, actor, q.ChatID)
		if err != nil {
			return err
		}
		more := q
		more.Limit++ // one that is only looked at, to know whether there is more
		list, err := tx.Messages(ctx, more)
		if err != nil {
			return err
		}
		page = MessagePage{LastSeq: c.LastSeq, LastRev: c.LastRev, HasMore: len(list) > q.Limit}
		if page.HasMore {
			if q.After != nil || q.SinceRev != nil {
				list = list[:q.Limit]
			} else {
				list = list[1:]
			}
		}
		page.Items, err = s.withStatus(ctx, tx, &audience{members: members}, list)
		return err
	})
	return page, err
}

// Message reads one message, a tombstone too. Refusal: not_found.
func (s *Service) Message(ctx context.Context, actor, messageID store.ID) (view Message, err error) {
	if err := wellFormed(messageID); err != nil {
		return Message{}, err
	}
	err = s.view(ctx, func(tx store.Tx) error {
		m, err := tx.Message(ctx, messageID)
		if err != nil {
			return err
		}
		if _, _, err := s.enter(ctx, tx, actor, m.ChatID); err != nil {
			return err
		}
		list, err := s.messages(ctx, tx, []store.Message{m})
		if err == nil {
			view = list[0]
		}
		return err
	})
	return view, err
}

// withStatus shows messages of a chat with their statuses.
func (s *Service) withStatus(ctx context.Context, tx store.Tx, heard *audience, list []store.Message) ([]Message, error) {
	shown := make([]Message, 0, len(list))
	for _, m := range list {
		status, err := heard.statusOf(ctx, tx, m)
		if err != nil {
			return nil, err
		}
		shown = append(shown, s.message(m, status))
	}
	return shown, nil
}

// completed checks a query, and gives it the limit that was left out.
func completed(q store.MessageQuery) (store.MessageQuery, error) {
	if err := wellFormed(q.ChatID); err != nil {
		return q, err
	}
	if q.Limit == 0 {
		q.Limit = DefaultMessages
	}
	return q, checkQuery(q)
}

func checkQuery(q store.MessageQuery) error {
	if q.Limit < 1 || q.Limit > MaxMessages {
		return fault.InvalidField("limit", fmt.Sprintf("must be 1 to %d", MaxMessages))
	}
	given := 0
	for _, b := range []struct {
		field string
		value *int64
	}{{"before", q.Before}, {"after", q.After}, {"sinceRev", q.SinceRev}} {
		if b.value == nil {
			continue
		}
		if *b.value < 0 {
			return fault.InvalidField(b.field, "must not be negative")
		}
		if given++; given > 1 {
			return fault.InvalidField(b.field, "only one of before, after and sinceRev may be given")
		}
	}
	return nil
}
