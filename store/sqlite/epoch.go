package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"confab/store"
	"confab/store/sqlstore"
)

// How a restored older database is noticed. Beside the file lies a second one, <path>.witness, with a random word; the
// database remembers the same word together with the file's number on the disk (inode). Both change at every opening
// and closing. So the words differ when either file was put back alone and the server had been stopped or started
// since the copy was made, and the numbers differ when the file was replaced by another (mv, tar, rsync, a new disk).
// In each case the epoch is renewed; a difference that means no harm costs clients one reload.
//
// What this cannot see is a copy made while the server ran, written into the same file (cp over it) after that very
// run was killed: for that, and for snapshots of the whole disk, RenewEpoch.

// witnessPath is the file beside the database.
func (s *Store) witnessPath() string { return s.path + ".witness" }

// recognise settles the epoch at opening.
func (s *Store) recognise(ctx context.Context) error {
	word, err := os.ReadFile(s.witnessPath())
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	number, err := fileNumber(s.path)
	if err != nil {
		return err
	}
	next := store.NewID()
	var epoch store.ID
	var renewed bool
	err = s.update(ctx, func(tx *sqlstore.Tx) (err error) {
		epoch, renewed, err = tx.Recognise(ctx, seen(number, strings.TrimSpace(string(word))), seen(number, string(next)))
		return err
	})
	if err != nil {
		return err
	}
	if renewed {
		s.log.Warn("this database is not the one that was last open here: clients will reload everything", "path", s.path)
	}
	s.epoch.Store(epoch)
	return s.writeWitness(next)
}

// witness changes the word once more, at closing.
func (s *Store) witness(ctx context.Context) error {
	number, err := fileNumber(s.path)
	if err != nil {
		return err
	}
	next := store.NewID()
	err = s.update(ctx, func(tx *sqlstore.Tx) error { return tx.SetWitness(ctx, seen(number, string(next))) })
	if err != nil {
		return err
	}
	return s.writeWitness(next)
}

func seen(number, word string) string { return number + " " + word }

// writeWitness replaces the file beside the database in one step.
func (s *Store) writeWitness(word store.ID) error {
	f, err := os.CreateTemp(filepath.Dir(s.path), filepath.Base(s.witnessPath())+"-")
	if err != nil {
		return fmt.Errorf("witness: %w", err)
	}
	_, err = f.WriteString(string(word) + "\n")
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), s.witnessPath())
	}
	if err != nil {
		return fmt.Errorf("witness: %w", errors.Join(err, os.Remove(f.Name())))
	}
	return nil
}

// RenewEpoch gives the database a new epoch: what an administrator asks for after restoring a backup in a way that
// cannot be noticed.
func (s *Store) RenewEpoch(ctx context.Context) error {
	var epoch store.ID
	err := s.update(ctx, func(tx *sqlstore.Tx) (err error) {
		epoch, err = tx.RenewEpoch(ctx)
		return err
	})
	if err == nil {
		s.epoch.Store(epoch)
	}
	return err
}

// Epoch implements store.Store.
func (s *Store) Epoch() store.ID { return s.epoch.Load().(store.ID) }

// update is Update for what only this package and its sibling do.
func (s *Store) update(ctx context.Context, fn func(*sqlstore.Tx) error) error {
	return s.Update(ctx, func(tx store.Tx) error { return fn(tx.(*sqlstore.Tx)) })
}
