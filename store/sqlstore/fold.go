package sqlstore

import (
	"strings"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// fold brings a name into the form in which names are compared: Unicode compatibility composition (so that one letter
// typed in two ways is one letter) and full case folding. It is done here rather than by the databases because SQLite
// folds ASCII only and PostgreSQL what the cluster's locale says.
func fold(s string) string {
	s = norm.NFKC.String(cases.Fold().String(norm.NFKC.String(s)))
	return strings.TrimSpace(s)
}

// foldForSearch is fold for what people type to find somebody: Russian ё is commonly typed as е.
func foldForSearch(s string) string { return strings.ReplaceAll(fold(s), "ё", "е") }

// escapeLike takes the meaning from the wildcards of LIKE … ESCAPE '\'.
func escapeLike(s string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(s)
}
