package migrations_test

import (
	"database/sql"
	"io/fs"
	"path/filepath"
	"slices"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // the driver "sqlite"

	"confab/migrations"
	"confab/store/storetest/pgtest"
)

// Every migration can be taken back and made again.
func TestUpDownUp(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		dialect goose.Dialect
		driver  string
		dsn     func(t *testing.T) string
		files   func() (fs.FS, error)
	}{
		{"PostgreSQL", goose.DialectPostgres, "pgx", func(t *testing.T) string { return pgtest.EmptyURL(t) }, migrations.Postgres},
		{"SQLite", goose.DialectSQLite3, "sqlite", func(t *testing.T) string {
			return "file:" + filepath.Join(t.TempDir(), "confab.db") + "?_pragma=foreign_keys(1)"
		}, migrations.SQLite},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			db, err := sql.Open(c.driver, c.dsn(t))
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			files, err := c.files()
			if err != nil {
				t.Fatal(err)
			}
			provider, err := goose.NewProvider(c.dialect, db, files)
			if err != nil {
				t.Fatal(err)
			}
			for range 2 {
				if _, err := provider.Up(t.Context()); err != nil {
					t.Fatal(err)
				}
				if _, err := provider.DownTo(t.Context(), 0); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// The two dialects have the same migrations.
func TestSameNumbers(t *testing.T) {
	t.Parallel()
	names := func(files func() (fs.FS, error)) []string {
		folder, err := files()
		if err != nil {
			t.Fatal(err)
		}
		found, err := fs.Glob(folder, "*.sql")
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	if p, s := names(migrations.Postgres), names(migrations.SQLite); !slices.Equal(p, s) || len(p) == 0 {
		t.Errorf("PostgreSQL has %v, SQLite has %v", p, s)
	}
}
