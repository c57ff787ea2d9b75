package storetest

import (
	"fmt"

	"confab/store"
)

// conversation makes a chat of two with n messages of the first.
func (w *world) conversation(n int) (c store.Chat, author, reader store.User) {
	author, reader = w.user("author"), w.user("reader")
	c = w.group(author, reader)
	for i := range n {
		w.send(c, author, fmt.Sprint(i+1))
	}
	return c, author, reader
}

// receipt moves a watermark and tells whether it moved.
func (w *world) receipt(c store.Chat, u store.User, kind store.ReceiptKind, seq int64, at int) bool {
	var moved bool
	w.update(func(tx store.Tx) (err error) {
		moved, err = tx.AdvanceReceipt(w.Context(), c.ID, u.ID, kind, seq, after(at))
		return err
	})
	return moved
}

var receiptCases = []testCase{
	{"watermarks move forward and only there", func(w *world) {
		c, _, reader := w.conversation(5)
		for i, step := range []struct {
			kind            store.ReceiptKind
			seq             int64
			moved           bool
			delivered, read int64
		}{
			{store.Delivered, 2, true, 2, 0},
			{store.Delivered, 2, false, 2, 0},
			{store.Delivered, 1, false, 2, 0},
			{store.Read, 1, true, 2, 1},
			{store.Read, 4, true, 4, 4},
			{store.Delivered, 3, false, 4, 4},
			{store.Read, 6, false, 4, 4}, // past the last message
			{store.Delivered, 1 << 62, false, 4, 4},
			{store.Read, -1, false, 4, 4},
			{store.Delivered, 5, true, 5, 4},
		} {
			moved := w.receipt(c, reader, step.kind, step.seq, i)
			m := read(w, func(tx store.Tx) (store.Member, error) { return tx.Member(w.Context(), c.ID, reader.ID) })
			equal(w, fmt.Sprintf("step %d", i),
				fmt.Sprint(moved, m.DeliveredSeq, m.ReadSeq), fmt.Sprint(step.moved, step.delivered, step.read))
		}
	}},
	{"who is no member has no watermark", func(w *world) {
		c, _, _ := w.conversation(1)
		equal(w, "moved", w.receipt(c, w.user("stranger"), store.Read, 1, 0), false)
	}},
	{"marks tell when a message was delivered and read", func(w *world) {
		c, author, reader := w.conversation(6)
		w.receipt(c, reader, store.Delivered, 2, 1)
		w.receipt(c, reader, store.Read, 3, 2) // delivers 3 too
		w.receipt(c, reader, store.Delivered, 5, 3)
		w.receipt(c, reader, store.Read, 5, 4) // delivered long before
		w.receipt(c, author, store.Read, 6, 5)
		mark := func(u store.User, kind store.ReceiptKind, seq int64, at int) store.ReceiptMark {
			return store.ReceiptMark{UserID: u.ID, Kind: kind, Seq: seq, At: after(at)}
		}
		for _, step := range []struct {
			seq  int64
			want []store.ReceiptMark
		}{
			{1, []store.ReceiptMark{mark(reader, store.Delivered, 2, 1), mark(reader, store.Read, 3, 2)}},
			{3, []store.ReceiptMark{mark(reader, store.Delivered, 3, 2), mark(reader, store.Read, 3, 2)}},
			{4, []store.ReceiptMark{mark(reader, store.Delivered, 5, 3), mark(reader, store.Read, 5, 4)}},
			{6, nil},
		} {
			got := read(w, func(tx store.Tx) ([]store.ReceiptMark, error) { return tx.ReceiptMarks(w.Context(), c.ID, step.seq) })
			var readers []store.ReceiptMark
			for _, m := range got {
				if m.UserID == reader.ID {
					readers = append(readers, m)
				}
			}
			equal(w, fmt.Sprintf("message %d", step.seq), readers, step.want)
			equal(w, fmt.Sprintf("message %d, the author's", step.seq), len(got)-len(readers), 2)
		}
	}},
	{"an unknown kind is refused", func(w *world) {
		c, _, reader := w.conversation(1)
		err := w.s.Update(w.Context(), func(tx store.Tx) error {
			return second(tx.AdvanceReceipt(w.Context(), c.ID, reader.ID, "seen", 1, start))
		})
		if err == nil {
			w.Error("want an error")
		}
	}},
}
