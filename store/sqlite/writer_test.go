package sqlite

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"confab/store"
	"confab/store/sqlstore"
)

// sabotaged opens a database whose insides a test may harm.
func sabotaged(t *testing.T) *Store {
	t.Helper()
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "confab.db"), slog.New(slog.DiscardHandler))
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

func person(n int) store.User {
	name := fmt.Sprint("p", n)
	return store.User{ID: store.NewID(), Email: name + "@example.org", Username: name, CreatedAt: time.Now(), UpdatedAt: time.Now()}
}

func exists(t *testing.T, s *Store, ask func(tx store.Tx) error) bool {
	t.Helper()
	err := s.View(t.Context(), ask)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		t.Fatal(err)
	}
	return err == nil
}

// When SQLite gives up a transaction in the middle of a group, as it does when the disk is full, nobody in the group may
// be told that their work is kept, and the writer must go on.
func TestBrokenGroup(t *testing.T) {
	t.Parallel()
	s := sabotaged(t)
	ctx := context.Background()
	const n = 40
	var people [n]store.User
	var outcome [n]error
	var group sync.WaitGroup
	gate := make(chan struct{})
	for i := range n {
		people[i] = person(i)
		group.Go(func() {
			<-gate
			outcome[i] = s.writer.run(ctx, func(tx *sqlstore.Tx) error {
				err := tx.CreateUser(ctx, people[i])
				if i%10 == 5 {
					_, rolledBack := s.writer.conn.Exec(ctx, "ROLLBACK")
					return errors.Join(err, rolledBack)
				}
				return err
			})
		})
	}
	close(gate)
	group.Wait()
	for i, u := range people {
		kept := exists(t, s, func(tx store.Tx) error { _, err := tx.User(ctx, u.ID); return err })
		if kept != (outcome[i] == nil) {
			t.Errorf("%d: kept %v, and was told %v", i, kept, outcome[i])
		}
		if i%10 == 5 && outcome[i] == nil {
			t.Errorf("%d: the saboteur was told that all is well", i)
		}
	}
	if err := s.Update(ctx, func(tx store.Tx) error { return tx.CreateUser(ctx, person(n)) }); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// A post that fails between its writes must leave nothing behind.
func TestHalfDonePost(t *testing.T) {
	t.Parallel()
	s := sabotaged(t)
	ctx := t.Context()
	u := person(0)
	c := store.Chat{ID: store.NewID(), Type: store.Group, CreatedAt: time.Now(), UpdatedAt: time.Now(), ActivityAt: time.Now()}
	err := s.update(ctx, func(tx *sqlstore.Tx) error {
		if err := tx.CreateUser(ctx, u); err != nil {
			return err
		}
		if err := tx.CreateChat(ctx, c, []store.Member{{UserID: u.ID, Role: store.RoleOwner, JoinedAt: time.Now()}}); err != nil {
			return err
		}
		_, err := s.writer.conn.Exec(ctx, `CREATE TRIGGER sabotage BEFORE UPDATE ON chats BEGIN SELECT RAISE(ABORT, 'no'); END`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	m := store.Message{ID: store.NewID(), ChatID: c.ID, UserID: u.ID, Kind: store.KindText, Content: "x", CreatedAt: time.Now(), UpdatedAt: time.Now()}
	if _, ok, err := s.Post(ctx, m); ok || err == nil {
		t.Errorf("got %v, %v, want an error", ok, err)
	}
	if exists(t, s, func(tx store.Tx) error { _, err := tx.Message(ctx, m.ID); return err }) {
		t.Error("half of the message is kept")
	}
	err = s.update(ctx, func(*sqlstore.Tx) error {
		_, err := s.writer.conn.Exec(ctx, `DROP TRIGGER sabotage`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if posted, ok, err := s.Post(ctx, m); !ok || err != nil || posted.Seq != 1 {
		t.Errorf("afterwards: %+v, %v, %v", posted, ok, err)
	}
}
