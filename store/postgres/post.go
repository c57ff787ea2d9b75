package postgres

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"confab/store"
	"confab/store/sqlstore"
)

// errClosed is the answer to whoever posts after Close.
var errClosed = errors.New("the database is closed")

// poster stores messages for many callers at once: a batch is a few statements in one transaction and one round trip.
//
// Its goroutine takes whoever waits; nobody is waited for, and while one batch waits for the disk the next gathers. A second
// goroutine would mostly wait for the locks of the chats that the first has in hand, and halve the batches: with 64
// callers in 32 chats it cost a fifth of the throughput. Should PostgreSQL refuse a batch, which happens when another
// transaction uses a ClientID at the same instant, nothing of it has been stored and it is tried once more: that other
// transaction is then over, and only who came second is sent the long way. Should it be refused again, all are.
type poster struct {
	pool  *pgxpool.Pool
	posts *sqlstore.Posts

	closeOnce sync.Once
	closing   chan struct{} // closed by close: no new callers
	ended     chan struct{} // closed when nobody will be answered any more
}

func startPoster(pool *pgxpool.Pool, d *sqlstore.Dialect) *poster {
	p := &poster{pool: pool, closing: make(chan struct{}), ended: make(chan struct{})}
	p.posts = sqlstore.NewPosts(d, p.closing, p.ended, errClosed)
	go p.loop()
	return p
}

// Post implements store.Store.
func (s *Store) Post(ctx context.Context, m store.Message) (store.Posted, bool, error) {
	return s.poster.posts.Post(ctx, m)
}

// close refuses new callers and waits until those who were being served have their answer; the others are refused.
func (p *poster) close() {
	p.closeOnce.Do(func() { close(p.closing) })
	<-p.ended
}

// loop serves batches until close.
func (p *poster) loop() {
	defer close(p.ended)
	for {
		select {
		case first := <-p.posts.Waiting():
			p.serve(first)
		case <-p.closing:
			return
		}
	}
}

// postTimeout bounds a batch: its callers may have left, and nobody else would end it.
const postTimeout = 30 * time.Second

// serve stores first and those that wait behind, and answers them.
func (p *poster) serve(first *sqlstore.Post) {
	ctx, cancel := context.WithTimeout(context.Background(), postTimeout)
	defer cancel()
	all := p.posts.Batch(first)
	batch := distinct(all)
	placed, members, err := p.store(ctx, batch)
	var refused *pgconn.PgError
	if errors.As(err, &refused) {
		placed, members, err = p.store(ctx, batch)
	}
	if errors.As(err, &refused) {
		err = nil // and nothing is placed: all go the long way
	}
	for _, one := range batch {
		if one.Posted, one.OK = placed[one.Message.ID]; one.OK {
			one.Posted.Members = members[one.Message.ChatID]
		}
		one.Err = err
	}
	for _, one := range all {
		one.Answer()
	}
}

// distinct leaves out the second of two posts with the same ClientID, which has to go the long way: the statement below
// could not tell that it is the second.
func distinct(all []*sqlstore.Post) []*sqlstore.Post {
	type key struct {
		user   store.ID
		client string
	}
	used := make(map[key]bool)
	batch := make([]*sqlstore.Post, 0, len(all))
	for _, one := range all {
		k := key{one.Message.UserID, one.Message.ClientID}
		if k.client != "" && used[k] {
			continue
		}
		used[k] = true
		batch = append(batch, one)
	}
	return batch
}

// planForFew makes the planner go by index, row for row, until the transaction ends: a batch is small, while the tables
// may have been empty when the plan was made that is then kept.
const planForFew = `SELECT set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true),
	set_config('enable_mergejoin', 'off', true), set_config('plan_cache_mode', 'force_generic_plan', true)`

// lockChats takes the chats' locks in one order, so that batches never wait for each other crosswise. It is a statement
// of its own, because the next one must see what was committed by those whom this one waited for.
const lockChats = `SELECT 1 FROM chats WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE`

