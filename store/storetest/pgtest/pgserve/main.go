// Command pgserve is package pgtest for tests that are not written in Go: it starts a private PostgreSQL, prints the
// DATABASE_URL of a fresh, migrated database on one line, and serves until its standard input ends or it is interrupted.
// With -durable every commit waits for the disk, as it does where people keep their data.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"confab/store/storetest/pgtest"
)

func main() {
	durable := flag.Bool("durable", false, "wait for the disk at every commit")
	flag.Parse()
	durability := pgtest.Fast
	if *durable {
		durability = pgtest.Durable
	}
	if err := serve(durability); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve(d pgtest.Durability) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	cluster, err := pgtest.Start(d)
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
