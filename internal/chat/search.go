package chat

import (
	"context"
	"fmt"
	"slices"

	"confab/internal/fault"
	"confab/internal/text"
	"confab/store"
)

// The sizes of an answer to a search in messages.
const (
	DefaultHits = 20
	MaxHits     = 50
)

// SearchPage is a part of what a search in messages found, newest first.
type SearchPage struct {
	Items      []Message `json:"items"`
	NextCursor *string   `json:"nextCursor" doc:"Null at the end."`
}

// SearchMessages finds words, "phrases" and beginnings* in the actor's chats, or in one of them when chatID is set.
// cursor is a NextCursor, or empty for the beginning; limit 0 is DefaultHits. Refusals: not_found, invalid.
func (s *Service) SearchMessages(ctx context.Context, actor, chatID store.ID, q string, limit int, cursor string) (page SearchPage, err error) {
	if q, err = text.Query("q", q); err != nil {
		return SearchPage{}, err
	}
	if limit == 0 {
		limit = DefaultHits
	}
	if limit < 1 || limit > MaxHits {
		return SearchPage{}, fault.InvalidField("limit", fmt.Sprintf("must be 1 to %d", MaxHits))
	}
	if cursor != "" && wellFormed(store.ID(cursor)) != nil {
		return SearchPage{}, badCursor()
	}
	if chatID != "" && wellFormed(chatID) != nil {
		return SearchPage{}, notFound()
	}
	err = s.view(ctx, func(tx store.Tx) error {
		if chatID != "" {
			if _, _, err := s.enter(ctx, tx, actor, chatID); err != nil {
				return err
			}
		}
		found, err := tx.SearchMessages(ctx, actor, chatID, q, store.ID(cursor), limit+1)
		if err != nil {
			return err
		}
		page = SearchPage{Items: []Message{}}
		if len(found) > limit {
			found = found[:limit]
			next := string(found[limit-1].ID)
			page.NextCursor = &next
		}
		page.Items, err = s.messages(ctx, tx, found)
		return err
	})
	return page, err
}

// messages shows messages of several chats.
func (s *Service) messages(ctx context.Context, tx store.Tx, list []store.Message) ([]Message, error) {
	views := make([]Message, 0, len(list))
	if len(list) == 0 {
		return views, nil
	}
	var chats []store.ID
	for _, m := range list {
		chats = append(chats, m.ChatID)
	}
	slices.Sort(chats)
	members, err := tx.Members(ctx, slices.Compact(chats)...)
	if err != nil {
		return nil, err
	}
	heard := map[store.ID]*audience{}
	for _, m := range members {
		if heard[m.ChatID] == nil {
			heard[m.ChatID] = &audience{}
		}
		heard[m.ChatID].members = append(heard[m.ChatID].members, m)
	}
	for _, m := range list {
		status, err := heard[m.ChatID].statusOf(ctx, tx, m)
		if err != nil {
			return nil, err
		}
		views = append(views, s.message(m, status))
	}
	return views, nil
}
