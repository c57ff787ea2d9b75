package sqlstore

import (
	"context"

	"confab/store"
	"confab/store/fulltext"
)

// searchDialect says how an engine keeps the words of messages and finds them; see package fulltext.
type searchDialect struct {
	index    string // puts the words ($2) of a message ($1) in place of those it had
	document func(fulltext.Document) string
	find     string // in FROM: the table of words joined to messages m, as far as $2 matches
	older    string // a condition: m was sent before the message $3
	newest   string // the order
	query    func(fulltext.Query) string
}

func postgresSearch() searchDialect {
	return searchDialect{
		index: `INSERT INTO message_words (message_id, words) VALUES ($1, $2::text::tsvector)
			ON CONFLICT (message_id) DO UPDATE SET words = excluded.words`,
		document: fulltext.Document.TSVector,
		find:     `message_words w JOIN messages m ON m.id = w.message_id AND w.words @@ $2::text::tsquery`,
		older:    `m.id < $3`,
		newest:   `m.id DESC`,
		query:    fulltext.Query.TSQuery,
	}
}

func sqliteSearch() searchDialect {
	return searchDialect{
		index:    `INSERT OR REPLACE INTO message_words (rowid, words) SELECT n, $2 FROM messages WHERE id = $1`,
		document: fulltext.Document.FTS5,
		// Read in the order of the index, newest first, for as many rows as are wanted.
		find:   `message_words w CROSS JOIN messages m ON m.n = w.rowid AND w.message_words MATCH $2`,
		older:  `w.rowid < (SELECT n FROM messages WHERE id = $3 UNION ALL SELECT 9223372036854775807 LIMIT 1)`,
		newest: `w.rowid DESC`,
		query:  fulltext.Query.FTS5,
	}
}

// indexMessage brings the index up to date with a message.
func (t *Tx) indexMessage(ctx context.Context, m store.Message) error {
	const what = "index message"
	words := fulltext.Analyse(m.Content)
	if words.Empty() {
		return nil
	}
	_, err := t.exec(ctx, what, t.dialect.search.index, id(m.ID), t.dialect.search.document(words))
	return err
}

// reindexMessage is indexMessage for a message that may have had words before.
func (t *Tx) reindexMessage(ctx context.Context, m store.Message) error {
	_, err := t.exec(ctx, "index message", t.dialect.search.index, id(m.ID),
		t.dialect.search.document(fulltext.Analyse(m.Content)))
	return err
}

// SearchMessages implements store.Messages.
func (t *Tx) SearchMessages(ctx context.Context, userID, chatID store.ID, q string, before store.ID, limit int) ([]store.Message, error) {
	const what = "search messages"
	// Cutting into words would hide what is broken.
	if err := check([]any{q}); err != nil {
		return nil, failed(what, err)
	}
	query := fulltext.ParseQuery(q)
	if len(query) == 0 {
		return nil, nil
	}
	if before == "" {
		before = lastID
	}
	d := t.dialect.search
	where, args := ``, []any{id(userID), d.query(query), id(before), limit}
	if chatID != "" {
		where, args = ` AND m.chat_id = $5`, append(args, id(chatID))
	}
	list, err := many(ctx, t, what, scanMessage, `SELECT `+messageColumns+` FROM `+d.find+`
		WHERE `+d.older+` AND m.deleted_at IS NULL`+where+`
			AND EXISTS (SELECT 1 FROM members me WHERE me.chat_id = m.chat_id AND me.user_id = $1)
		ORDER BY `+d.newest+` LIMIT $4`, args...)
	if err != nil {
		return nil, err
	}
	return list, t.fill(ctx, list)
}
