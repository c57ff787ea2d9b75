package postgres_test

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"net"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/pressly/goose/v3"

	"confab/migrations"
	"confab/store"
	"confab/store/postgres"
	"confab/store/storetest"
	"confab/store/storetest/pgtest"
)

// epochOf opens and closes a database.
func epochOf(t *testing.T, url string) store.ID {
	t.Helper()
	s, err := open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	return s.Epoch()
}

// execute runs statements outside of the store.
func execute(t *testing.T, url string, statements ...string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	for _, statement := range statements {
		if _, err := conn.Exec(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

func TestEpoch(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	first := epochOf(t, url)
	if again := epochOf(t, url); again != first {
		t.Errorf("opened again: the epoch was %s and is %s", first, again)
	}
	// A restored dump is the same rows in new tables.
	execute(t, url, `CREATE TABLE restored (LIKE meta INCLUDING ALL)`, `INSERT INTO restored SELECT * FROM meta`,
		`DROP TABLE meta`, `ALTER TABLE restored RENAME TO meta`)
	restored := epochOf(t, url)
	if restored == first {
		t.Error("a restored dump kept the epoch")
	}
	s, err := postgres.Open(t.Context(), url, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.RenewEpoch(t.Context()); err != nil {
		t.Fatal(err)
	}
	renewed := s.Epoch()
	if renewed == restored {
		t.Error("RenewEpoch kept the epoch")
	}
	if again := epochOf(t, url); again != renewed {
		t.Errorf("after RenewEpoch the epoch was %s and is %s", renewed, again)
	}
}

func TestEarlierFiles(t *testing.T) {
	t.Parallel()
	url := pgtest.URL(t)
	db, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	files, err := migrations.Postgres()
	if err != nil {
		t.Fatal(err)
	}
	storetest.EarlierFiles(t, func() store.Store {
		s, err := open(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}, db, goose.DialectPostgres, files)
}

func TestPendingOnlyLooks(t *testing.T) {
	t.Parallel()
	url := pgtest.EmptyURL(t)
	for range 2 { // the first look must not make anything
		if pending, err := postgres.Pending(t.Context(), url); err != nil || !pending {
			t.Errorf("an empty database: %v, %v; want true", pending, err)
		}
	}
	if err := postgres.Migrate(t.Context(), url, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	if pending, err := postgres.Pending(t.Context(), url); err != nil || pending {
		t.Errorf("a migrated database: %v, %v; want false", pending, err)
	}
	execute(t, url, `DELETE FROM goose_db_version WHERE version_id = (SELECT max(version_id) FROM goose_db_version)`)
	if pending, err := postgres.Pending(t.Context(), url); err != nil || !pending {
		t.Errorf("a database of an older version: %v, %v; want true", pending, err)
	}
	url = pgtest.URL(t) // migrated
	execute(t, url, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, true)`)
	if _, err := postgres.Pending(t.Context(), url); err == nil || !strings.Contains(err.Error(), "newer") {
		t.Errorf("a database of a newer version: %v", err)
	}
	if _, err := postgres.Pending(t.Context(), "postgres://nobody:secret@127.0.0.1:1/none"); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("no server: %v; want an error without the password", err)
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	good := pgtest.URL(t)
	change := func(fn func(u *url.URL, q url.Values)) string {
		u, err := url.Parse(good)
		if err != nil {
			t.Fatal(err)
		}
		q := u.Query()
		fn(u, q)
		u.RawQuery = q.Encode()
		return u.String()
	}
	newer := pgtest.URL(t)
	execute(t, newer, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, true)`)
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := free.Addr().String()
	free.Close()
	for _, c := range []struct{ name, url, says string }{
		{"nobody listens", "postgres://u:secret@" + closed + "/db", "connection refused"},
		{"no socket", "postgres://u:secret@/db?host=/nowhere/at/all", "no such file"},
		{"no such database", change(func(u *url.URL, _ url.Values) { u.Path = "/missing" }), `database "missing" does not exist`},
		{"no such role", change(func(u *url.URL, _ url.Values) { u.User = url.UserPassword("stranger", "secret") }), "stranger"},
		{"a newer schema", newer, "made by a newer confab"},
		{"no URL", "postgres://u:secret@[::1/db", "cannot be understood"},
		{"a bad parameter", "postgres://u:secret@localhost/db?pool_max_conns=many", "cannot be understood"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s, err := open(t.Context(), c.url)
			if err == nil {
				s.Close()
				t.Fatal("want an error")
			}
			if text := err.Error(); !strings.Contains(text, c.says) || strings.Contains(text, "\n") || strings.Contains(text, "secret") {
				t.Errorf("got %q, want one line with %q and no password", text, c.says)
			}
		})
	}
}

func TestManyOpenAtOnce(t *testing.T) {
	t.Parallel()
	url := pgtest.EmptyURL(t)
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			s, err := open(t.Context(), url)
			if err != nil {
				t.Error(err)
				return
			}
			s.Close()
		})
	}
	group.Wait()
}

func TestClosed(t *testing.T) {
	t.Parallel()
	s := openURL(t, pgtest.URL(t))
	if err := errors.Join(s.Close(), s.Close()); err != nil {
		t.Error(err)
	}
	for name, run := range map[string]func(context.Context, func(store.Tx) error) error{"update": s.Update, "view": s.View} {
		if err := run(t.Context(), func(store.Tx) error { return nil }); err == nil {
			t.Errorf("%s: want an error", name)
		}
	}
	if err := s.Ping(t.Context()); err == nil {
		t.Error("ping: want an error")
	}
	if _, ok, err := s.Post(t.Context(), store.Message{ID: store.NewID(), ChatID: store.NewID(), UserID: store.NewID()}); ok || err == nil {
		t.Errorf("post: %v, %v, want an error", ok, err)
	}
}

// Two transactions lock two chats crosswise: PostgreSQL ends one of them, and it must be run again.
func TestDeadlockIsRunAgain(t *testing.T) {
	t.Parallel()
	s := openURL(t, pgtest.URL(t))
	ctx := t.Context()
	now := time.Now()
	u := store.User{ID: store.NewID(), Email: "u@example.org", Username: "u", CreatedAt: now, UpdatedAt: now}
	var chats [2]store.ID
	err := s.Update(ctx, func(tx store.Tx) error {
		if err := tx.CreateUser(ctx, u); err != nil {
			return err
		}
		for i := range chats {
			chats[i] = store.NewID()
			err := tx.CreateChat(ctx, store.Chat{ID: chats[i], Type: store.Group, CreatedAt: now, UpdatedAt: now, ActivityAt: now},
				[]store.Member{{UserID: u.ID, Role: store.RoleOwner, JoinedAt: now}})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var group, both sync.WaitGroup
	both.Add(2)
	var runs [2]int
	for i := range 2 {
		group.Go(func() {
			err := s.Update(ctx, func(tx store.Tx) error {
				if _, err := tx.LockChat(ctx, chats[i]); err != nil {
					return err
				}
				if runs[i]++; runs[i] == 1 {
					both.Done()
					both.Wait()
				}
				_, _, err := tx.Advance(ctx, chats[1-i], true, now)
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if runs[0]+runs[1] < 3 { // more if the one that was ended is back before the other has taken its lock
		t.Errorf("they ran %v times: want one of them again", runs)
	}
	err = s.View(ctx, func(tx store.Tx) error {
		for _, id := range chats {
			c, err := tx.Chat(ctx, id)
			if err != nil {
				return err
			}
			if c.LastSeq != 1 {
				t.Errorf("chat at %d, want 1", c.LastSeq)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
