// Package fulltext turns messages and queries into the words that an index compares. It is done here, once, rather than
// by the databases, so that both engines find the same: SQLite's FTS5 knows no Russian, and what PostgreSQL knows
// depends on how it was installed.
//
// A text is folded (case, compatibility forms, ё as е) and cut into words: runs of letters, digits and marks. Each word
// is kept as it is, in order, for phrases and beginnings, and once more as its stem (Snowball; Russian for Cyrillic
// letters, English for Latin ones), so that one form of a word finds the others. Stems are told from words by a mark
// in front that no word can hold. Everything in this package is a pure function.
package fulltext

import (
	"slices"
	"strings"
	"unicode"

	"github.com/blevesearch/snowballstem"
	"github.com/blevesearch/snowballstem/english"
	"github.com/blevesearch/snowballstem/russian"
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// maxWords is how many words of one text are indexed: more than the longest message has. PostgreSQL keeps positions
// up to 16383.
const maxWords = 8192

// maxWordLength is where a word is cut, in bytes: no word is that long, base64 is. PostgreSQL takes lexemes up to 2 KiB.
const maxWordLength = 128

// stemMark stands before a stem. It is a private-use character, which is no letter, and which FTS5 keeps in a token.
const stemMark = "\ue000"

// Document is a text as it is indexed.
type Document struct {
	Words []string // in order
	Stems []string // marked, sorted, each once
}

// Analyse reads a text.
func Analyse(text string) Document {
	words := split(text)
	if len(words) > maxWords {
		words = words[:maxWords]
	}
	stems := make([]string, len(words))
	for i, w := range words {
		stems[i] = stemMark + stem(w)
	}
	slices.Sort(stems)
	return Document{Words: words, Stems: slices.Compact(stems)}
}

// split folds a text and cuts it into words.
func split(text string) []string {
	text = norm.NFKC.String(cases.Fold().String(norm.NFKC.String(text)))
	text = strings.ReplaceAll(text, "ё", "е")
	words := strings.FieldsFunc(text, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.IsMark(r)
	})
	for i, w := range words {
		words[i] = cut(w)
	}
	return words
}

// cut shortens a word to maxWordLength, between characters.
func cut(w string) string {
	if len(w) <= maxWordLength {
		return w
	}
	end := 0
	for i, r := range w {
		if i+len(string(r)) > maxWordLength {
			break
		}
		end = i + len(string(r))
	}
	return w[:end]
}

// stem finds what the forms of a word have in common.
func stem(word string) string {
	env := snowballstem.NewEnv(word)
	switch {
	case strings.ContainsFunc(word, func(r rune) bool { return unicode.Is(unicode.Cyrillic, r) }):
		russian.Stem(env)
	case !strings.ContainsFunc(word, func(r rune) bool { return !unicode.Is(unicode.Latin, r) }):
		english.Stem(env)
	}
	if s := env.Current(); s != "" {
		return s
	}
	return word
}
