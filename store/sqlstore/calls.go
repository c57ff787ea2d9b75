package sqlstore

import (
	"context"
	"time"

	"confab/store"
)

const callColumns = `c.id, c.chat_id, c.started_by, c.started_at, c.answered_at, c.ended_at, c.end_reason`

func scanCall(r Row) (c store.Call, err error) {
	err = r.Scan(toID{&c.ID}, toID{&c.ChatID}, toID{&c.StartedBy}, toTime{&c.StartedAt}, toTimePointer{&c.AnsweredAt},
		toTimePointer{&c.EndedAt}, &c.EndReason)
	return c, err
}

// CreateCall implements store.Calls.
func (t *Tx) CreateCall(ctx context.Context, c store.Call) error {
	const what = "create call"
	_, err := t.exec(ctx, what, `INSERT INTO calls (id, chat_id, started_by, started_at, answered_at, ended_at, end_reason)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		id(c.ID), id(c.ChatID), id(c.StartedBy), t.at(c.StartedAt), t.atOrNone(c.AnsweredAt), t.atOrNone(c.EndedAt),
		c.EndReason)
	if err != nil {
		return err
	}
	for _, p := range c.Participants {
		if err := t.AddCallParticipant(ctx, c.ID, p); err != nil {
			return failed(what, err)
		}
	}
	return nil
}

// Call implements store.Calls.
func (t *Tx) Call(ctx context.Context, callID store.ID) (store.Call, error) {
	c, err := one(ctx, t, "find call", scanCall, `SELECT `+callColumns+` FROM calls c WHERE c.id = $1`, id(callID))
	if err != nil {
		return c, err
	}
	list := []store.Call{c}
	err = t.fillCalls(ctx, list)
	return list[0], err
}

// UpdateCall implements store.Calls.
func (t *Tx) UpdateCall(ctx context.Context, c store.Call) error {
	return t.execOne(ctx, "update call", `UPDATE calls SET answered_at = $2, ended_at = $3, end_reason = $4 WHERE id = $1`,
		id(c.ID), t.atOrNone(c.AnsweredAt), t.atOrNone(c.EndedAt), c.EndReason)
}

// AddCallParticipant implements store.Calls.
func (t *Tx) AddCallParticipant(ctx context.Context, callID store.ID, p store.CallParticipant) error {
	_, err := t.exec(ctx, "add call participant", `INSERT INTO call_participants (id, call_id, user_id, joined_at, left_at)
		VALUES ($1, $2, $3, $4, $5)`, id(p.ID), id(callID), id(p.UserID), t.at(p.JoinedAt), t.atOrNone(p.LeftAt))
	return err
}

// EndCallParticipant implements store.Calls.
func (t *Tx) EndCallParticipant(ctx context.Context, participantID store.ID, at time.Time) error {
	return t.execOne(ctx, "end call participant", `UPDATE call_participants SET left_at = $2 WHERE id = $1`,
		id(participantID), t.at(at))
}

// CallsOf implements store.Calls.
func (t *Tx) CallsOf(ctx context.Context, userID, chatID store.ID, p store.Page) ([]store.Call, error) {
	before, beforeID := pageStart(p)
	where := `JOIN members m ON m.chat_id = c.chat_id AND m.user_id = $1 WHERE (c.started_at, c.id) < ($2, $3)`
	args := []any{id(userID), t.at(before), id(beforeID), p.Limit}
	if chatID != "" {
		where += ` AND c.chat_id = $5`
		args = append(args, id(chatID))
	}
	return t.calls(ctx, "list calls", where+` ORDER BY c.started_at DESC, c.id DESC LIMIT $4`, args...)
}

// OpenCalls implements store.Calls.
func (t *Tx) OpenCalls(ctx context.Context) ([]store.Call, error) {
	return t.calls(ctx, "list open calls", `WHERE c.ended_at IS NULL ORDER BY c.started_at, c.id`)
}

// calls reads calls whole.
func (t *Tx) calls(ctx context.Context, what, where string, args ...any) ([]store.Call, error) {
	list, err := many(ctx, t, what, scanCall, `SELECT `+callColumns+` FROM calls c `+where, args...)
	if err != nil {
		return nil, err
	}
	return list, t.fillCalls(ctx, list)
}

// leg is a participant together with the call it belongs to.
type leg struct {
	callID store.ID
	store.CallParticipant
}

func scanLeg(r Row) (l leg, err error) {
	err = r.Scan(toID{&l.callID}, toID{&l.ID}, toID{&l.UserID}, toTime{&l.JoinedAt}, toTimePointer{&l.LeftAt})
	return l, err
}

// fillCalls reads the participants of calls, in the order of joining.
func (t *Tx) fillCalls(ctx context.Context, list []store.Call) error {
	if len(list) == 0 {
		return nil
	}
	index := make(map[store.ID]*store.Call, len(list))
	callIDs := make([]store.ID, len(list))
	for i := range list {
		index[list[i].ID] = &list[i]
		callIDs[i] = list[i].ID
	}
	legs, err := many(ctx, t, "list call participants", scanLeg, `SELECT p.call_id, p.id, p.user_id, p.joined_at, p.left_at
		FROM call_participants p WHERE p.call_id IN {$1} ORDER BY p.call_id, p.joined_at, p.id`, t.ids(callIDs))
	if err != nil {
		return err
	}
	for _, l := range legs {
		c := index[l.callID]
		c.Participants = append(c.Participants, l.CallParticipant)
	}
	return nil
}
