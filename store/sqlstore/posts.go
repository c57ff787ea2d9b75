package sqlstore

import (
	"context"
	"fmt"

	"confab/store"
	"confab/store/fulltext"
)

// PostBatch is how many posts share a transaction: beyond this its cost per post hardly falls any more.
const PostBatch = 64

// Posts is where callers of store.Store.Post wait for the goroutine of the engine that stores them, many at a time.
type Posts struct {
	dialect *Dialect
	waiting chan *Post
	closing <-chan struct{}
	ended   <-chan struct{}
	closed  error
}

// Post is one caller.
type Post struct {
	Message store.Message
	Words   string // what the message is found by, in the form that the engine keeps

	// What the engine makes of it, owned by the engine until Answer. None of the three: take the long way.
	Posted store.Posted
	OK     bool
	Err    error

	answered chan struct{}
}

// Answer lets the caller go. It is called once.
func (p *Post) Answer() { close(p.answered) }

// NewPosts makes a queue. Once closing is closed, nobody is taken any more; once ended is, nobody will be answered any
// more. Whoever is not, gets the error closed.
func NewPosts(d *Dialect, closing, ended <-chan struct{}, closed error) *Posts {
	return &Posts{dialect: d, waiting: make(chan *Post, PostBatch), closing: closing, ended: ended, closed: closed}
}

// Post is store.Store.Post. What can be worked out without the database is, in the caller's goroutine.
func (q *Posts) Post(ctx context.Context, m store.Message) (store.Posted, bool, error) {
	if err := checkPost(m); err != nil {
		return store.Posted{}, false, err
	}
	p := &Post{Message: m, Words: q.dialect.search.document(fulltext.Analyse(m.Content)), answered: make(chan struct{})}
	if err := q.wait(ctx, p); err != nil {
		return store.Posted{}, false, failed("post message", err)
	}
	return p.Posted, p.OK, failed("post message", p.Err)
}

// wait returns when the post has been answered, or why it will not be.
func (q *Posts) wait(ctx context.Context, p *Post) error {
	select {
	case <-q.closing:
		return q.closed
	default:
	}
	select {
	case q.waiting <- p:
	case <-ctx.Done():
		return ctx.Err()
	case <-q.closing:
		return q.closed
	}
	select {
	case <-p.answered:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-q.ended:
	}
	select {
	case <-p.answered:
		return nil
	default: // it came into the queue when everybody had left
		return q.closed
	}
}

// Waiting is where the first post of a batch comes from.
func (q *Posts) Waiting() <-chan *Post { return q.waiting }

// Batch is first, which may be nil, and those that wait behind, up to PostBatch; nobody is waited for.
func (q *Posts) Batch(first *Post) []*Post {
	var batch []*Post
	for next := first; ; {
		if next != nil {
			batch = append(batch, next)
		}
		if len(batch) == PostBatch {
			return batch
		}
		select {
		case next = <-q.waiting:
		default:
			return batch
		}
	}
}

// checkPost refuses a message that no engine could store.
func checkPost(m store.Message) error {
	err := check([]any{id(m.ID), id(m.ChatID), id(m.UserID), id(m.ReplyTo), m.Content, m.ClientID, string(m.Meta)})
	if err == nil && (m.ID == "" || m.ChatID == "" || m.UserID == "") {
		err = fmt.Errorf("a message needs an id, a chat and an author: %w", store.ErrBadID)
	}
	return failed("post message", err)
}
