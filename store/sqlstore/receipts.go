package sqlstore

import (
	"context"
	"fmt"
	"time"

	"confab/store"
)

// A mark for each kind whose watermark moved: reading also delivers, unless that had happened before.
const insertMarks = `INSERT INTO receipt_marks (chat_id, user_id, kind, seq, at)
	SELECT $1, $2, k.kind, $3, $4 FROM (SELECT 'delivered' AS kind UNION ALL SELECT 'read') k
	WHERE k.kind IN ('delivered', $5) AND NOT EXISTS (SELECT 1 FROM receipt_marks r
		WHERE r.chat_id = $1 AND r.user_id = $2 AND r.kind = k.kind AND r.seq >= $3)`

// AdvanceReceipt implements store.Receipts.
func (t *Tx) AdvanceReceipt(ctx context.Context, chatID, userID store.ID, kind store.ReceiptKind, seq int64, at time.Time) (bool, error) {
	const what = "advance receipt"
	var set, below string
	switch kind {
	case store.Delivered:
		set, below = `delivered_seq = $3`, `delivered_seq`
	case store.Read:
		set = `read_seq = $3, delivered_seq = CASE WHEN delivered_seq < $3 THEN $3 ELSE delivered_seq END`
		below = `read_seq`
	default:
		return false, failed(what, fmt.Errorf("no receipt is called %q", kind))
	}
	n, err := t.exec(ctx, what, `UPDATE members SET `+set+` WHERE chat_id = $1 AND user_id = $2 AND `+below+` < $3
		AND $3 <= (SELECT c.last_seq FROM chats c WHERE c.id = $1)`, id(chatID), id(userID), seq)
	if err != nil || n == 0 {
		return false, err
	}
	_, err = t.exec(ctx, what, insertMarks, id(chatID), id(userID), seq, t.at(at), string(kind))
	return err == nil, err
}

func scanMark(r Row) (m store.ReceiptMark, err error) {
	err = r.Scan(toID{&m.UserID}, &m.Kind, &m.Seq, toTime{&m.At})
	return m, err
}

// ReceiptMarks implements store.Receipts. Each member's lowest mark is one step in the primary key, however many marks
// there are above it.
func (t *Tx) ReceiptMarks(ctx context.Context, chatID store.ID, seq int64) ([]store.ReceiptMark, error) {
	return many(ctx, t, "list receipt marks", scanMark, `SELECT r.user_id, r.kind, r.seq, r.at FROM (
			SELECT m.user_id AS user_id, k.kind AS kind, (SELECT MIN(x.seq) FROM receipt_marks x
				WHERE x.chat_id = m.chat_id AND x.user_id = m.user_id AND x.kind = k.kind AND x.seq >= $2) AS seq
			FROM members m CROSS JOIN (SELECT 'delivered' AS kind UNION ALL SELECT 'read') k WHERE m.chat_id = $1) lowest
		JOIN receipt_marks r ON r.chat_id = $1 AND r.user_id = lowest.user_id AND r.kind = lowest.kind
			AND r.seq = lowest.seq
		ORDER BY r.user_id, r.kind`, id(chatID), seq)
}
