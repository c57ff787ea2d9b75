package chat

import (
	"context"
	"errors"

	"confab/internal/bus"
	"confab/internal/stamp"
	"confab/store"
)

// authorsScan is how many messages a moving watermark may pass over while their authors are still picked out one by
// one. Past it, which happens to somebody who was long away, all members are told: they may all see each other's
// watermarks anyway, and it is one event.
const authorsScan = 64

// Delivered says that this and all earlier messages of its chat have reached a device of the actor. session is left
// out of the echo to the actor's own devices.
func (s *Service) Delivered(ctx context.Context, actor, session, messageID store.ID) error {
	return s.receipt(ctx, actor, session, messageID, store.Delivered)
}

// Read says the same of reading, which implies delivery.
func (s *Service) Read(ctx context.Context, actor, session, messageID store.ID) error {
	return s.receipt(ctx, actor, session, messageID, store.Read)
}

// receipt moves a watermark and tells those who are concerned: the authors of the messages that it passed, and the
// actor's other devices. A watermark that does not move tells nobody.
//
// Those of one member are told in the order in which they were committed, by a lane of their own: a moved watermark has the
// membership's row locked until the commit, and its number, which is taken under that lock, stands for a revision. They
// have no place among the chat's revisions, which would have messages wait for receipts.
func (s *Service) receipt(ctx context.Context, actor, session, messageID store.ID, kind store.ReceiptKind) error {
	if err := wellFormed(messageID); err != nil {
		return err
	}
	var events []bus.Event
	var place *turn
	leave := func() {}
	defer func() {
		if place != nil {
			place.leave()
		}
		leave()
	}()
	var number int64
	err := s.store.Update(ctx, func(tx store.Tx) error {
		events = nil
		m, err := tx.Message(ctx, messageID)
		if err != nil {
			return err
		}
		if place == nil { // before the membership is locked; the transaction may run again
			leave = s.lanes.attend(m.ChatID) // first: who ends the turn of another publishes what that one has to tell
			place = s.receipts.enter(m.ChatID + actor)
		}
		before, err := tx.Member(ctx, m.ChatID, actor)
		if err != nil {
			return err
		}
		at := s.now()
		if moved, err := tx.AdvanceReceipt(ctx, m.ChatID, actor, kind, m.Seq, at); err != nil {
			return err
		} else if !moved {
			return errNothing
		}
		number = s.receiptCount.Add(1)
		me, err := tx.User(ctx, actor)
		if err != nil {
			return err
		}
		event := DeliveryStatusEvent{MessageID: m.ID, ChatID: m.ChatID, UserID: actor, Status: Status(kind), Seq: m.Seq, At: stamp.Of(at)}
		events = append(events, bus.Event{Name: EventDeliveryStatus, To: []store.ID{actor}, Except: session, Data: event})
		passed := before.ReadSeq
		if kind == store.Delivered {
			passed = before.DeliveredSeq
		} else if !me.ShareReadReceipts {
			if before.DeliveredSeq >= m.Seq {
				return nil // for the others nothing moved
			}
			event.Status, passed = StatusDelivered, before.DeliveredSeq
		}
		authors, err := concerned(ctx, tx, m.ChatID, actor, passed, m.Seq)
		if err != nil {
			return err
		}
		if len(authors) > 0 {
			events = append(events, bus.Event{Name: EventDeliveryStatus, To: authors, Data: event})
		}
		return nil
	})
	if errors.Is(err, errNothing) {
		return nil
	}
	if err != nil {
		return refusal(err)
	}
	place.publish(number, events...)
	return nil
}

// concerned lists the members, without the reader, who wrote one of the messages after (exclusive) up to (inclusive).
func concerned(ctx context.Context, tx store.Tx, chatID, reader store.ID, after, upTo int64) ([]store.ID, error) {
	members, err := tx.Members(ctx, chatID)
	if err != nil || len(members) <= 2 || upTo-after > authorsScan {
		return everybody(members, reader), err
	}
	passed, err := tx.Messages(ctx, store.MessageQuery{ChatID: chatID, After: &after, Limit: int(upTo - after)})
	if err != nil {
		return nil, err
	}
	wrote := map[store.ID]bool{}
	for _, m := range passed {
		wrote[m.UserID] = true
	}
	var authors []store.ID
	for _, m := range members {
		if m.UserID != reader && wrote[m.UserID] {
			authors = append(authors, m.UserID)
		}
	}
	return authors, nil
}

// Deliveries tells how far a message has come with each recipient who still is a member, in the order of joining.
func (s *Service) Deliveries(ctx context.Context, actor, messageID store.ID) (list []Delivery, err error) {
	if err := wellFormed(messageID); err != nil {
		return nil, err
	}
	err = s.view(ctx, func(tx store.Tx) error {
		m, err := tx.Message(ctx, messageID)
		if err != nil {
			return err
		}
		_, members, err := s.enter(ctx, tx, actor, m.ChatID)
		if err != nil {
			return err
		}
		marks, err := tx.ReceiptMarks(ctx, m.ChatID, m.Seq)
		if err != nil {
			return err
		}
		heard := &audience{members: members}
		if err := heard.ask(ctx, tx); err != nil {
			return err
		}
		list = heard.deliveries(m, marks, actor)
		return nil
	})
	return list, err
}

// deliveries joins recipients and marks as viewer may see them.
func (a *audience) deliveries(msg store.Message, marks []store.ReceiptMark, viewer store.ID) []Delivery {
	list := []Delivery{}
	place := map[store.ID]int{}
	for _, m := range a.members {
		if !recipient(m, msg) {
			continue
		}
		d := Delivery{UserID: m.UserID, Status: StatusSent}
		hidden := a.private[m.UserID] && m.UserID != viewer
		switch {
		case m.ReadSeq >= msg.Seq && !hidden:
			d.Status = StatusRead
		case m.DeliveredSeq >= msg.Seq:
			d.Status = StatusDelivered
		}
		place[m.UserID] = len(list)
		list = append(list, d)
	}
	for _, mark := range marks {
		i, in := place[mark.UserID]
		if !in {
			continue
		}
		d := &list[i]
		if mark.Kind == store.Delivered && d.Status != StatusSent {
			d.DeliveredAt = stampOf(mark.At)
		}
		if mark.Kind == store.Read && d.Status == StatusRead {
			d.ReadAt = stampOf(mark.At)
		}
	}
	return list
}
