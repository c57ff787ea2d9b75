package fulltext

import (
	"strconv"
	"strings"
)

// What the databases are given. Words and stems consist of letters, digits, marks and the stem mark, so that nothing
// in them could end the quotes they stand in.

// TSVector writes a document as a PostgreSQL tsvector: words with their places, stems without.
func (d Document) TSVector() string {
	var b strings.Builder
	for i, w := range d.Words {
		b.WriteString("'" + w + "':" + strconv.Itoa(i+1) + " ")
	}
	for _, s := range d.Stems {
		b.WriteString("'" + s + "' ")
	}
	return b.String()
}

// FTS5 writes a document as a text for FTS5: words in order, then stems.
func (d Document) FTS5() string {
	return strings.Join(d.Words, " ") + " " + strings.Join(d.Stems, " ")
}

// TSQuery writes a query as a PostgreSQL tsquery.
func (q Query) TSQuery() string {
	return q.render(" & ", " | ", func(c Clause) string {
		return "('" + strings.Join(c.Phrase, "' <-> '") + "')"
	}, func(stem string) string { return "'" + stem + "'" }, func(word string) string { return "'" + word + "':*" })
}

// FTS5 writes a query as an FTS5 match expression.
func (q Query) FTS5() string {
	return q.render(" AND ", " OR ", func(c Clause) string {
		return `"` + strings.Join(c.Phrase, " ") + `"`
	}, func(stem string) string { return `"` + stem + `"` }, func(word string) string { return `"` + word + `" *` })
}

// render joins the clauses in one of the two languages.
func (q Query) render(and, or string, phrase func(Clause) string, stem, beginning func(string) string) string {
	parts := make([]string, len(q))
	for i, c := range q {
		switch {
		case c.Phrase != nil:
			parts[i] = phrase(c)
		case c.Stem == "":
			parts[i] = beginning(c.Word)
		case c.Beginning:
			parts[i] = "(" + stem(c.Stem) + or + beginning(c.Word) + ")"
		default:
			parts[i] = stem(c.Stem)
		}
	}
	return strings.Join(parts, and)
}
