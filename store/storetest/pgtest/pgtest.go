// Package pgtest gives tests a real PostgreSQL: a private cluster made with the server programs that are installed,
// listening on a unix socket in a temporary folder and nowhere else.
//
// A test process has one cluster, started by the first test that asks, and each test gets a database of its own. A
// test never skips because of a missing server: it fails and names the package to install.
//
// The cluster cannot outlive the process that started it. Its parent is a small shell that waits on a pipe held by the
// test process; when that process ends, however it ends (panic, timeout, SIGKILL), the pipe closes, and the shell stops
// the server and removes the folder.
package pgtest

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"

	"confab/store/postgres"
)

// shared is the cluster of this process. Tests ask for it from many goroutines, and there is nobody but the process
// to own it.
var shared = sync.OnceValues(func() (*Cluster, error) { return Start(Fast) })

// databases numbers the databases of this process.
var databases atomic.Int64

// URL gives a DATABASE_URL of a fresh, migrated database in the cluster that this test process owns. The database is
// dropped when the test ends.
func URL(t testing.TB) string {
	t.Helper()
	return fresh(t, template)
}

// EmptyURL is URL for a database that has not been migrated.
func EmptyURL(t testing.TB) string {
	t.Helper()
	return fresh(t, "template1")
}

// fresh makes a database for one test.
func fresh(t testing.TB, from string) string {
	t.Helper()
	c, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("test_%d", databases.Add(1))
	if err := c.admin(t.Context(), `CREATE DATABASE `+name+` TEMPLATE `+from); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.admin(context.Background(), `DROP DATABASE `+name+` WITH (FORCE)`); err != nil {
			t.Error(err)
		}
	})
	return c.URL(name)
}

// template is the database that others are copied from: migrated once.
const template = "confab_template"

// prepare makes the template.
func (c *Cluster) prepare(ctx context.Context) error {
	if err := c.admin(ctx, `CREATE DATABASE `+template); err != nil {
		return err
	}
	return postgres.Migrate(ctx, c.URL(template), slog.New(slog.DiscardHandler))
}

// CreateDatabase makes a migrated database. The name must be a plain SQL identifier.
func (c *Cluster) CreateDatabase(ctx context.Context, name string) error {
	return c.admin(ctx, `CREATE DATABASE `+name+` TEMPLATE `+template)
}

// URL is the DATABASE_URL of a database of the cluster.
func (c *Cluster) URL(database string) string {
	u := url.URL{Scheme: "postgres", User: url.User(superuser), Path: "/" + database}
	u.RawQuery = url.Values{"host": {c.dir}}.Encode()
	return u.String()
}

// admin runs one statement outside of the databases that are made and dropped. Copying a template needs it to have no
// users, so that these run one at a time.
func (c *Cluster) admin(ctx context.Context, statement string) error {
	c.adminMu.Lock()
	defer c.adminMu.Unlock()
	conn, err := pgx.Connect(ctx, c.URL("postgres"))
	if err != nil {
		return fmt.Errorf("pgtest: %w", err)
	}
	defer conn.Close(context.Background())
	if _, err := conn.Exec(ctx, statement); err != nil {
		return fmt.Errorf("pgtest: %s: %w", statement, err)
	}
	return nil
}
