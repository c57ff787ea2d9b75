package sqlite_test

import (
	"context"
	"log/slog"
	"path/filepath"
	"testing"

	"confab/store"
	"confab/store/sqlite"
	"confab/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m, open) }

func open(ctx context.Context, path string) (store.Store, error) {
	return sqlite.Open(ctx, path, slog.New(slog.DiscardHandler))
}

// openIn opens the database in a folder, and closes it with the test.
func openIn(t testing.TB, folder string) store.Store {
	t.Helper()
	s, err := open(t.Context(), filepath.Join(folder, "confab.db"))
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

func TestStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) store.Store { return openIn(t, t.TempDir()) })
}

func TestKilled(t *testing.T) {
	t.Parallel()
	storetest.RunCrash(t, filepath.Join(t.TempDir(), "confab.db"), open)
}

func BenchmarkStore(b *testing.B) { storetest.Benchmark(b, openIn(b, b.TempDir())) }
