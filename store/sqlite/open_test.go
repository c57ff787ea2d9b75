package sqlite_test

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/pressly/goose/v3"

	"confab/migrations"
	"confab/store"
	"confab/store/sqlite"
	"confab/store/storetest"
)

// copyFile copies from over to, into the same file when there is one.
func copyFile(t *testing.T, from, to string) {
	t.Helper()
	in, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(out, in); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
}

// epochOf opens and closes a database.
func epochOf(t *testing.T, path string) store.ID {
	t.Helper()
	s, err := open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	epoch := s.Epoch()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return epoch
}

func TestEpoch(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		happen func(t *testing.T, path string) // between two openings
		same   bool
	}{
		{"nothing", func(*testing.T, string) {}, true},
		{"another start", func(t *testing.T, path string) { epochOf(t, path) }, true},
		{"a move of the folder", func(t *testing.T, path string) {
			other := filepath.Dir(path) + "-moved"
			if err := errors.Join(os.Rename(filepath.Dir(path), other), os.Symlink(other, filepath.Dir(path))); err != nil {
				t.Fatal(err)
			}
		}, true},
		{"an older file written over it", func(t *testing.T, path string) {
			copyFile(t, path, path+".backup")
			epochOf(t, path)
			copyFile(t, path+".backup", path)
		}, false},
		{"another file put in its place", func(t *testing.T, path string) {
			copyFile(t, path, path+".backup")
			if err := os.Rename(path+".backup", path); err != nil {
				t.Fatal(err)
			}
		}, false},
		{"the witness is lost", func(t *testing.T, path string) {
			if err := os.Remove(path + ".witness"); err != nil {
				t.Fatal(err)
			}
		}, false},
		{"an administrator asks", func(t *testing.T, path string) {
			s, err := sqlite.Open(t.Context(), path, slog.New(slog.DiscardHandler))
			if err != nil {
				t.Fatal(err)
			}
			before := s.Epoch()
			if err := s.RenewEpoch(t.Context()); err != nil || s.Epoch() == before {
				t.Errorf("the epoch stays %s (%v)", before, err)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
		}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			folder := filepath.Join(t.TempDir(), "data")
			if err := os.Mkdir(folder, 0o700); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(folder, "confab.db")
			before := epochOf(t, path)
			c.happen(t, path)
			if after := epochOf(t, path); (after == before) != c.same {
				t.Errorf("the epoch was %s and is %s", before, after)
			}
		})
	}
}

func TestEarlierFiles(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "confab.db")
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	files, err := migrations.SQLite()
	if err != nil {
		t.Fatal(err)
	}
	storetest.EarlierFiles(t, func() store.Store {
		s, err := open(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}, db, goose.DialectSQLite3, files)
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	garbage := filepath.Join(folder, "garbage.db")
	if err := os.WriteFile(garbage, []byte(strings.Repeat("this is no database\n", 500)), 0o600); err != nil {
		t.Fatal(err)
	}
	newer := filepath.Join(folder, "newer.db")
	epochOf(t, newer)
	db, err := sql.Open("sqlite", newer)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)`); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, path, says string }{
		{"no folder", filepath.Join(folder, "missing", "confab.db"), "no such file or directory"},
		{"a folder instead of a file", folder, "is a directory"},
		{"no database", garbage, "is no SQLite database"},
		{"a newer schema", newer, "made by a newer confab"},
		{"no name", "", "is no file name"},
		{"memory", ":memory:", "is no file name"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s, err := open(t.Context(), c.path)
			if err == nil {
				s.Close()
				t.Fatal("want an error")
			}
			if text := err.Error(); !strings.Contains(text, c.says) || strings.Contains(text, "\n") {
				t.Errorf("got %q, want one line with %q", text, c.says)
			}
		})
	}
}

func TestManyOpenAtOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a name with ? # and %41.db")
	var group sync.WaitGroup
	for range 6 {
		group.Go(func() {
			s, err := open(context.Background(), path)
			if err != nil {
				t.Error(err)
				return
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, want 0600", info.Mode().Perm())
	}
}

func TestClosed(t *testing.T) {
	t.Parallel()
	s := openIn(t, t.TempDir())
	var group sync.WaitGroup
	inside, leave := make(chan struct{}), make(chan struct{})
	group.Go(func() {
		err := s.Update(t.Context(), func(tx store.Tx) error {
			close(inside)
			<-leave
			return nil
		})
		if err != nil {
			t.Errorf("the one that ran: %v", err)
		}
	})
	<-inside
	group.Go(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	close(leave)
	group.Wait()
	for name, run := range map[string]func(context.Context, func(store.Tx) error) error{"update": s.Update, "view": s.View} {
		if err := run(t.Context(), func(store.Tx) error { return nil }); !errors.Is(err, sqlite.ErrClosed) {
			t.Errorf("%s: got %v, want ErrClosed", name, err)
		}
	}
	if err := s.Ping(t.Context()); !errors.Is(err, sqlite.ErrClosed) {
		t.Errorf("ping: got %v, want ErrClosed", err)
	}
	m := store.Message{ID: store.NewID(), ChatID: store.NewID(), UserID: store.NewID()}
	if _, _, err := s.Post(t.Context(), m); !errors.Is(err, sqlite.ErrClosed) {
		t.Errorf("post: got %v, want ErrClosed", err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("close again: %v", err)
	}
}

func TestWaitersLeave(t *testing.T) {
	t.Parallel()
	s := openIn(t, t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	var group sync.WaitGroup
	err := s.Update(t.Context(), func(store.Tx) error {
		for range 3 {
			group.Go(func() {
				err := s.Update(ctx, func(store.Tx) error {
					t.Error("ran after its context had ended")
					return nil
				})
				if !errors.Is(err, context.Canceled) {
					t.Errorf("got %v, want context.Canceled", err)
				}
			})
		}
		cancel()
		group.Wait() // none of them waits for this transaction
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestPendingOnlyLooks(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "confab.db")
	if _, err := sqlite.Pending(t.Context(), path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	if made, err := os.ReadDir(dir); err != nil || len(made) != 0 {
		t.Errorf("looking has made %v, %v", made, err)
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if pending, err := sqlite.Pending(t.Context(), path); err != nil || !pending {
		t.Errorf("an empty database: %v, %v; want true", pending, err)
	}
	s, err := open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if pending, err := sqlite.Pending(t.Context(), path); err != nil || pending { // while it is in use
		t.Errorf("a migrated database: %v, %v; want false", pending, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if pending, err := sqlite.Pending(t.Context(), path); err != nil || pending {
		t.Errorf("a closed database: %v, %v; want false", pending, err)
	}
	for _, left := range []string{path + "-wal", path + "-shm"} {
		if _, err := os.Stat(left); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("looking has left %s: %v", left, err)
		}
	}
}
