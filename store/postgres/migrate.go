package postgres

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"confab/migrations"
	"confab/store/sqlstore"
)

// How long a migration waits for another one on the same database: lockTries times lockPeriod seconds.
const (
	lockPeriod = 1
	lockTries  = 120
)

// migrate runs the migrations while holding an advisory lock, so that several servers may start at once.
func migrate(ctx context.Context, config *pgx.ConnConfig, log *slog.Logger) error {
	db := stdlib.OpenDB(*config)
	defer db.Close()
	if err := db.PingContext(ctx); err != nil {
		return explain(config, err)
	}
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(lockPeriod, lockTries))
	if err != nil {
		return explain(config, err)
	}
	files, err := migrations.Postgres()
	if err != nil {
		return explain(config, err)
	}
	err = sqlstore.Migrate(ctx, goose.DialectPostgres, db, files, log, goose.WithSessionLocker(locker))
	return explain(config, err)
}

// Pending tells whether the schema is still to be brought up to date, and changes nothing: for whoever only looks.
func Pending(ctx context.Context, url string) (bool, error) {
	parsed, err := parse(url)
	if err != nil {
		return false, err
	}
	config := parsed.ConnConfig
	db := stdlib.OpenDB(*config)
	defer db.Close()
	var known bool // goose would make its table
	if err := db.QueryRowContext(ctx, `SELECT to_regclass('goose_db_version') IS NOT NULL`).Scan(&known); err != nil {
		return false, explain(config, err)
	}
	if !known {
		return true, nil
	}
	files, err := migrations.Postgres()
	if err != nil {
		return false, explain(config, err)
	}
	current, err := sqlstore.Migrated(ctx, goose.DialectPostgres, db, files)
	return !current && err == nil, explain(config, err)
}

// explain makes one line of an error: which server and database, and the innermost reason.
func explain(config *pgx.ConnConfig, err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	where := net.JoinHostPort(config.Host, fmt.Sprint(config.Port))
	if strings.HasPrefix(config.Host, "/") {
		where = config.Host
	}
	return fmt.Errorf("postgres: database %q at %s: %w", config.Database, where, reason(err))
}

// reason finds the part of an error that a person can act on.
func reason(err error) error {
	var server *pgconn.PgError
	var network *net.OpError
	var lookup *net.DNSError
	var connect *pgconn.ConnectError
	switch {
	case errors.As(err, &server):
		return server
	case errors.As(err, &lookup):
		return lookup
	case errors.As(err, &network):
		return network
	case errors.Is(err, context.DeadlineExceeded):
		return errors.New("the server does not answer")
	case errors.As(err, &connect):
		return oneLine(connect.Unwrap())
	}
	return oneLine(err)
}

// oneLine flattens an error that is joined of several.
func oneLine(err error) error {
	if text := err.Error(); strings.Contains(text, "\n") {
		return errors.New(strings.Join(strings.Fields(strings.ReplaceAll(text, "\n", "; ")), " "))
	}
	return err
}
