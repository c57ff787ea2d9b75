// Package sqlite keeps Confab's data in one SQLite file: what a self-hoster has without installing a database. The
// queries are sqlstore's; this package opens the file, runs its transactions and says what went wrong.
//
// Concurrency. SQLite has one writer at a time. One connection belongs to the writer goroutine (see writer), which lends
// it to the callers of Update in turn and commits for many of them at once; a few read-only connections serve View,
// which never waits for the writer (write-ahead log). Every commit is on the disk before Update returns
// (synchronous=FULL).
//
// Lifecycle. Open migrates, settles the epoch and starts the writer; Close lets running transactions end, refuses new
// ones, and folds the log into the file.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"

	"confab/store"
	"confab/store/sqlstore"

	_ "modernc.org/sqlite" // the driver
)

// ErrClosed is the answer to whoever comes after Close.
var ErrClosed = errors.New("the database is closed")

// readers is how many Views run at once. Reading is bound by the processor, so that more than a few connections only
// cost memory (each has a page cache); one that waits here waits for a millisecond or so.
const readers = 4

// Store is a SQLite database. It implements store.Store.
type Store struct {
	path    string
	log     *slog.Logger
	dialect *sqlstore.Dialect

	writing, reading *sql.DB
	writer           *writer
	idle             chan *session // read-only connections that nobody uses; nil: one that is to be opened

	epoch atomic.Value // a store.ID; set before Open returns

	closeOnce sync.Once
	closed    chan struct{}
	closeErr  error
}

var _ store.Store = (*Store)(nil)

// Open opens the database file at path, makes it when it is not there, and migrates it. The folder must exist. Errors
// are one line that says what to do.
func Open(ctx context.Context, path string, log *slog.Logger) (*Store, error) {
	if err := Migrate(ctx, path, log); err != nil {
		return nil, err
	}
	s := &Store{
		path: path, log: log, dialect: sqlstore.NewSQLite(),
		writing: openDB(path, writerPragmas), reading: openDB(path, readerPragmas),
		idle: make(chan *session, readers), closed: make(chan struct{}),
	}
	for range readers {
		s.idle <- nil
	}
	conn, err := newSession(ctx, s.writing)
	if err != nil {
		return nil, errors.Join(explain(path, err), s.writing.Close(), s.reading.Close())
	}
	s.writer = startWriter(conn, s.dialect)
	err = s.recognise(ctx)
	if err == nil {
		err = sqlstore.IndexDue(ctx, s.update, log)
	}
	if err != nil {
		return nil, errors.Join(explain(path, err), s.Close())
	}
	return s, nil
}

// The settings of a connection, beyond those of the file. busy_timeout (ms) is for other programs that write to the
// file: a backup, another confab command.
var (
	writerPragmas = []string{"busy_timeout(5000)", "foreign_keys(1)", "synchronous(FULL)", "journal_mode(WAL)",
		"temp_store(MEMORY)", "cache_size(-16000)", "wal_autocheckpoint(4000)", "journal_size_limit(67108864)"}
	readerPragmas = []string{"busy_timeout(5000)", "query_only(1)", "temp_store(MEMORY)", "cache_size(-8000)"}
)

// openDB names a database to database/sql; nothing is opened before its first use.
func openDB(path string, pragmas []string) *sql.DB {
	dsn := url.URL{Scheme: "file", Opaque: (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath()}
	dsn.RawQuery = url.Values{"_pragma": pragmas, "_txlock": {"immediate"}}.Encode()
	db, err := sql.Open("sqlite", dsn.String())
	if err != nil {
		panic(err) // only when the driver is not linked in
	}
	return db
}

// prepareFile makes the database file, readable by its owner alone, and finds out with the system's own words when it
// cannot be had.
func prepareFile(path string) error {
	if path == "" || strings.HasPrefix(path, ":") {
		return fmt.Errorf("sqlite: %q is no file name", path)
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("sqlite: the database file cannot be used: %w", err)
	}
	return f.Close()
}

// Update implements store.Store; see writer for how several share a commit.
func (s *Store) Update(ctx context.Context, fn func(store.Tx) error) error {
	return s.writer.run(ctx, func(tx *sqlstore.Tx) error { return fn(tx) })
}

// View implements store.Store.
func (s *Store) View(ctx context.Context, fn func(store.Tx) error) error {
	conn, err := s.reader(ctx)
	if err != nil {
		return err
	}
	if _, err := conn.Exec(ctx, "BEGIN"); err != nil {
		s.release(conn, err)
		return explain(s.path, err)
	}
	// Deferred, for a panic in fn must give the connection back too.
	defer func() {
		_, err := conn.Exec(context.Background(), "ROLLBACK")
		s.release(conn, err)
	}()
	return fn(sqlstore.NewReadTx(conn, s.dialect))
}

// reader takes an idle read-only connection.
func (s *Store) reader(ctx context.Context) (*session, error) {
	var conn *session
	select {
	case <-s.closed:
		return nil, ErrClosed
	default:
	}
	select {
	case conn = <-s.idle:
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-s.closed:
		return nil, ErrClosed
	}
	if conn != nil {
		return conn, nil
	}
	conn, err := newSession(ctx, s.reading)
	if err != nil {
		s.idle <- nil
		return nil, explain(s.path, err)
	}
	return conn, nil
}

// release gives a connection back; one that failed to end its transaction is closed, and another opened when needed.
func (s *Store) release(conn *session, err error) {
	if err != nil {
		conn.close()
		conn = nil
	}
	s.idle <- conn
}

// Ping implements store.Store.
func (s *Store) Ping(ctx context.Context) error {
	return s.View(ctx, func(tx store.Tx) error {
		_, err := tx.(*sqlstore.Tx).StoredEpoch(ctx)
		return err
	})
}

// Close implements store.Store.
func (s *Store) Close() error {
	s.closeOnce.Do(func() {
		if s.epoch.Load() != nil {
			s.closeErr = s.witness(context.Background())
		}
		close(s.closed)
		s.writer.close()
		for range readers {
			if conn := <-s.idle; conn != nil {
				conn.close()
			}
		}
		// The last connection to close folds the log into the file: it must be one that may write.
		s.closeErr = errors.Join(s.closeErr, s.reading.Close(), s.writing.Close())
	})
	return s.closeErr
}
