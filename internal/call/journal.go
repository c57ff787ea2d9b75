package call

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// journalTimeout bounds one entry, so that a database that hangs delays the next call of a chat, and not for ever.
const journalTimeout = 5 * time.Second

// journalLimit is how many entries may wait. A call of 1,000 people who all join and leave within the time of a few
// commits comes to 2,000; beyond that something is wrong with the database, and joining is refused.
const journalLimit = 4096

// journal does things in order, one at a time, in a goroutine that exists while there is something to do.
type journal struct {
	log  *slog.Logger
	work *sync.WaitGroup // counts the goroutine

	mu      sync.Mutex // owns what follows
	entries []entry
	running bool
}

type entry struct {
	what string
	do   func(context.Context) error
	done chan struct{} // closed afterwards
}

// add appends an entry; the channel is closed when it has been done, or failed and been logged.
func (j *journal) add(what string, do func(context.Context) error) <-chan struct{} {
	e := entry{what, do, make(chan struct{})}
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
	for {
		j.mu.Lock()
		if len(j.entries) == 0 {
			j.entries, j.running = nil, false
			j.mu.Unlock()
			return
		}
		e := j.entries[0]
		j.entries = j.entries[1:]
		j.mu.Unlock()

		ctx, cancel := context.WithTimeout(context.Background(), journalTimeout)
		if err := e.do(ctx); err != nil {
			j.log.Error("call journal", "entry", e.what, "error", err)
		}
		cancel()
		close(e.done)
	}
}

// wait waits for an entry, as long as ctx allows.
func wait(ctx context.Context, done <-chan struct{}) {
	select {
	case <-done:
	case <-ctx.Done():
	}
}
