// Package pgtest is being built; these are its signatures.
package pgtest

import "testing"

// URL gives a DATABASE_URL of a fresh, migrated database in a private PostgreSQL cluster that this test process owns.
func URL(t testing.TB) string {
	t.Helper()
	t.Fatal("pgtest: not built yet")
	return ""
}
