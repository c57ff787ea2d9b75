package sqlstore

import (
	"context"
	"time"

	"confab/store"
)

const sessionColumns = `id, user_id, generation, rotated_at, user_agent, address, created_at, last_used_at, expires_at,
	revoked_at`

func scanSession(r Row) (s store.Session, err error) {
	err = r.Scan(toID{&s.ID}, toID{&s.UserID}, &s.Generation, toTime{&s.RotatedAt}, &s.UserAgent, &s.Address,
		toTime{&s.CreatedAt}, toTime{&s.LastUsedAt}, toTime{&s.ExpiresAt}, toTimePointer{&s.RevokedAt})
	return s, err
}

// CreateSession implements store.Sessions.
func (t *Tx) CreateSession(ctx context.Context, s store.Session) error {
	_, err := t.exec(ctx, "create session", `INSERT INTO sessions (`+sessionColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		id(s.ID), id(s.UserID), s.Generation, t.at(s.RotatedAt), s.UserAgent, s.Address, t.at(s.CreatedAt),
		t.at(s.LastUsedAt), t.at(s.ExpiresAt), t.atOrNone(s.RevokedAt))
	return err
}

// Session implements store.Sessions.
func (t *Tx) Session(ctx context.Context, sessionID store.ID) (store.Session, error) {
	return one(ctx, t, "find session", scanSession,
		`SELECT `+sessionColumns+` FROM sessions WHERE id = $1 {lock}`, id(sessionID))
}

// UpdateSession implements store.Sessions.
func (t *Tx) UpdateSession(ctx context.Context, s store.Session) error {
	return t.execOne(ctx, "update session", `UPDATE sessions SET generation = $2, rotated_at = $3, user_agent = $4,
			address = $5, last_used_at = $6, expires_at = $7, revoked_at = $8
		WHERE id = $1`,
		id(s.ID), s.Generation, t.at(s.RotatedAt), s.UserAgent, s.Address, t.at(s.LastUsedAt), t.at(s.ExpiresAt),
		t.atOrNone(s.RevokedAt))
}

// SessionsOf implements store.Sessions.
func (t *Tx) SessionsOf(ctx context.Context, userID store.ID, now time.Time) ([]store.Session, error) {
	return many(ctx, t, "list sessions", scanSession, `SELECT `+sessionColumns+` FROM sessions
		WHERE user_id = $1 AND revoked_at IS NULL AND expires_at > $2
		ORDER BY last_used_at DESC, id DESC`, id(userID), t.at(now))
}

// DeleteSessionsBefore implements store.Sessions.
func (t *Tx) DeleteSessionsBefore(ctx context.Context, before time.Time) (int64, error) {
	return t.exec(ctx, "delete old sessions", `DELETE FROM sessions WHERE expires_at < $1 OR revoked_at < $1`, t.at(before))
}
