package postgres

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"confab/store"
	"confab/store/sqlstore"
)

// attempts is how often a transaction that lost a race is run. Locks are taken in one order, so that losing twice is
// rare already; a caller that loses this often has met a bug rather than bad luck.
const attempts = 5

// retryPause is the longest pause before the second attempt; it doubles with each. PostgreSQL has by then waited for
// its deadlock_timeout (1 s), so that this only keeps the losers apart.
const retryPause = 10 * time.Millisecond

// View implements store.Store.
func (s *Store) View(ctx context.Context, fn func(store.Tx) error) error {
	options := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	return pgx.BeginTxFunc(ctx, s.pool, options, func(tx pgx.Tx) error {
		return fn(sqlstore.NewReadTx(conn{tx}, s.dialect))
	})
}

// Update implements store.Store.
func (s *Store) Update(ctx context.Context, fn func(store.Tx) error) error {
	return s.update(ctx, func(tx *sqlstore.Tx) error { return fn(tx) })
}

func (s *Store) update(ctx context.Context, fn func(*sqlstore.Tx) error) error {
	for attempt := 1; ; attempt++ {
		err := pgx.BeginTxFunc(ctx, s.pool, pgx.TxOptions{IsoLevel: pgx.ReadCommitted}, func(tx pgx.Tx) error {
			return fn(sqlstore.NewTx(conn{tx}, s.dialect))
		})
		if attempt == attempts || !lostRace(err) {
			return err
		}
		pause := rand.N(retryPause << (attempt - 1))
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return err
		}
	}
}

// lostRace tells whether PostgreSQL gave the transaction up in favour of another one.
func lostRace(err error) bool {
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		return false
	}
	return e.Code == "40001" || e.Code == "40P01" // serialization_failure, deadlock_detected
}

// conn is a transaction as sqlstore wants it.
type conn struct{ tx pgx.Tx }

var _ sqlstore.Conn = conn{}

// Exec implements sqlstore.Conn.
func (c conn) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	tag, err := c.tx.Exec(ctx, query, args...)
	return tag.RowsAffected(), translate(err)
}

// Query implements sqlstore.Conn.
func (c conn) Query(ctx context.Context, query string, args ...any) (sqlstore.Rows, error) {
	r, err := c.tx.Query(ctx, query, args...)
	if err != nil {
		return nil, translate(err)
	}
	return rows{r}, nil
}

// QueryRow implements sqlstore.Conn.
func (c conn) QueryRow(ctx context.Context, query string, args ...any) sqlstore.Row {
	return row{c.tx.QueryRow(ctx, query, args...)}
}

type row struct{ pgx.Row }

func (r row) Scan(dest ...any) error { return translate(r.Row.Scan(dest...)) }

type rows struct{ pgx.Rows }

func (r rows) Err() error { return translate(r.Rows.Err()) }

// translate turns PostgreSQL's constraint errors into those of the seam.
func translate(err error) error {
	var e *pgconn.PgError
	if err == nil || !errors.As(err, &e) {
		return err
	}
	switch e.Code {
	case "23505": // unique_violation
		return &sqlstore.UniqueViolation{Constraint: e.ConstraintName, Cause: err}
	case "23503": // foreign_key_violation
		return errors.Join(store.ErrNotFound, err)
	}
	return err
}
