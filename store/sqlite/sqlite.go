// Package sqlite is being built; these are its signatures.
package sqlite

import (
	"context"
	"errors"
	"log/slog"

	"confab/store"
)

// Store is the engine; it implements store.Store.
type Store struct{ store.Store }

// Open connects, migrates and returns the store.
func Open(ctx context.Context, path string, log *slog.Logger) (*Store, error) {
	return nil, errors.New("sqlite: not built yet")
}

// Migrate brings the schema up to date and does nothing else.
func Migrate(ctx context.Context, path string, log *slog.Logger) error {
	return errors.New("sqlite: not built yet")
}
