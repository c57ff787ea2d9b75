package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"confab/store"
)

// Tx is a transaction of either engine. It is used by one goroutine at a time and lives as long as its Conn.
type Tx struct {
	conn     Conn
	dialect  *Dialect
	readOnly bool

	unindexed *Unindexed // where messages wait for their words to be written; nil: they do not wait
}

var _ store.Tx = (*Tx)(nil)

// NewTx makes a Tx of an open transaction that may write.
func NewTx(conn Conn, d *Dialect) *Tx { return &Tx{conn: conn, dialect: d} }

// NewDeferringTx is NewTx for an engine that writes the words of several messages at once, before the commit. A search
// in the same transaction does not find them yet.
func NewDeferringTx(conn Conn, d *Dialect, u *Unindexed) *Tx {
	return &Tx{conn: conn, dialect: d, unindexed: u}
}

// NewReadTx makes a Tx of an open read-only transaction: it takes no locks.
func NewReadTx(conn Conn, d *Dialect) *Tx { return &Tx{conn: conn, dialect: d, readOnly: true} }

// exec runs a statement and tells how many rows it touched. what says what was being done.
func (t *Tx) exec(ctx context.Context, what, query string, args ...any) (int64, error) {
	if err := check(args); err != nil {
		return 0, failed(what, err)
	}
	n, err := t.conn.Exec(ctx, t.text(query), args...)
	return n, failed(what, err)
}

// execOne is exec for a statement that must touch a row; otherwise the answer is store.ErrNotFound.
func (t *Tx) execOne(ctx context.Context, what, query string, args ...any) error {
	n, err := t.exec(ctx, what, query, args...)
	if err == nil && n == 0 {
		return failed(what, store.ErrNotFound)
	}
	return err
}

// text gives the query as the engine wants it.
func (t *Tx) text(query string) string {
	if t.readOnly {
		query = strings.TrimSuffix(query, "{lock}")
	}
	return t.dialect.sql(query)
}

// one reads a single row; there being none is store.ErrNotFound.
func one[T any](ctx context.Context, t *Tx, what string, scan func(Row) (T, error), query string, args ...any) (T, error) {
	var none T
	if err := check(args); err != nil {
		return none, failed(what, err)
	}
	v, err := scan(t.conn.QueryRow(ctx, t.text(query), args...))
	if errors.Is(err, sql.ErrNoRows) {
		err = store.ErrNotFound
	}
	if err != nil {
		return none, failed(what, err)
	}
	return v, nil
}

// many reads all rows.
func many[T any](ctx context.Context, t *Tx, what string, scan func(Row) (T, error), query string, args ...any) ([]T, error) {
	if err := check(args); err != nil {
		return nil, failed(what, err)
	}
	rows, err := t.conn.Query(ctx, t.text(query), args...)
	if err != nil {
		return nil, failed(what, err)
	}
	defer rows.Close()
	var list []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, failed(what, err)
		}
		list = append(list, v)
	}
	return list, failed(what, rows.Err())
}

// failed adds what was being done to an error.
func failed(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}

// scanID reads a row of one id.
func scanID(r Row) (v store.ID, err error) {
	err = r.Scan(toID{&v})
	return v, err
}

// scanText reads a row of one text.
func scanText(r Row) (v string, err error) {
	err = r.Scan(&v)
	return v, err
}
