package fulltext

import (
	"strings"
	"unicode/utf8"
)

// maxClauses is how many words and phrases of a query count: nobody remembers more of a message, and each costs a
// look-up.
const maxClauses = 16

// minBeginning is how many characters a word must have to be taken as the beginning of another: a single letter begins
// a large part of all words.
const minBeginning = 2

// Query is what somebody looks for: all of its clauses must be met.
type Query []Clause

// Clause is one condition. Exactly one of Phrase and Word is set.
type Clause struct {
	Phrase    []string // these words, one after the other
	Word      string   // this word …
	Stem      string   // … in any of its forms: its stem, marked; empty: only as a beginning
	Beginning bool     // … or as the beginning of a word
}

// ParseQuery reads what was typed. Words are found in any of their forms; in "quotes", as they stand and in this order;
// a word with an asterisk after it, as the beginning of words. The last word may still be in the middle of being typed,
// and is found both ways. An empty Query finds nothing.
func ParseQuery(text string) Query {
	var q Query
	for i, part := range strings.Split(strings.NewReplacer("“", `"`, "”", `"`, "„", `"`, "«", `"`, "»", `"`).Replace(text), `"`) {
		if i%2 == 1 { // a quote that is not closed runs to the end
			if words := split(part); len(words) > 0 {
				q = append(q, Clause{Phrase: words})
			}
			continue
		}
		for field := range strings.FieldsSeq(part) {
			q = append(q, plain(field)...)
		}
	}
	if len(q) > maxClauses {
		q = q[:maxClauses]
	}
	if n := len(q); n > 0 && q[n-1].Word != "" && utf8.RuneCountInString(q[n-1].Word) >= minBeginning {
		q[n-1].Beginning = true
	}
	return q
}

// plain reads a part without spaces and quotes: several words when there is punctuation inside.
func plain(field string) []Clause {
	words := split(field)
	clauses := make([]Clause, len(words))
	for i, w := range words {
		clauses[i] = Clause{Word: w, Stem: stemMark + stem(w)}
	}
	if n := len(words); n > 0 && strings.HasSuffix(field, "*") && utf8.RuneCountInString(words[n-1]) >= minBeginning {
		clauses[n-1] = Clause{Word: words[n-1], Beginning: true}
	}
	return clauses
}
