package sqlite

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"confab/store"
	"confab/store/sqlstore"
)

// Post implements store.Store.
func (s *Store) Post(ctx context.Context, m store.Message) (store.Posted, bool, error) {
	return s.writer.posts.Post(ctx, m)
}

// room is a chat that posts of one batch go to.
type room struct {
	closed  bool // a direct chat one of whose two blocks the other
	seq     int64
	rev     int64
	members []store.ID
	at      int64 // of the latest post; 0: there is none
}

// The statements of a batch. The members of a chat come as one text, which costs much less than a row for each.
const (
	readRooms = `SELECT c.id, c.last_seq, c.last_rev,
			(SELECT COALESCE(group_concat(m.user_id), '') FROM members m WHERE m.chat_id = c.id),
			c.type = 'direct' AND EXISTS (SELECT 1 FROM members m JOIN blocks b ON b.user_id = m.user_id
				AND b.blocked_id IN (SELECT o.user_id FROM members o WHERE o.chat_id = c.id) WHERE m.chat_id = c.id)
		FROM json_each(?1) d JOIN chats c ON c.id = d.value`
	readQuoted = `SELECT m.id, m.chat_id FROM json_each(?1) d JOIN messages m ON m.id = d.value`
	insertPost = `INSERT INTO messages (id, chat_id, user_id, seq, rev, kind, content, client_id, payload_hash, reply_to, meta,
			created_at, updated_at)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, NULLIF(?8, ''), NULLIF(?9, x''), NULLIF(?10, ''), NULLIF(?11, ''), ?12, ?13)
		ON CONFLICT (user_id, client_id) WHERE client_id IS NOT NULL DO NOTHING`
	advanceRoom = `UPDATE chats SET last_seq = ?2, last_rev = ?3, activity_at = ?4 WHERE id = ?1`
	// One statement for all: FTS5 writes a segment of its index for each.
	indexPosts = `INSERT INTO message_words (rowid, words) SELECT m.n, d.value FROM json_each(?1) d JOIN messages m ON m.id = d.key`
)

// store stores those posts of a batch that keep to the rules of store.Store.Post, in the order given, and says so in
// them. After an error the transaction must not be committed.
func (w *writer) store(ctx context.Context, batch []*sqlstore.Post) error {
	if len(batch) == 0 {
		return nil
	}
	rooms, err := w.rooms(ctx, batch)
	if err != nil {
		return err
	}
	quoted, err := w.quoted(ctx, batch)
	if err != nil {
		return err
	}
	words := make(map[store.ID]string, len(batch))
	for _, p := range batch {
		m := &p.Message
		r := rooms[m.ChatID]
		if r == nil || r.closed || !slices.Contains(r.members, m.UserID) || m.ReplyTo != "" && quoted[m.ReplyTo] != m.ChatID {
			continue
		}
		at := sqlstore.Cut(m.CreatedAt).UnixMilli()
		n, err := w.conn.Exec(ctx, insertPost, string(m.ID), string(m.ChatID), string(m.UserID), r.seq+1, r.rev+1,
			string(m.Kind), m.Content, m.ClientID, m.PayloadHash, string(m.ReplyTo), string(m.Meta), at,
			sqlstore.Cut(m.UpdatedAt).UnixMilli())
		if err != nil {
			return err
		}
		if n == 0 { // the ClientID is in use
			continue
		}
		r.seq, r.rev, r.at = r.seq+1, r.rev+1, at
		words[m.ID] = p.Words
		p.Posted, p.OK = store.Posted{Seq: r.seq, Rev: r.rev, Members: r.members}, true
	}
	for id, r := range rooms {
		if r == nil || r.at == 0 {
			continue
		}
		if _, err := w.conn.Exec(ctx, advanceRoom, string(id), r.seq, r.rev, r.at); err != nil {
			return err
		}
	}
	if len(words) == 0 {
		return nil
	}
	_, err = w.conn.Exec(ctx, indexPosts, encode(words))
	return err
}

// rooms reads the chats of a batch.
func (w *writer) rooms(ctx context.Context, batch []*sqlstore.Post) (map[store.ID]*room, error) {
	rooms := make(map[store.ID]*room, len(batch))
	var ids []store.ID
	for _, p := range batch {
		if _, seen := rooms[p.Message.ChatID]; !seen {
			rooms[p.Message.ChatID] = nil
			ids = append(ids, p.Message.ChatID)
		}
	}
	rows, err := w.conn.Query(ctx, readRooms, encode(ids))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id store.ID
		var members string
		r := new(room)
		if err := rows.Scan(&id, &r.seq, &r.rev, &members, &r.closed); err != nil {
			return nil, err
		}
		for member := range strings.SplitSeq(members, ",") {
			r.members = append(r.members, store.ID(member))
		}
		rooms[id] = r
	}
	return rooms, rows.Err()
}

// quoted tells the chat of each message that a batch replies to.
func (w *writer) quoted(ctx context.Context, batch []*sqlstore.Post) (map[store.ID]store.ID, error) {
	var ids []store.ID
	for _, p := range batch {
		if p.Message.ReplyTo != "" {
			ids = append(ids, p.Message.ReplyTo)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	rows, err := w.conn.Query(ctx, readQuoted, encode(ids))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	chats := make(map[store.ID]store.ID, len(ids))
	for rows.Next() {
		var id, chatID store.ID
		if err := rows.Scan(&id, &chatID); err != nil {
			return nil, err
		}
		chats[id] = chatID
	}
	return chats, rows.Err()
}

// encode writes a list or a table of texts as JSON, which these always can be.
func encode(texts any) string {
	b, err := json.Marshal(texts)
	if err != nil {
		panic(err)
	}
	return string(b)
}
