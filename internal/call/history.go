package call

import (
	"context"
	"fmt"

	"confab/internal/chat"
	"confab/internal/fault"
	"confab/internal/stamp"
	"confab/store"
)

// The sizes of a page of the history.
const (
	DefaultRecords = 50
	MaxRecords     = 100
)

// History lists calls of the actor's chats, or of one of them when chatID is set, newest first. cursor is a NextCursor,
// or empty for the beginning; limit 0 is DefaultRecords.
func (s *Service) History(ctx context.Context, actor, chatID store.ID, limit int, cursor string) (RecordPage, error) {
	if limit == 0 {
		limit = DefaultRecords
	}
	if limit < 1 || limit > MaxRecords {
		return RecordPage{}, fault.InvalidField("limit", fmt.Sprintf("must be 1 to %d", MaxRecords))
	}
	p, err := chat.ParseCursor(cursor)
	if err != nil {
		return RecordPage{}, err
	}
	if chatID != "" {
		// A block stops calls from now on; what was may still be read.
		if _, err := s.cfg.Chats.Enter(ctx, actor, chatID); err != nil && fault.From(err).Kind != fault.Forbidden {
			return RecordPage{}, err
		}
	}
	p.Limit = limit + 1
	var rows []store.Call
	err = s.cfg.Store.View(ctx, func(tx store.Tx) (err error) {
		rows, err = tx.CallsOf(ctx, actor, chatID, p)
		return err
	})
	if err != nil {
		return RecordPage{}, err
	}
	page := RecordPage{Items: []Record{}}
	if len(rows) > limit {
		rows = rows[:limit]
		next := chat.Cursor(rows[limit-1].StartedAt, rows[limit-1].ID)
		page.NextCursor = &next
	}
	for _, row := range rows {
		page.Items = append(page.Items, RecordOf(row))
	}
	return page, nil
}

// RecordOf shows a call to a member of its chat.
func RecordOf(row store.Call) Record {
	r := Record{
		ID: row.ID, ChatID: row.ChatID, StartedBy: row.StartedBy, StartedAt: stamp.Of(row.StartedAt),
		AnsweredAt: stamp.OfPtr(row.AnsweredAt), EndedAt: stamp.OfPtr(row.EndedAt), EndReason: row.EndReason,
		Participants: []RecordParticipant{},
	}
	for _, p := range row.Participants {
		r.Participants = append(r.Participants, RecordParticipant{p.ID, p.UserID, stamp.Of(p.JoinedAt), stamp.OfPtr(p.LeftAt)})
	}
	return r
}
