// Package migrations holds the database schema as numbered SQL files for both engines, embedded in the binary. Files
// with the same number say the same thing in the two dialects; store/postgres and store/sqlite run them with goose.
//
// A released file is never edited: a change of the schema is a new number in both folders.
package migrations

import (
	"embed"
	"io/fs"
)

//go:embed postgres/*.sql
var postgres embed.FS

//go:embed sqlite/*.sql
var sqlite embed.FS

// Postgres is the folder of PostgreSQL migrations.
func Postgres() (fs.FS, error) { return fs.Sub(postgres, "postgres") }

// SQLite is the folder of SQLite migrations.
func SQLite() (fs.FS, error) { return fs.Sub(sqlite, "sqlite") }
