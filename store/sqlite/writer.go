package sqlite

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"confab/store/sqlstore"
)

// The bounds of a commit that is shared: its cost, one wait for the disk, is well spread over this many, and none of
// them waits long for the others.
const (
	groupSize = 64
	groupTime = 2 * time.Millisecond
)

// writer shares commits among callers that write at the same time ("group commit").
//
// Its goroutine takes whoever waits, opens one transaction, stores the posts among them all together (see store), lends
// the connection to each of the others in turn inside a savepoint of its own, commits, and then tells all of them. While
// one group waits for the disk the next one gathers, so that a lone caller waits for nobody and a crowd shares the cost.
// A caller that fails, panics or gives up rolls back its own savepoint and nothing else; a commit that fails, fails for
// the whole group. The callers' functions run in their own goroutines, so that a panic is theirs, with their stack.
type writer struct {
	conn    *session // owned by the goroutine, and lent to one caller at a time, as is what it left to be indexed
	dialect *sqlstore.Dialect
	left    sqlstore.Unindexed
	waiting chan *turn
	posts   *sqlstore.Posts

	closeOnce sync.Once
	closing   chan struct{} // closed by close: no new callers
	ended     chan struct{} // closed when the goroutine has ended
}

// turn is one caller of run.
type turn struct {
	state  atomic.Int32 // queued, then taken or withdrawn
	begin  chan error   // nil: the connection is yours
	finish chan error   // the caller's outcome: nil asks for the commit
	commit chan error   // what became of the group
}

// The states of a turn.
const (
	queued int32 = iota
	taken
	withdrawn
)

// errUnfinished is the outcome of a caller whose function never returned: it panicked, or ended its goroutine.
var errUnfinished = errors.New("the transaction was given up")

func startWriter(conn *session, d *sqlstore.Dialect) *writer {
	w := &writer{
		conn: conn, dialect: d, waiting: make(chan *turn, groupSize), closing: make(chan struct{}), ended: make(chan struct{}),
	}
	w.posts = sqlstore.NewPosts(d, w.closing, w.ended, ErrClosed)
	go w.loop()
	return w
}

// run runs fn with the connection inside of a transaction and returns after the commit, or after fn's failure.
func (w *writer) run(ctx context.Context, fn func(*sqlstore.Tx) error) error {
	t := &turn{begin: make(chan error, 1), finish: make(chan error, 1), commit: make(chan error, 1)}
	select {
	case <-w.closing:
		return ErrClosed
	default:
	}
	select {
	case w.waiting <- t:
	case <-ctx.Done():
		return ctx.Err()
	case <-w.closing:
		return ErrClosed
	}
	if err := t.await(ctx, w.ended); err != nil {
		return err
	}
	outcome := errUnfinished
	func() {
		defer func() { t.finish <- outcome }()
		outcome = fn(sqlstore.NewDeferringTx(w.conn, w.dialect, &w.left))
	}()
	if err := <-t.commit; err != nil {
		return err
	}
	return outcome
}

// await waits for the connection, unless the context ends before the writer has taken up the turn.
func (t *turn) await(ctx context.Context, ended <-chan struct{}) error {
	select {
	case err := <-t.begin:
		return err
	case <-ended:
		// Put into the queue while the writer was leaving, or answered by it at the last moment.
		if t.state.CompareAndSwap(queued, withdrawn) {
			return ErrClosed
		}
	case <-ctx.Done():
		if t.state.CompareAndSwap(queued, withdrawn) {
			return ctx.Err()
		}
	}
	return <-t.begin
}

// loop serves groups until close is called and nobody waits any more.
func (w *writer) loop() {
	defer close(w.ended)
	for {
		select {
		case t := <-w.waiting:
			w.group(t, nil)
		case p := <-w.posts.Waiting():
			w.group(nil, p)
		case <-w.closing:
			for {
				select {
				case t := <-w.waiting:
					w.group(t, nil)
				case p := <-w.posts.Waiting():
					w.group(nil, p)
				default:
					w.conn.close()
					return
				}
			}
		}
	}
}

// group runs one transaction for the one who came first, a turn or a post, and whoever waits behind.
func (w *writer) group(first *turn, p *sqlstore.Post) {
	ctx := context.Background()
	batch := w.posts.Batch(p)
	_, broken := w.conn.Exec(ctx, "BEGIN IMMEDIATE")
	if broken == nil {
		broken = w.store(ctx, batch)
	}
	served, wrote, broken := w.serve(first, broken)
	for _, p := range batch {
		wrote = wrote || p.OK
	}
	err := w.end(wrote, broken)
	for _, p := range batch {
		if err != nil {
			p.OK, p.Err = false, err
		}
		p.Answer()
	}
	for _, t := range served {
		t.commit <- err
	}
}

// serve lends the connection to first, which may be none, and to those who wait behind. wrote tells whether there is
// something to commit; broken, that the whole transaction is lost, as it may have been before.
func (w *writer) serve(first *turn, before error) (served []*turn, wrote bool, broken error) {
	broken = before
	start := time.Now()
	for t := first; ; {
		switch {
		case t == nil || !t.state.CompareAndSwap(queued, taken):
		case broken != nil:
			t.begin <- broken
		default:
			served = append(served, t)
			var useful bool
			useful, broken = w.lend(t)
			wrote = wrote || useful
		}
		if broken != nil || len(served) == groupSize || time.Since(start) >= groupTime {
			return served, wrote, broken
		}
		select {
		case t = <-w.waiting:
		default:
			return served, wrote, nil
		}
	}
}

// lend gives one caller the connection inside of a savepoint. useful tells whether there is something to commit; broken,
// that the whole transaction is lost.
func (w *writer) lend(t *turn) (useful bool, broken error) {
	mark := w.left.Len()
	ctx := context.Background()
	if _, err := w.conn.Exec(ctx, "SAVEPOINT turn"); err != nil {
		t.begin <- err
		return false, err
	}
	t.begin <- nil
	useful = <-t.finish == nil
	if !useful {
		w.left.Cut(mark)
		if _, err := w.conn.Exec(ctx, "ROLLBACK TO turn"); err != nil {
			return false, err
		}
	}
	_, err := w.conn.Exec(ctx, "RELEASE turn")
	return useful, err
}

// end commits the transaction, unless it is broken or nobody changed anything.
func (w *writer) end(wrote bool, broken error) error {
	ctx := context.Background()
	if broken == nil && wrote {
		broken = w.left.Write(ctx, w.conn, w.dialect)
	}
	w.left.Cut(0)
	if broken == nil && wrote {
		if _, err := w.conn.Exec(ctx, "COMMIT"); err != nil {
			broken = fmt.Errorf("commit: %w", err)
		}
	}
	if broken != nil || !wrote {
		// After most failures SQLite has rolled back by itself, and this finds nothing to do.
		_, _ = w.conn.Exec(ctx, "ROLLBACK")
	}
	return broken
}

// close refuses new callers and waits until those that were accepted have their answer.
func (w *writer) close() {
	w.closeOnce.Do(func() { close(w.closing) })
	<-w.ended
}
