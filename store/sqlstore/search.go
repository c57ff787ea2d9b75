package sqlstore

import (
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"time"

	"confab/store"
	"confab/store/fulltext"
)

// searchDialect says how an engine keeps the words of messages and finds them; see package fulltext.
type searchDialect struct {
	index    string                                     // keeps the words of messages, as far as these exist, in place of those they had
	indexed  func(ids []store.ID, words []string) []any // the arguments of index
	document func(fulltext.Document) string             // what is kept of a text
	find     string                                     // in FROM: messages m, as far as their words match $2
	older    string                                     // a condition: m was sent before the message $3
	newest   string                                     // the order
	query    func(fulltext.Query) string                // $2 of find
}

// postgresIndex keeps the words of those messages of a list ($1: uuid[], $2: text[]) that exist.
const postgresIndex = `INSERT INTO message_words (message_id, words)
	SELECT m.id, d.words::tsvector FROM unnest($1::uuid[], $2::text[]) AS d(id, words) JOIN messages m ON m.id = d.id
	ON CONFLICT (message_id) DO UPDATE SET words = excluded.words`

func postgresSearch() searchDialect {
	return searchDialect{
		index:    postgresIndex,
		indexed:  func(ids []store.ID, words []string) []any { return []any{UUIDArray(ids), words} },
		document: fulltext.Document.TSVector,
		find:     `message_words w JOIN messages m ON m.id = w.message_id AND w.words @@ $2::text::tsquery`,
		older:    `m.id < $3`,
		newest:   `m.id DESC`,
		query:    fulltext.Query.TSQuery,
	}
}

func sqliteSearch() searchDialect {
	return searchDialect{
		index: `INSERT OR REPLACE INTO message_words (rowid, words)
			SELECT m.n, d.value FROM json_each($1) d JOIN messages m ON m.id = d.key`,
		indexed:  jsonObject,
		document: fulltext.Document.FTS5,
		// Read in the order of the index, newest first, for as many rows as are wanted.
		find: `message_words w CROSS JOIN messages m ON m.n = w.rowid AND w.message_words MATCH $2`,
		// Where $3 is gone with its chat, those older than the next newer one, or all if there is none.
		older: `w.rowid < COALESCE((SELECT n FROM messages WHERE id = $3),
			(SELECT n FROM messages WHERE id > $3 ORDER BY id LIMIT 1), 9223372036854775807)`,
		newest: `w.rowid DESC`,
		query:  fulltext.Query.FTS5,
	}
}

// jsonObject encodes texts under ids as one JSON object; strings always can be encoded.
func jsonObject(ids []store.ID, texts []string) []any {
	object := make(map[store.ID]string, len(ids))
	for i, id := range ids {
		object[id] = texts[i]
	}
	b, err := json.Marshal(object)
	if err != nil {
		panic(err)
	}
	return []any{string(b)}
}

// Unindexed is the messages of a transaction whose words are yet to be written. FTS5 writes a segment of its index for
// every statement, so that one statement for all is many times cheaper than one for each. It is owned by whoever owns
// the transaction.
type Unindexed struct{ messages []store.Message }

// Len is how many messages there are: a mark to go back to with Cut.
func (u *Unindexed) Len() int { return len(u.messages) }

// Cut forgets those that came after the mark, because what changed them is rolled back.
func (u *Unindexed) Cut(mark int) { u.messages = u.messages[:mark] }

// Write puts the words of all of them into the index, and forgets them.
func (u *Unindexed) Write(ctx context.Context, conn Conn, d *Dialect) error {
	list := u.messages
	u.messages = nil
	return NewTx(conn, d).index(ctx, list)
}

// indexMessage keeps the words of a message, now or with the others of the transaction.
func (t *Tx) indexMessage(ctx context.Context, m store.Message) error {
	if t.unindexed != nil {
		t.unindexed.messages = append(t.unindexed.messages, m)
		return nil
	}
	return t.index(ctx, []store.Message{m})
}

// indexAgain keeps the words of a message after its text or its files have changed.
func (t *Tx) indexAgain(ctx context.Context, messageID store.ID) error {
	m, err := t.Message(ctx, messageID)
	if err != nil {
		return err
	}
	return t.indexMessage(ctx, m)
}

// foundBy is what a message is found by: its text, then the names of its files. That of a recording is shown nowhere.
func foundBy(m store.Message) string {
	if m.Kind == store.KindAudio || len(m.Attachments) == 0 {
		return m.Content
	}
	parts := make([]string, 0, 1+len(m.Attachments))
	parts = append(parts, m.Content)
	for _, a := range m.Attachments {
		parts = append(parts, a.Name)
	}
	return strings.Join(parts, "\n")
}

// dueBatch is how many messages are indexed anew in one transaction: a few megabytes at most.
const dueBatch = 500

// IndexDue writes the words that a migration has asked for, at opening, in transactions of update. What was done before
// an interruption is not done again.
func IndexDue(ctx context.Context, update func(context.Context, func(*Tx) error) error, log *slog.Logger) error {
	total, began := 0, time.Now()
	for {
		n := 0
		if err := update(ctx, func(t *Tx) (err error) {
			n, err = t.indexDue(ctx)
			return err
		}); err != nil {
			return err
		}
		if n == 0 {
			break
		}
		total += n
	}
	if total > 0 {
		log.Info("messages indexed anew", "messages", total, "duration", time.Since(began))
	}
	return nil
}

// indexDue is one batch of IndexDue. The messages are locked, so that no words are written over those of an edit.
func (t *Tx) indexDue(ctx context.Context) (int, error) {
	const what = "index anew"
	due, err := many(ctx, t, what, scanID, `SELECT m.id FROM words_due d JOIN messages m ON m.id = d.message_id
		ORDER BY m.id LIMIT $1 {lock}`, dueBatch)
	if err != nil || len(due) == 0 {
		return 0, err
	}
	list, err := many(ctx, t, what, scanMessage, `SELECT `+messageColumns+` FROM messages m WHERE m.id IN {$1}`, t.ids(due))
	if err == nil {
		err = t.fill(ctx, list)
	}
	if err == nil {
		err = t.index(ctx, list)
	}
	if err != nil {
		return 0, err
	}
	_, err = t.exec(ctx, what, `DELETE FROM words_due WHERE message_id IN {$1}`, t.ids(due))
	return len(due), err
}

// index keeps the words of messages. Of one that is there more than once the last state counts.
func (t *Tx) index(ctx context.Context, list []store.Message) error {
	if len(list) == 0 {
		return nil
	}
	last := make(map[store.ID]int, len(list))
	for i, m := range list {
		last[m.ID] = i
	}
	messageIDs, texts := make([]store.ID, 0, len(list)), make([]string, 0, len(list))
	for i, m := range list {
		if last[m.ID] == i {
			messageIDs = append(messageIDs, m.ID)
			texts = append(texts, t.dialect.search.document(fulltext.Analyse(foundBy(m))))
		}
	}
	_, err := t.exec(ctx, "index messages", t.dialect.search.index, t.dialect.search.indexed(messageIDs, texts)...)
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
