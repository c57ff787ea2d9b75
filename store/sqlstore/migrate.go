package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"log/slog"

	"github.com/pressly/goose/v3"
)

// Migrate brings the schema of db up to date. A schema that is newer than the program is refused: an older program
// would not know what it leaves out.
func Migrate(ctx context.Context, dialect goose.Dialect, db *sql.DB, files fs.FS, log *slog.Logger, opts ...goose.ProviderOption) error {
	opts = append(opts, goose.WithDisableGlobalRegistry(true), goose.WithSlog(slog.New(slog.DiscardHandler)))
	provider, err := goose.NewProvider(dialect, db, files, opts...)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	done, err := provider.Up(ctx)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	for _, m := range done {
		log.Info("database migrated", "version", m.Source.Version, "duration", m.Duration)
	}
	return checkNotNewer(ctx, provider)
}

// Migrated tells whether db, which has been migrated before, is up to date, and fails as Migrate does when it is newer.
func Migrated(ctx context.Context, dialect goose.Dialect, db *sql.DB, files fs.FS) (bool, error) {
	provider, err := goose.NewProvider(dialect, db, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return false, fmt.Errorf("migrate: %w", err)
	}
	pending, err := provider.HasPending(ctx)
	if err != nil {
		return false, fmt.Errorf("migrate: %w", err)
	}
	return !pending, checkNotNewer(ctx, provider)
}

func checkNotNewer(ctx context.Context, provider *goose.Provider) error {
	current, known, err := provider.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	if current > known {
		return fmt.Errorf("the database was made by a newer confab (schema %d, this one knows %d)", current, known)
	}
	return nil
}
