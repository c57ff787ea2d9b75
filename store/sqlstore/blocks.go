package sqlstore

import (
	"context"
	"time"

	"confab/store"
)

// SetBlock implements store.Blocks.
func (t *Tx) SetBlock(ctx context.Context, userID, blocked store.ID, on bool, at time.Time) (bool, error) {
	var n int64
	var err error
	if on {
		n, err = t.exec(ctx, "block user", `INSERT INTO blocks (user_id, blocked_id, at) VALUES ($1, $2, $3)
			ON CONFLICT (user_id, blocked_id) DO NOTHING`, id(userID), id(blocked), t.at(at))
	} else {
		n, err = t.exec(ctx, "unblock user", `DELETE FROM blocks WHERE user_id = $1 AND blocked_id = $2`,
			id(userID), id(blocked))
	}
	return n > 0, err
}

func scanBlock(r Row) (b store.Block, err error) {
	err = r.Scan(toID{&b.UserID}, toTime{&b.At})
	return b, err
}

// Blocks implements store.Blocks.
func (t *Tx) Blocks(ctx context.Context, userID store.ID) ([]store.Block, error) {
	return many(ctx, t, "list blocks", scanBlock, `SELECT blocked_id, at FROM blocks
		WHERE user_id = $1 ORDER BY at DESC, blocked_id DESC`, id(userID))
}

// BlockBetween implements store.Blocks.
func (t *Tx) BlockBetween(ctx context.Context, a, b store.ID) (bool, error) {
	found, err := many(ctx, t, "find block", scanBlock, `SELECT blocked_id, at FROM blocks
		WHERE user_id = $1 AND blocked_id = $2 OR user_id = $2 AND blocked_id = $1`, id(a), id(b))
	return len(found) > 0, err
}
