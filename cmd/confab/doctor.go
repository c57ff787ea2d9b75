package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"confab/internal/blob"
	"confab/internal/config"
	"confab/internal/doctor"
	"confab/store/postgres"
	"confab/store/sqlite"
)

type doctorCommand struct {
	config.Config
	URL string `arg:"" optional:"" help:"A server elsewhere, to see whether it is reached from here."`
}

type readyCommand struct{ config.Config }

// readyWithin is how long a health check may take; it is run every half minute or so.
const readyWithin = 5 * time.Second

// errUnwell ends the program with status 1 after the findings have said why.
var errUnwell = errors.New("something has to be done before everything works: see what is marked as FAILED")

// Run tells whether the server described by the configuration will work, or whether the one at URL is reached from here. It
// leaves nothing behind, no data folder and no database: they would belong to the user who asks, not to the server's.
func (c *doctorCommand) Run() error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	well := false
	if c.URL != "" {
		well = doctor.Remote(ctx, c.URL, tell)
	} else {
		patient, err := described(&c.Config)
		if err != nil {
			return err
		}
		well = doctor.Examine(ctx, patient, tell)
	}
	if !well {
		return errUnwell
	}
	fmt.Println("\nNothing stands in the way.")
	return nil
}

// Run tells by the exit status whether the server of this configuration serves: for the health checks of containers.
func (c *readyCommand) Run() error {
	patient, err := described(&c.Config)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), readyWithin)
	defer cancel()
	return doctor.Ready(ctx, patient)
}

// described is what the configuration says about a server, for the doctor.
func described(c *config.Config) (doctor.Server, error) {
	if err := c.Validate(); err != nil {
		return doctor.Server{}, err
	}
	public, err := c.PublicAddresses()
	if err != nil {
		return doctor.Server{}, err
	}
	return doctor.Server{
		Listen: c.Listen, AdminListen: c.AdminListen, PublicURL: c.PublicURL, PublicIPs: public, PublicPort: c.PublicPort,
		STUN: c.STUN, MapPort: c.MapPort, TLS: certificates(c), DataDir: c.DataDir,
		Database: func(ctx context.Context) (bool, error) {
			if c.DatabaseURL != "" {
				return postgres.Pending(ctx, c.DatabaseURL)
			}
			return sqlite.Pending(ctx, c.SQLitePath())
		},
		Files: files(c),
	}, nil
}

// files tells how to examine the place for files, where it is not the data folder, whose folder is looked at by itself.
func files(c *config.Config) func(context.Context) error {
	if c.S3Endpoint == "" {
		return nil
	}
	return func(ctx context.Context) error {
		staging, err := os.MkdirTemp("", "confab-doctor-") // the server, if it runs, has its own
		if err != nil {
			return err
		}
		defer os.RemoveAll(staging)
		s, err := openBlobs(ctx, c, staging)
		if err != nil {
			return err
		}
		return blob.Check(ctx, s)
	}
}

func tell(f doctor.Finding) {
	fmt.Printf("%-8s %s: %s\n", f.Level, f.Subject, f.Says)
	if f.Do != "" {
		fmt.Printf("         → %s\n", f.Do)
	}
}
