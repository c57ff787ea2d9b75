package postgres_test

import (
	"context"
	"log/slog"
	"testing"

	"confab/store"
	"confab/store/postgres"
	"confab/store/storetest"
	"confab/store/storetest/pgtest"
)

func TestMain(m *testing.M) { storetest.Main(m, open) }

func open(ctx context.Context, url string) (store.Store, error) {
	return postgres.Open(ctx, url, slog.New(slog.DiscardHandler))
}

// openURL opens a database and closes it with the test.
func openURL(t testing.TB, url string) store.Store {
	t.Helper()
	s, err := open(t.Context(), url)
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
	storetest.Run(t, func(t *testing.T) store.Store { return openURL(t, pgtest.URL(t)) })
}

func TestKilled(t *testing.T) {
	t.Parallel()
	storetest.RunCrash(t, pgtest.URL(t), open)
}

// BenchmarkStore runs on a cluster whose commits wait for the disk.
func BenchmarkStore(b *testing.B) {
	c, err := pgtest.Start(pgtest.Durable)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(c.Stop)
	if err := c.CreateDatabase(b.Context(), "bench"); err != nil {
		b.Fatal(err)
	}
	storetest.Benchmark(b, openURL(b, c.URL("bench")))
}
