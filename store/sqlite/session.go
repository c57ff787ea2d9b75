package sqlite

import (
	"context"
	"database/sql"
	"errors"

	driver "modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"confab/store"
	"confab/store/sqlstore"
)

// session is one connection with the statements it has prepared. It is used by one goroutine at a time: whoever took it
// from the idle ones or was lent it by the writer.
//
// A cancelled context is noticed between statements and between rows, never inside one: SQLite answers an interrupted
// write by rolling back the whole transaction, which on the writer holds other people's work, and the statements here
// are short.
type session struct {
	conn *sql.Conn
	// By text. Bounded by the number of queries in sqlstore, all of them constants.
	prepared map[string]*sql.Stmt
}

var _ sqlstore.Conn = (*session)(nil)

func newSession(ctx context.Context, db *sql.DB) (*session, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	return &session{conn: conn, prepared: make(map[string]*sql.Stmt)}, nil
}

// close ends the connection; there is nothing left to be lost by a failure.
func (s *session) close() {
	for _, stmt := range s.prepared {
		stmt.Close()
	}
	s.conn.Close()
}

// statement finds or makes the prepared form of a query.
func (s *session) statement(ctx context.Context, query string) (*sql.Stmt, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if stmt := s.prepared[query]; stmt != nil {
		return stmt, nil
	}
	stmt, err := s.conn.PrepareContext(context.Background(), query)
	if err != nil {
		return nil, err
	}
	s.prepared[query] = stmt
	return stmt, nil
}

// Exec implements sqlstore.Conn.
func (s *session) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	stmt, err := s.statement(ctx, query)
	if err != nil {
		return 0, err
	}
	result, err := stmt.Exec(args...)
	if err != nil {
		return 0, translate(err)
	}
	return result.RowsAffected()
}

// Query implements sqlstore.Conn.
func (s *session) Query(ctx context.Context, query string, args ...any) (sqlstore.Rows, error) {
	stmt, err := s.statement(ctx, query)
	if err != nil {
		return nil, err
	}
	r, err := stmt.Query(args...)
	if err != nil {
		return nil, translate(err)
	}
	return &rows{Rows: r, ctx: ctx}, nil
}

// QueryRow implements sqlstore.Conn.
func (s *session) QueryRow(ctx context.Context, query string, args ...any) sqlstore.Row {
	stmt, err := s.statement(ctx, query)
	if err != nil {
		return failedRow{err}
	}
	return row{stmt.QueryRow(args...)}
}

// failedRow is a row whose query could not be asked.
type failedRow struct{ err error }

func (r failedRow) Scan(...any) error { return r.err }

type row struct{ *sql.Row }

func (r row) Scan(dest ...any) error { return translate(r.Row.Scan(dest...)) }

type rows struct {
	*sql.Rows
	ctx context.Context
}

func (r *rows) Next() bool { return r.ctx.Err() == nil && r.Rows.Next() }

func (r *rows) Err() error {
	if err := r.ctx.Err(); err != nil {
		return err
	}
	return translate(r.Rows.Err())
}

func (r *rows) Close() { r.Rows.Close() }

// translate turns the driver's constraint errors into those of the seam.
func translate(err error) error {
	var e *driver.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Code() {
	case lib.SQLITE_CONSTRAINT_UNIQUE, lib.SQLITE_CONSTRAINT_PRIMARYKEY, lib.SQLITE_CONSTRAINT_ROWID:
		return &sqlstore.UniqueViolation{Constraint: e.Error(), Cause: err}
	case lib.SQLITE_CONSTRAINT_FOREIGNKEY:
		return errors.Join(store.ErrNotFound, err)
	}
	return err
}
