package sqlstore

import (
	"encoding/json"
	"regexp"
	"strings"
	"sync"
	"time"

	"confab/store"
)

// Dialect says where an engine's SQL and its values differ from the other's. It is safe for concurrent use.
type Dialect struct {
	placeholder string                  // before the number of an argument; a template, as list is
	list        string                  // replaces "IN {$1}", where ${1} stands for the argument
	textList    string                  // the same of "IN TEXTS {$1}"
	lock        string                  // replaces "{lock}"
	encodeTime  func(time.Time) any     // a moment as an argument
	encodeList  func([]store.ID) string // a list of ids as one argument
	encodeTexts func([]string) any      // a list of texts as one argument
	search      searchDialect
	texts       sync.Map // query → its text in this dialect; bounded by the queries of this package
}

// NewPostgres is the dialect of PostgreSQL: uuid and timestamptz columns, row locks.
func NewPostgres() *Dialect {
	return &Dialect{
		placeholder: "$$", // a template's way to write $
		list:        "= ANY(${1}::uuid[])",
		textList:    "= ANY(${1}::text[])",
		// Not FOR UPDATE, which would also hold off the foreign key checks of everybody who refers to the row.
		lock:        "FOR NO KEY UPDATE",
		encodeTime:  func(t time.Time) any { return t },
		encodeList:  UUIDArray,
		encodeTexts: func(list []string) any { return list },
		search:      postgresSearch(),
	}
}

// NewSQLite is the dialect of SQLite: text ids, times as milliseconds, and no row locks, since only one transaction
// writes at a time.
func NewSQLite() *Dialect {
	return &Dialect{
		placeholder: "?",
		list:        "IN (SELECT value FROM json_each(${1}))",
		textList:    "IN (SELECT value FROM json_each(${1}))",
		encodeTime:  func(t time.Time) any { return t.UnixMilli() },
		encodeList:  func(ids []store.ID) string { return joinIDs("[", ids, `"`, "]") },
		encodeTexts: jsonArray,
		search:      sqliteSearch(),
	}
}

// sql gives the text of a query in this dialect, worked out once per query.
func (d *Dialect) sql(query string) string {
	if text, ok := d.texts.Load(query); ok {
		return text.(string)
	}
	text := listMarker.ReplaceAllString(query, d.list)
	text = textListMarker.ReplaceAllString(text, d.textList)
	text = strings.ReplaceAll(text, "{lock}", d.lock)
	text = argument.ReplaceAllString(text, d.placeholder+"${1}")
	d.texts.Store(query, text)
	return text
}

// The markers of a query; see the package comment.
var (
	listMarker     = regexp.MustCompile(`IN \{(\$[0-9]+)\}`)
	textListMarker = regexp.MustCompile(`IN TEXTS \{(\$[0-9]+)\}`)
	argument       = regexp.MustCompile(`\$([0-9]+)`)
)

// jsonArray encodes texts as one JSON array; strings always can be encoded.
func jsonArray(list []string) any {
	b, err := json.Marshal(list)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// UUIDArray writes ids as PostgreSQL writes an array of uuid; none becomes NULL.
func UUIDArray(ids []store.ID) string { return joinIDs("{", ids, "", "}") }

// joinIDs writes ids between open and close, each in quotes, with commas between.
func joinIDs(open string, ids []store.ID, quote, end string) string {
	var b strings.Builder
	b.Grow(len(open) + len(end) + len(ids)*(36+2*len(quote)+1))
	b.WriteString(open)
	for i, id := range ids {
		if i > 0 {
			b.WriteByte(',')
		}
		if id == "" {
			b.WriteString("NULL")
			continue
		}
		b.WriteString(quote)
		b.WriteString(string(id))
		b.WriteString(quote)
	}
	b.WriteString(end)
	return b.String()
}
