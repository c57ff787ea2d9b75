// Package enginetest runs a test on both database engines, each time on a fresh database.
package enginetest

import (
	"context"
	"io"
	"log/slog"
	"path/filepath"
	"testing"

	"confab/store"
	"confab/store/postgres"
	"confab/store/sqlite"
	"confab/store/storetest/pgtest"
)

// Each runs fn as a subtest on SQLite and on PostgreSQL.
func Each(t *testing.T, fn func(t *testing.T, s store.Store)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		fn(t, SQLite(t))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		fn(t, Postgres(t))
	})
}

// SQLite opens a fresh database in a temporary folder.
func SQLite(t testing.TB) store.Store {
	t.Helper()
	s, err := sqlite.Open(context.Background(), filepath.Join(t.TempDir(), "confab.db"), slog.New(slog.DiscardHandler))
	return closed(t, s, err)
}

// Postgres opens a fresh database in this test process's own cluster.
func Postgres(t testing.TB) store.Store {
	t.Helper()
	s, err := postgres.Open(context.Background(), pgtest.URL(t), slog.New(slog.DiscardHandler))
	return closed(t, s, err)
}

func closed[S interface {
	store.Store
	io.Closer
}](t testing.TB, s S, err error) store.Store {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}
