package sqlstore

import (
	"strings"

	"confab/store"
)

// foldForSearch is store.Fold for what people type to find somebody: Russian ё is commonly typed as е.
func foldForSearch(s string) string { return strings.ReplaceAll(store.Fold(s), "ё", "е") }

// escapeLike takes the meaning from the wildcards of LIKE … ESCAPE '\'.
func escapeLike(s string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(s)
}
