package store

import (
	"strings"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Fold brings a name or an address into the form in which they are compared: Unicode compatibility composition (so that
// one letter typed in two ways is one letter) and full case folding. It is done here rather than by the databases because
// SQLite folds ASCII only and PostgreSQL what the cluster's locale says.
func Fold(s string) string {
	s = norm.NFKC.String(cases.Fold().String(norm.NFKC.String(s)))
	return strings.TrimSpace(s)
}
