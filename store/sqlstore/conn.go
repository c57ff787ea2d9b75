package sqlstore

import "context"

// Conn is one open transaction of an engine. Errors for a broken unique constraint come as *UniqueViolation and for a
// reference to a row that does not exist as store.ErrNotFound (wrapped); "no row" is sql.ErrNoRows.
type Conn interface {
	// Exec runs a statement and tells how many rows it touched.
	Exec(ctx context.Context, query string, args ...any) (int64, error)
	// Query runs a statement that answers with rows. They are closed before the next call on the Conn.
	Query(ctx context.Context, query string, args ...any) (Rows, error)
	// QueryRow is Query for the first row; its error comes from Scan.
	QueryRow(ctx context.Context, query string, args ...any) Row
}

// Row is one row to be read.
type Row interface {
	Scan(dest ...any) error
}

// Rows is a result that is read row by row. Err tells, after Next said no, whether that was the end or a failure.
type Rows interface {
	Row
	Next() bool
	Err() error
	Close()
}

// UniqueViolation says that a statement would have made a second row where only one may be.
type UniqueViolation struct {
	Constraint string // the constraint's name, or the columns it is made of: whichever the engine tells
	Cause      error
}

func (e *UniqueViolation) Error() string { return "already there: " + e.Constraint }

func (e *UniqueViolation) Unwrap() error { return e.Cause }
