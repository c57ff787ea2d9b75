package chat

import (
	"context"

	"confab/store"
)

// audience is the members of a chat as recipients.
type audience struct {
	members []store.Member
	private map[store.ID]bool // who does not share read receipts; nil: not asked yet
}

// recipient tells whether a message was meant for a member: somebody else's, sent after they came.
func recipient(m store.Member, msg store.Message) bool {
	return m.UserID != msg.UserID && m.JoinedSeq < msg.Seq
}

// statusOf is the weakest status over the recipients, and "sent" where there are none. Who shares read receipts is only
// looked up when everybody has read.
func (a *audience) statusOf(ctx context.Context, tx store.Tx, msg store.Message) (Status, error) {
	status := StatusRead
	anybody := false
	for _, m := range a.members {
		if !recipient(m, msg) {
			continue
		}
		anybody = true
		switch {
		case m.DeliveredSeq < msg.Seq:
			return StatusSent, nil
		case m.ReadSeq < msg.Seq:
			status = StatusDelivered
		}
	}
	if !anybody {
		return StatusSent, nil
	}
	if status == StatusDelivered {
		return status, nil
	}
	if err := a.ask(ctx, tx); err != nil {
		return "", err
	}
	for _, m := range a.members {
		if recipient(m, msg) && a.private[m.UserID] {
			return StatusDelivered, nil
		}
	}
	return StatusRead, nil
}

// ask finds out who shares read receipts.
func (a *audience) ask(ctx context.Context, tx store.Tx) error {
	if a.private != nil {
		return nil
	}
	users, err := tx.UsersByID(ctx, everybody(a.members))
	if err != nil {
		return err
	}
	a.know(users)
	return nil
}

func (a *audience) know(users []store.User) {
	a.private = make(map[store.ID]bool)
	for _, u := range users {
		if !u.ShareReadReceipts {
			a.private[u.ID] = true
		}
	}
}
