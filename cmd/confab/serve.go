package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"confab/internal/blob"
	"confab/internal/config"
	"confab/store"
	"confab/store/postgres"
	"confab/store/sqlite"
)

// Run serves until SIGINT or SIGTERM; a second signal ends it at once.
func (c *serveCommand) Run() error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	log, err := prepare(&c.Config)
	if err != nil {
		return err
	}
	s, err := start(ctx, &c.Config, log)
	if err != nil {
		return err
	}
	fmt.Printf("Confab is ready: open %s\n", c.PublicURL)

	select {
	case <-ctx.Done():
	case err = <-s.failed:
	}
	stop() // from here on a second signal has its default effect
	return errors.Join(err, s.shutdown(c.ShutdownGrace))
}

// Run migrates the database and exits.
func (c *migrateCommand) Run() error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	log, err := prepare(&c.Config)
	if err != nil {
		return err
	}
	if c.DatabaseURL != "" {
		return postgres.Migrate(ctx, c.DatabaseURL, log)
	}
	return sqlite.Migrate(ctx, c.SQLitePath(), log)
}

// prepare checks the configuration and makes what the rest relies on: the data folder, the secrets, the log.
func prepare(c *config.Config) (*slog.Logger, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	if err := c.MakeDataDir(); err != nil {
		return nil, err
	}
	if err := c.LoadSecrets(); err != nil {
		return nil, err
	}
	log, err := newLog(os.Stderr, c.LogLevel)
	if err != nil {
		return nil, err
	}
	for _, name := range c.WeakSecrets() {
		log.Warn("a secret is short: whoever guesses it can sign in as anybody; take 32 random characters", "setting", name)
	}
	return log, nil
}

func newLog(w io.Writer, level string) (*slog.Logger, error) {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		return nil, fmt.Errorf("CONFAB_LOG_LEVEL: %w", err)
	}
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: l})), nil
}

// openStore opens the engine that the configuration names. On failure the interface is nil, not a nil engine inside it.
func openStore(ctx context.Context, c *config.Config, log *slog.Logger) (store.Store, error) {
	if c.DatabaseURL != "" {
		s, err := postgres.Open(ctx, c.DatabaseURL, log)
		if err != nil {
			return nil, err
		}
		return s, nil
	}
	s, err := sqlite.Open(ctx, c.SQLitePath(), log)
	if err != nil {
		return nil, err
	}
	return s, nil
}

// reachTime is how long a service for files may take to show that it is there.
const reachTime = 20 * time.Second

// openBlobs opens the place for files that the configuration names. staging is a folder for uploads under way, where
// that place is not the data folder itself.
func openBlobs(ctx context.Context, c *config.Config, staging string) (blob.Store, error) {
	if c.S3Endpoint == "" {
		return blob.OpenDir(filepath.Join(c.DataDir, "attachments"))
	}
	ctx, cancel := context.WithTimeout(ctx, reachTime)
	defer cancel()
	s, err := blob.OpenS3(ctx, blob.S3Config{
		Endpoint: c.S3Endpoint, Region: c.S3Region, Bucket: c.S3Bucket, Prefix: c.S3Prefix,
		AccessKey: c.S3AccessKey, SecretKey: c.S3SecretKey, Staging: staging,
	})
	if err != nil {
		return nil, fmt.Errorf("CONFAB_S3_…: %w", err)
	}
	return s, nil
}
