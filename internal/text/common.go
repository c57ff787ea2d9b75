package text

import (
	_ "embed"
	"strings"
)

//go:embed common.txt
var commonPasswords string

// common tells whether a password, its case and surrounding space aside, is on the list. The list is a few hundred
// lines, and a password is set rarely, so it is simply read through.
func common(password string) bool {
	password = strings.ToLower(strings.TrimSpace(password))
	for line := range strings.Lines(commonPasswords) {
		if strings.TrimSuffix(line, "\n") == password {
			return true
		}
	}
	return false
}
