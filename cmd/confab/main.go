// Command confab is a self-hosted team chat with video calls. Run without arguments it serves.
package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/alecthomas/kong"
	"github.com/joho/godotenv"

	"confab/internal/config"
)

// version is set by the linker.
var version = "dev"

type commands struct {
	Serve   serveCommand     `cmd:"" default:"withargs" help:"Run the server (the default)."`
	Migrate migrateCommand   `cmd:"" help:"Bring the database to this version and exit."`
	Doctor  doctorCommand    `cmd:"" help:"Tell whether everything will work, and what to do where it will not."`
	Ready   readyCommand     `cmd:"" help:"Tell by the exit status whether the server of this configuration serves; for health checks."`
	Bench   benchCommand     `cmd:"" help:"Load a running server and measure it."`
	Version kong.VersionFlag `short:"v" help:"Print the version and exit."`
}

type serveCommand struct{ config.Config }

type migrateCommand struct{ config.Config }

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "confab:", err)
		os.Exit(1)
	}
}

func run() error {
	if err := loadEnv(".env"); err != nil {
		return err
	}
	var cli commands
	parser, err := kong.New(&cli,
		kong.Name("confab"),
		kong.Description("Self-hosted team chat with video calls. Settings come from flags, the environment and .env."),
		kong.Vars{"version": version},
	)
	if err != nil {
		return err
	}
	command, err := parser.Parse(os.Args[1:])
	if err != nil {
		return err
	}
	return command.Run()
}

// loadEnv sets the variables of a file, if it is there. Those that are set already win.
func loadEnv(name string) error {
	err := godotenv.Load(name)
	if _, unread := errors.AsType[*fs.PathError](err); err != nil && !unread {
		err = errors.New("want lines of KEY=value") // the parser's own words quote the file, secrets included
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read %s: %w", name, err)
	}
	return nil
}
