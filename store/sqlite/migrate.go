package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"github.com/pressly/goose/v3"
	driver "modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"confab/migrations"
	"confab/store/sqlstore"
)

// Migrate makes the database file when it is not there, brings its schema up to date, and does nothing else. Processes
// that start at the same moment take turns.
func Migrate(ctx context.Context, path string, log *slog.Logger) (err error) {
	if err := prepareFile(path); err != nil {
		return err
	}
	unlock, err := lock(ctx, path)
	if err != nil {
		return explain(path, err)
	}
	defer func() { err = errors.Join(err, explain(path, unlock())) }()
	current, err := upToDate(ctx, path)
	if err != nil || current {
		return explain(path, err)
	}
	db := openDB(path, writerPragmas)
	db.SetMaxOpenConns(1)
	files, err := migrations.SQLite()
	if err == nil {
		err = sqlstore.Migrate(ctx, goose.DialectSQLite3, db, files, log)
	}
	return explain(path, errors.Join(err, db.Close()))
}

// Pending tells whether the schema is still to be brought up to date, and changes nothing: for whoever only looks. A file
// that is not there is fs.ErrNotExist.
func Pending(ctx context.Context, path string) (bool, error) {
	if _, err := os.Stat(path); err != nil { // to open it would make it
		return false, fmt.Errorf("sqlite: %w", err)
	}
	current, err := upToDate(ctx, path)
	return !current && err == nil, explain(path, err)
}

// lock keeps other processes from migrating the same file until unlock. The lock is an exclusive transaction on a second,
// empty database beside the first: SQLite's locks work on every system, wait, and end with the process. The first itself
// cannot serve, since goose needs transactions of its own there.
func lock(ctx context.Context, path string) (unlock func() error, err error) {
	if err := prepareFile(path + ".lock"); err != nil {
		return nil, err
	}
	db := openDB(path+".lock", []string{"busy_timeout(60000)"})
	conn, err := db.Conn(ctx)
	if err == nil {
		_, err = conn.ExecContext(ctx, "BEGIN EXCLUSIVE")
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return func() error {
		_, err := conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
		return errors.Join(err, conn.Close(), db.Close())
	}, nil
}

// upToDate tells whether the schema needs no change.
func upToDate(ctx context.Context, path string) (bool, error) {
	db := openDB(path, []string{"busy_timeout(10000)"})
	defer db.Close()
	var known int
	err := db.QueryRowContext(ctx, `SELECT 1 FROM sqlite_master WHERE name = 'goose_db_version'`).Scan(&known)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	files, err := migrations.SQLite()
	if err != nil {
		return false, err
	}
	return sqlstore.Migrated(ctx, goose.DialectSQLite3, db, files)
}

// explain makes one line of an error about the file, with what to do where that is known.
func explain(path string, err error) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	var e *driver.Error
	if errors.As(err, &e) {
		switch e.Code() & 0xff { // the rest are details of the same trouble
		case lib.SQLITE_BUSY, lib.SQLITE_LOCKED:
			return fmt.Errorf("sqlite: %s is in use by another program: stop it, then try again", path)
		case lib.SQLITE_READONLY, lib.SQLITE_PERM, lib.SQLITE_CANTOPEN:
			return fmt.Errorf("sqlite: %s or its folder cannot be written: check who owns them", path)
		case lib.SQLITE_NOTADB:
			return fmt.Errorf("sqlite: %s is no SQLite database", path)
		case lib.SQLITE_CORRUPT:
			return fmt.Errorf("sqlite: %s is damaged: restore a backup", path)
		case lib.SQLITE_FULL:
			return fmt.Errorf("sqlite: there is no space left for %s", path)
		}
	}
	return fmt.Errorf("sqlite: %s: %s", path, strings.ReplaceAll(err.Error(), "\n", "; "))
}
