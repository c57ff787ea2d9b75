// Package postgres keeps Confab's data in PostgreSQL (13 or later). The queries are sqlstore's; this package connects,
// runs the transactions and says what went wrong.
//
// Concurrency. A pool of connections, one per running transaction. View is REPEATABLE READ, READ ONLY: one snapshot.
// Update is READ COMMITTED with explicit row locks (see store.Store): each statement sees what was committed before it,
// and what a rule rests on is locked first. A transaction that PostgreSQL ends because of a deadlock or a conflict is
// run again a few times.
//
// Lifecycle. Open connects, migrates under an advisory lock and settles the epoch; Close waits for running transactions.
package postgres

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"confab/store"
	"confab/store/sqlstore"
)

// maxConns is how many transactions run at once unless the URL says otherwise (pool_max_conns). A transaction holds its
// connection for a millisecond or two; more of them than this only contend inside of the server.
const maxConns = 16

// connectTimeout is how long a connection may take to stand, unless the URL says otherwise (connect_timeout).
const connectTimeout = 5 * time.Second

// Store is a PostgreSQL database. It implements store.Store.
type Store struct {
	pool    *pgxpool.Pool
	dialect *sqlstore.Dialect
	poster  *poster

	epoch atomic.Value // a store.ID; set before Open returns

	closeOnce sync.Once
}

var _ store.Store = (*Store)(nil)

// Open connects to the database that url names (postgres://user:password@host:port/database?…) and migrates it. Errors
// are one line, without the password.
func Open(ctx context.Context, url string, log *slog.Logger) (*Store, error) {
	config, err := parse(url)
	if err != nil {
		return nil, err
	}
	if err := migrate(ctx, config.ConnConfig, log); err != nil {
		return nil, err
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, explain(config.ConnConfig, err)
	}
	s := &Store{pool: pool, dialect: sqlstore.NewPostgres()}
	s.poster = startPoster(pool, s.dialect)
	err = s.recognise(ctx, log)
	if err == nil {
		err = sqlstore.IndexDue(ctx, s.update, log)
	}
	if err != nil {
		s.Close()
		return nil, explain(config.ConnConfig, err)
	}
	return s, nil
}

// Migrate brings the schema up to date and does nothing else.
func Migrate(ctx context.Context, url string, log *slog.Logger) error {
	config, err := parse(url)
	if err != nil {
		return err
	}
	return migrate(ctx, config.ConnConfig, log)
}

// parse reads the URL and fills in what it leaves open.
func parse(text string) (*pgxpool.Config, error) {
	config, err := pgxpool.ParseConfig(text)
	if err != nil {
		// pgx quotes the URL, with the password masked where it could be found; better not to show it at all.
		return nil, fmt.Errorf("postgres: the URL cannot be understood: it should look like postgres://user:password@host:5432/database")
	}
	if !names(text, "pool_max_conns") {
		config.MaxConns = maxConns
	}
	if !names(text, "connect_timeout") {
		config.ConnConfig.ConnectTimeout = connectTimeout
	}
	if _, ok := config.ConnConfig.RuntimeParams["application_name"]; !ok {
		config.ConnConfig.RuntimeParams["application_name"] = "confab"
	}
	return config, nil
}

// names tells whether a database URL (or a "key=value" string) sets a parameter.
func names(text, parameter string) bool {
	if u, err := url.Parse(text); err == nil && u.Scheme != "" {
		return u.Query().Has(parameter)
	}
	return strings.Contains(text, parameter+"=")
}

// Ping implements store.Store.
func (s *Store) Ping(ctx context.Context) error {
	if err := s.pool.Ping(ctx); err != nil {
		return explain(s.pool.Config().ConnConfig, err)
	}
	return nil
}

// Close implements store.Store.
func (s *Store) Close() error {
	s.closeOnce.Do(func() {
		s.poster.close()
		s.pool.Close()
	})
	return nil
}
