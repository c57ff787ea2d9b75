package chat

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"text/tabwriter"
	"time"

	"confab/internal/bench/target"
)

// IdleConfig is a run in which sockets are open and do nothing.
type IdleConfig struct {
	Users   int           // accounts that the sockets are dealt out to
	Sockets int           // a server allows an account 64
	Hold    time.Duration // how long they stay open before the server is looked at
	PID     int           // of the server, on this machine
}

// IdleResult is what open sockets cost.
type IdleResult struct {
	Sockets      int     `json:"sockets"`
	OpenSeconds  float64 `json:"openSeconds"`
	Dropped      int64   `json:"dropped"`
	MemoryBefore int64   `json:"memoryBeforeBytes"`
	MemoryAfter  int64   `json:"memoryAfterBytes"`
	PerSocket    float64 `json:"memoryPerSocketBytes"`
	IdleCPU      float64 `json:"idleCPUCores"`
}

// Idle opens sockets, waits, and tells how much the server's resident memory has grown. Memory in the kernel is not in it.
func Idle(ctx context.Context, s *target.Server, c IdleConfig) (*IdleResult, error) {
	if c.PID == 0 {
		return nil, errors.New("idle sockets are measured by the server's memory: its process id is needed")
	}
	if c.Users < 1 || c.Sockets < 1 || c.Hold <= 0 {
		return nil, errors.New("want at least one user, one socket, and a time to hold them above 0")
	}
	people, err := s.Register(ctx, c.Users)
	if err != nil {
		return nil, err
	}
	before, err := target.UsageOf(c.PID)
	if err != nil {
		return nil, err
	}
	lounge := lounge{sockets: make([]*target.Socket, c.Sockets)}
	defer lounge.leave()
	began := time.Now()
	if err := target.Each(ctx, c.Sockets, dialAtOnce, func(ctx context.Context, i int) error {
		return lounge.enter(ctx, people[i%c.Users], i)
	}); err != nil {
		return nil, err
	}
	opened := time.Since(began)
	settled, err := target.UsageOf(c.PID)
	if err != nil {
		return nil, err
	}
	if err := sleepUntil(ctx, time.Now().Add(c.Hold)); err != nil {
		return nil, err
	}
	after, err := target.UsageOf(c.PID)
	return &IdleResult{
		Sockets: c.Sockets, OpenSeconds: opened.Seconds(), Dropped: lounge.dropped.Load(),
		MemoryBefore: before.Memory, MemoryAfter: after.Memory,
		PerSocket: float64(after.Memory-before.Memory) / float64(c.Sockets),
		IdleCPU:   (after.CPU - settled.CPU).Seconds() / c.Hold.Seconds(),
	}, err
}

// lounge is where sockets are idle.
type lounge struct {
	sockets []*target.Socket // each set by whoever opened it
	reading sync.WaitGroup
	leaving atomic.Bool
	dropped atomic.Int64
}

// enter opens a socket and reads it, which is what answers pings.
func (l *lounge) enter(ctx context.Context, p *target.Person, number int) error {
	socket, err := p.Dial(ctx, number)
	if err != nil {
		return err
	}
	l.sockets[number] = socket
	if _, err := socket.Read(); err != nil {
		return fmt.Errorf("wait for ready: %w", err)
	}
	l.reading.Go(func() {
		for {
			if _, err := socket.Read(); err != nil {
				if !l.leaving.Load() {
					l.dropped.Add(1)
				}
				return
			}
		}
	})
	return nil
}

func (l *lounge) leave() {
	l.leaving.Store(true)
	for _, s := range l.sockets {
		if s != nil {
			_ = s.Close() // nothing is to be said any more
		}
	}
	l.reading.Wait()
}

// Print writes a table for people.
func (r *IdleResult) Print(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	row := func(name, format string, args ...any) {
		_, _ = fmt.Fprintf(t, name+"\t"+format+"\n", args...) // tabwriter keeps an error for Flush
	}
	row("sockets", "%d, opened in %.1f s, %d dropped", r.Sockets, r.OpenSeconds, r.Dropped)
	row("server memory", "%.1f MB before, %.1f MB with them", float64(r.MemoryBefore)/(1<<20), float64(r.MemoryAfter)/(1<<20))
	row("a socket", "%.1f KB", r.PerSocket/1024)
	row("server CPU", "%.3f cores while idle", r.IdleCPU)
	return t.Flush()
}

// Err tells whether sockets were lost.
func (r *IdleResult) Err() error {
	if r.Dropped > 0 {
		return fmt.Errorf("the server dropped %d idle sockets", r.Dropped)
	}
	return nil
}
