// Command pgserve is package pgtest for tests that are not written in Go: it starts a private PostgreSQL, prints the
// DATABASE_URL of a fresh, migrated database on one line, and serves until its standard input ends or it is interrupted.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"confab/store/storetest/pgtest"
)

func main() {
	if err := serve(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve() error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	cluster, err := pgtest.Start(pgtest.Fast)
	if err != nil {
		return err
	}
	defer cluster.Stop()
	const name = "confab"
	if err := cluster.CreateDatabase(ctx, name); err != nil {
		return err
	}
	fmt.Println(cluster.URL(name))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = io.Copy(io.Discard, os.Stdin)
	}()
	select {
	case <-ended:
	case <-ctx.Done():
	}
	return nil
}