// insertPosts stores those messages of a batch that keep to the rules of store.Store.Post, in the order given.
const insertPosts = `WITH draft AS (
		SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::bytea[],
			$8::uuid[], $9::text[], $10::timestamptz[], $11::timestamptz[], $12::text[])
		WITH ORDINALITY AS d(id, chat_id, user_id, kind, content, client_id, payload_hash, reply_to, meta, created_at,
			updated_at, words, place)
	), fit AS (
		SELECT d.*, c.last_seq, c.last_rev, row_number() OVER (PARTITION BY d.chat_id ORDER BY d.place) AS step
		FROM draft d JOIN chats c ON c.id = d.chat_id JOIN members m ON m.chat_id = d.chat_id AND m.user_id = d.user_id
		WHERE NOT EXISTS (SELECT 1 FROM messages x WHERE x.user_id = d.user_id AND x.client_id = d.client_id)
			AND (d.reply_to IS NULL OR EXISTS (SELECT 1 FROM messages r WHERE r.id = d.reply_to AND r.chat_id = d.chat_id))
			AND (c.type <> 'direct' OR NOT EXISTS (SELECT 1 FROM members o JOIN blocks b ON b.user_id = o.user_id
				AND b.blocked_id = d.user_id OR b.user_id = d.user_id AND b.blocked_id = o.user_id WHERE o.chat_id = c.id))
	), advanced AS (
		UPDATE chats c SET last_seq = c.last_seq + f.n, last_rev = c.last_rev + f.n, activity_at = f.at
		FROM (SELECT chat_id, count(*) AS n, max(created_at) AS at FROM fit GROUP BY chat_id) f WHERE c.id = f.chat_id
	), found_by AS (
		INSERT INTO message_words (message_id, words) SELECT id, words::tsvector FROM fit
	)
	INSERT INTO messages (id, chat_id, user_id, seq, rev, kind, content, client_id, payload_hash, reply_to, meta,
		created_at, updated_at)
	SELECT id, chat_id, user_id, last_seq + step, last_rev + step, kind, content, client_id, payload_hash, reply_to,
		meta::json, created_at, updated_at FROM fit
	RETURNING id::text, seq, rev`

const listMembers = `SELECT chat_id::text, user_id::text FROM members WHERE chat_id = ANY($1::uuid[])`

// store runs the batch's transaction. Sent as one batch without BEGIN, the statements are committed together.
func (p *poster) store(ctx context.Context, batch []*sqlstore.Post) (map[store.ID]store.Posted, map[store.ID][]store.ID, error) {
	conn, err := p.pool.Acquire(ctx)
	if err != nil {
		return nil, nil, err
	}
	defer conn.Release()
	chats, drafts := columns(batch)
	var queue pgx.Batch
	queue.Queue(planForFew)
	queue.Queue(lockChats, chats)
	queue.Queue(insertPosts, drafts...)
	queue.Queue(listMembers, chats)
	results := conn.SendBatch(ctx, &queue)
	placed := make(map[store.ID]store.Posted, len(batch))
	members := make(map[store.ID][]store.ID)
	_, err = results.Exec()
	if err == nil {
		_, err = results.Exec()
	}
	if err == nil {
		err = each(results, func(r pgx.Rows) error {
			var id store.ID
			var place store.Posted
			err := r.Scan(&id, &place.Seq, &place.Rev)
			placed[id] = place
			return err
		})
	}
	if err == nil {
		err = each(results, func(r pgx.Rows) error {
			var chatID, userID store.ID
			err := r.Scan(&chatID, &userID)
			members[chatID] = append(members[chatID], userID)
			return err
		})
	}
	// Only now is it committed.
	if closed := results.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return nil, nil, err
	}
	return placed, members, nil
}

// each reads the rows of the next result.
func each(results pgx.BatchResults, read func(pgx.Rows) error) error {
	rows, err := results.Query()
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := read(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// columns turns a batch into the arguments of its statements: the chats concerned, and one list for each column of
// insertPosts.
func columns(batch []*sqlstore.Post) (chats string, drafts []any) {
	n := len(batch)
	ids, chatIDs, userIDs, replies := make([]store.ID, n), make([]store.ID, n), make([]store.ID, n), make([]store.ID, n)
	kinds, contents := make([]string, n), make([]string, n)
	clients, metas := make([]*string, n), make([]*string, n)
	hashes := make([][]byte, n)
	words := make([]string, n)
	created, updated := make([]time.Time, n), make([]time.Time, n)
	for i, one := range batch {
		m := &one.Message
		ids[i], chatIDs[i], userIDs[i], replies[i] = m.ID, m.ChatID, m.UserID, m.ReplyTo
		words[i] = one.Words
		kinds[i], contents[i], hashes[i] = string(m.Kind), m.Content, m.PayloadHash
		created[i], updated[i] = sqlstore.Cut(m.CreatedAt), sqlstore.Cut(m.UpdatedAt)
		if m.ClientID != "" {
			clients[i] = &m.ClientID
		}
		if len(m.Meta) > 0 {
			meta := string(m.Meta)
			metas[i] = &meta
		}
	}
	chats = sqlstore.UUIDArray(chatIDs)
	return chats, []any{sqlstore.UUIDArray(ids), chats, sqlstore.UUIDArray(userIDs), kinds, contents, clients, hashes,
		sqlstore.UUIDArray(replies), metas, created, updated, words}
}
