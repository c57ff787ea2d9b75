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
