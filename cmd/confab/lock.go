package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// lockData makes sure that one server at a time works in a data folder: a second one would close the calls of the first
// in the database, and people at the one would not hear those at the other. The kernel lets go of the lock when the
// process ends, however it ends; closing the file does so earlier.
func lockData(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "serve.lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("CONFAB_DATA_DIR: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		if errors.Is(err, syscall.EWOULDBLOCK) {
			err = fmt.Errorf("another confab serves from %s", dir)
		}
		return nil, errors.Join(fmt.Errorf("CONFAB_DATA_DIR: %w", err), f.Close())
	}
	return f, nil
}
