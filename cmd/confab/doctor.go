package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"confab/internal/config"
	"confab/internal/doctor"
)

type doctorCommand struct {
	config.Config
	URL string `arg:"" optional:"" help:"A server elsewhere, to see whether it is reached from here."`
}

// errUnwell ends the program with status 1 after the findings have said why.
var errUnwell = errors.New("something has to be done before everything works")

// Run tells whether the server described by the configuration will work, or whether the one at URL is reached from here.
func (c *doctorCommand) Run() error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	well := false
	if c.URL != "" {
		well = doctor.Remote(ctx, c.URL, tell)
	} else {
		log, err := prepare(&c.Config)
		if err != nil {
			return err
		}
		public, err := c.PublicAddresses()
		if err != nil {
			return err
		}
		well = doctor.Examine(ctx, doctor.Server{
			Listen: c.Listen, PublicURL: c.PublicURL, PublicIPs: public, PublicPort: c.PublicPort, STUN: c.STUN,
			TLS: certificates(&c.Config),
			Database: func(ctx context.Context) error {
				s, err := openStore(ctx, &c.Config, log)
				if err != nil {
					return err
				}
				return errors.Join(s.Ping(ctx), s.Close())
			},
		}, tell)
	}
	if !well {
		return errUnwell
	}
	return nil
}

func tell(f doctor.Finding) {
	fmt.Printf("%-8s %s: %s\n", f.Level, f.Subject, f.Says)
	if f.Do != "" {
		fmt.Printf("         → %s\n", f.Do)
	}
}
