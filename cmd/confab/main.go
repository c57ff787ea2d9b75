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
	// Variables that are set already win over the file.
	if err := godotenv.Load(); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read .env: %w", err)
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
