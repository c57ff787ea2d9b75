package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/pressly/goose/v3"
	driver "modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"confab/migrations"
	"confab/store/sqlstore"
)

// Migrate makes the database file when it is not there, brings its schema up to date, and does nothing else. While it
// changes the schema it has the file to itself: a confab that runs on it makes it fail after a while, and one that
// starts at the same moment waits.
func Migrate(ctx context.Context, path string, log *slog.Logger) error {
	if err := prepareFile(path); err != nil {
		return err
	}
	current, err := upToDate(ctx, path)
	if err != nil || current {
		return explain(path, err)
	}
	// Exclusive locking keeps every other connection out from the first read to the end: that is the migration lock.
	db := openDB(path, []string{"busy_timeout(10000)", "locking_mode(EXCLUSIVE)", "journal_mode(WAL)",
		"synchronous(FULL)", "foreign_keys(1)"})
	db.SetMaxOpenConns(1)
	files, err := migrations.SQLite()
	if err == nil {
		err = sqlstore.Migrate(ctx, goose.DialectSQLite3, db, files, log)
	}
	return explain(path, errors.Join(err, db.Close()))
}

// upToDate tells whether the schema needs no change, which does not need the file for oneself.
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
