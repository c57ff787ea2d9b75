// Package chat loads a running server with messages and checks, while it measures, that nothing is lost, doubled or out
// of order.
//
// The load is open: each send has its moment, fixed beforehand, and goes out then, whatever became of those before it.
// Latencies count from that moment, not from the write, so that a server that stalls is charged for all who would have
// waited (what is known as coordinated omission does not occur).
//
// # Concurrency
//
// Every connection has a goroutine that sends and one that reads; the reader alone owns the connection's histograms and
// its record of what it has seen. What connections have to agree on lies in the ledger of each chat, under its mutex.
//
// # Invariants checked
//
//   - Every send is acknowledged, once.
//   - On every connection, the events of a chat come in the order of seq, each once, and none is missing at the end.
//   - All connections see the same message at the same seq, and the chat's last seq is the number of messages sent.
package chat

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"confab/internal/bench/target"
)

// Config is one run.
type Config struct {
	Users       int           // accounts made for the run
	GroupSize   int           // members of each group; users are divided among groups
	Connections int           // sockets that send and receive, dealt out to the users in turn
	Rate        float64       // sends a second, all connections together
	Duration    time.Duration // measured
	WarmUp      time.Duration // sent before that, checked but not measured
	Size        int           // bytes of content
	PID         int           // of a server on this machine; 0: no CPU and memory
}

// MinSize is room for a stamp.
const MinSize = 40

// Bounds of a run: the ledger keeps every message's id.
const (
	maxSends    = 5_000_000
	dialAtOnce  = 16 // well below what one address may have undecided
	answersIn   = 30 * time.Second
	maxProblems = 20 // told of in full; the rest are counted
)

func (c Config) check() error {
	switch {
	case c.GroupSize < 2 || c.Users < c.GroupSize || c.Users%c.GroupSize != 0:
		return fmt.Errorf("%d users in groups of %d: want whole groups of two or more", c.Users, c.GroupSize)
	case c.Connections < 1 || c.Rate <= 0 || c.Duration <= 0 || c.WarmUp < 0:
		return errors.New("want at least one connection, and a rate and a duration above 0")
	case c.Size < MinSize:
		return fmt.Errorf("want messages of at least %d bytes", MinSize)
	case c.Rate*(c.WarmUp+c.Duration).Seconds() > maxSends:
		return fmt.Errorf("want at most %d sends in one run", maxSends)
	}
	return nil
}

// Run makes accounts and groups, opens sockets, sends, and tells what came of it. Its error is a run that could not be
// held; broken invariants stand in the Result.
func Run(ctx context.Context, s *target.Server, c Config) (*Result, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	r := &run{Config: c, problems: &problems{}}
	defer r.hangUp()
	if err := r.gather(ctx, s); err != nil {
		return nil, err
	}
	used, took, err := r.load(ctx)
	if err != nil {
		return nil, err
	}
	r.hangUp()
	return r.result(used, took), nil
}

// run is a run under way.
type run struct {
	Config
	conns    []*connection
	chats    []*ledger
	problems *problems

	began   time.Time // when send 0 is due
	sending sync.WaitGroup
	reading sync.WaitGroup
}

// gather makes everybody and everything.
func (r *run) gather(ctx context.Context, s *target.Server) error {
	people, err := s.Register(ctx, r.Users)
	if err != nil {
		return err
	}
	for at := 0; at < len(people); at += r.GroupSize {
		id, err := s.Group(ctx, "bench", people[at:at+r.GroupSize])
		if err != nil {
			return err
		}
		r.chats = append(r.chats, &ledger{id: id, problems: r.problems})
	}
	r.conns = make([]*connection, r.Connections)
	return target.Each(ctx, r.Connections, dialAtOnce, func(ctx context.Context, i int) error {
		user := i % r.Users
		conn, err := open(ctx, people[user], i, r.chats[user/r.GroupSize])
		r.conns[i] = conn
		return err
	})
}

// load sends everything and waits until it has come back. It returns what the server used from the first measured send to
// that moment, and how long that was.
func (r *run) load(ctx context.Context) (used target.Usage, took time.Duration, err error) {
	warm := int64(r.Rate * r.WarmUp.Seconds())
	total := warm + int64(r.Rate*r.Duration.Seconds())
	const headStart = 100 * time.Millisecond // so that nobody is late for the first send
	r.began = time.Now().Add(headStart)
	for i, c := range r.conns {
		c.plan = plan{first: int64(i), step: int64(len(r.conns)), end: total, warm: warm, rate: r.Rate, began: r.began, size: r.Size}
		r.reading.Go(func() { c.read(r.problems) })
		r.sending.Go(func() { c.send(ctx, r.problems) })
	}
	if err := sleepUntil(ctx, r.began.Add(r.WarmUp)); err != nil {
		return used, 0, err
	}
	from := time.Now()
	before, err := target.UsageOf(r.PID)
	if err != nil {
		return used, 0, err
	}
	r.sending.Wait()
	r.settle(ctx)
	used, err = target.UsageOf(r.PID)
	used.CPU -= before.CPU
	return used, time.Since(from), errors.Join(err, ctx.Err())
}

// settle waits until everything that was sent has come back, or until nothing has come for long enough: a server that is
// behind is slow, not broken.
func (r *run) settle(ctx context.Context) {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	var came int64
	deadline := time.Now().Add(answersIn)
	for time.Now().Before(deadline) && ctx.Err() == nil && !r.complete() {
		<-tick.C
		if now := r.came(); now > came {
			came, deadline = now, time.Now().Add(answersIn)
		}
	}
}

// came counts what has come back so far.
func (r *run) came() (n int64) {
	for _, c := range r.conns {
		n += c.answered.Load() + c.seen.Load()
	}
	return n
}

func (r *run) complete() bool {
	for _, c := range r.conns {
		if c.answered.Load() < c.sent.Load() || c.seen.Load() < c.chat.top() {
			return false
		}
	}
	return true
}

// hangUp closes all sockets and waits for the goroutines. It may be called again.
func (r *run) hangUp() {
	for _, c := range r.conns {
		if c != nil {
			c.closing.Store(true)
			_ = c.socket.Close() // the reader tells if it broke before
		}
	}
	r.sending.Wait()
	r.reading.Wait()
}

// sleepUntil waits without the drift that a ticker has when it is late.
func sleepUntil(ctx context.Context, t time.Time) error {
	wait := time.Until(t)
	if wait <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
