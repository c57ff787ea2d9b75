package call

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"confab/store"
)

// journalTimeout bounds one transaction or one other entry, so that a database that hangs delays the next call of a chat,
// and not for ever.
const journalTimeout = 5 * time.Second

// journalLimit is how many entries may wait. A call of 1,000 people who all join and leave within the time of a few
// commits comes to 2,000; beyond that something is wrong with the database, and joining is refused.
const journalLimit = 4096

// journalBatch is how many writes share a transaction: those who join at once wait for one commit instead of each other's.
const journalBatch = 64

// journal does things in order, one at a time, in a goroutine that exists while there is something to do.
type journal struct {
	log    *slog.Logger
	work   *sync.WaitGroup // counts the goroutine
	update func(context.Context, func(store.Tx) error) error

	mu      sync.Mutex // owns what follows
	entries []entry
	running bool
}

// entry is something to do: a part of a transaction, or anything else.
type entry struct {
	what  string
	write func(context.Context, store.Tx) error
	do    func(context.Context) error // where write is nil
	done  chan struct{}               // closed afterwards
}

// add appends something to do; the channel is closed when it has been done, or failed and been logged.
func (j *journal) add(what string, do func(context.Context) error) <-chan struct{} {
	return j.append(entry{what: what, do: do})
}

// write appends a part of a transaction. What it finds missing went with the chat, which somebody has deleted.
func (j *journal) write(what string, fn func(context.Context, store.Tx) error) <-chan struct{} {
	return j.append(entry{what: what, write: fn})
}

func (j *journal) append(e entry) <-chan struct{} {
	e.done = make(chan struct{})
	j.mu.Lock()
	defer j.mu.Unlock()
	j.entries = append(j.entries, e)
	if !j.running {
		j.running = true
		j.work.Go(j.run)
	}
	return e.done
}

func (j *journal) full() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return len(j.entries) >= journalLimit
}

func (j *journal) run() {
	for batch := j.next(); len(batch) > 0; batch = j.next() {
		if len(batch) == 1 || j.perform(batch) != nil {
			// One of them fails; the others must not fail with it.
			for i, e := range batch {
				if err := j.perform(batch[i : i+1]); err != nil && (e.write == nil || !errors.Is(err, store.ErrNotFound)) {
					j.log.Error("call journal", "entry", e.what, "error", err)
				}
			}
		}
		for _, e := range batch {
			close(e.done)
		}
	}
}

// next takes what is to be done next: one thing, or all the writes that wait in a row. None: the goroutine ends.
func (j *journal) next() []entry {
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.entries) == 0 {
		j.entries, j.running = nil, false
		return nil
	}
	n := 1
	for j.entries[0].write != nil && n < min(len(j.entries), journalBatch) && j.entries[n].write != nil {
		n++
	}
	batch := j.entries[:n:n]
	j.entries = j.entries[n:]
	return batch
}

// perform does one thing, or several writes.
func (j *journal) perform(batch []entry) error {
	ctx, cancel := context.WithTimeout(context.Background(), journalTimeout)
	defer cancel()
	if batch[0].write == nil {
		return batch[0].do(ctx)
	}
	return j.update(ctx, func(tx store.Tx) error {
		for _, e := range batch {
			if err := e.write(ctx, tx); err != nil {
				return err
			}
		}
		return nil
	})
}

// wait waits for an entry, as long as ctx allows.
func wait(ctx context.Context, done <-chan struct{}) {
	select {
	case <-done:
	case <-ctx.Done():
	}
}
