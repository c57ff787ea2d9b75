package wire

import (
	"net/netip"
	"runtime"
	"slices"
	"sync"
)

const (
	// laneDepth bounds what waits for the sender of a lane: at 2 µs a packet, half a millisecond of sending. Whoever
	// writes more waits for room, as it would in a system call of its own.
	laneDepth = 256
	// laneRounds is how many batches a writer sends for others before a goroutine takes over, so that no caller of
	// write is kept for long.
	laneRounds = 4
)

// lane serialises the writes to a share of the destinations, so that packets for one destination keep their order while
// no lock is held over a system call. A writer that finds the lane free sends at once; one that finds it busy leaves a
// copy, and whoever is sending sends that next, together with all others that came meanwhile. Batches thus form under
// load and only then; nothing waits for a timer.
type lane struct {
	mu    sync.Mutex
	room  *sync.Cond // on mu: the queue was taken, or the lane became free
	busy  bool       // owned by mu: somebody is sending
	queue []*packet  // owned by mu
	spare []*packet  // owned by the one who is sending
	_     [64]byte   // keeps neighbours off this cache line
}

// newLanes makes one lane for every two processors, up to 16: more would only split batches.
func newLanes() []lane {
	n := 1
	for n < 16 && n*2 <= runtime.GOMAXPROCS(0) {
		n *= 2
	}
	lanes := make([]lane, n)
	for i := range lanes {
		lanes[i].room = sync.NewCond(&lanes[i].mu)
	}
	return lanes
}

func (s *socket) lane(dst netip.AddrPort) *lane {
	a := dst.Addr().As16()
	h := uint(dst.Port()) ^ uint(a[15])<<3 ^ uint(a[14])<<7 ^ uint(a[7])<<5
	return &s.lanes[(h^h>>8)&uint(len(s.lanes)-1)]
}

// write sends one datagram, from src where that is valid. Like any datagram it may be lost without an error.
func (s *socket) write(p []byte, dst netip.AddrPort, src netip.Addr) (int, error) {
	l := s.lane(dst)
	l.mu.Lock()
	for l.busy && len(l.queue) >= laneDepth {
		l.room.Wait()
	}
	if l.busy && len(p) <= maxDatagram {
		defer l.mu.Unlock()
		w := s.pool.get()
		w.n = copy(w.buf[:], p)
		w.peer, w.local = dst, netip.AddrPortFrom(src, 0)
		l.queue = append(l.queue, w)
		return len(p), nil
	}
	owner := !l.busy
	l.busy = true
	l.mu.Unlock()

	out := s.acquireBatch()
	out.one(p, dst, src)
	_, err := out.flush()
	if owner && !s.drain(l, out, laneRounds) {
		s.drainAside(l)
	}
	s.releaseBatch(out)
	if err != nil {
		return 0, err
	}
	return len(p), nil
}

// drainAside finishes a lane in a goroutine of its own.
func (s *socket) drainAside(l *lane) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		l.abandon()
		return
	}
	s.drains.Go(func() {
		out := s.acquireBatch()
		for !s.drain(l, out, laneRounds) {
			runtime.Gosched()
		}
		s.releaseBatch(out)
	})
}

// drain sends what waits in a lane whose sender the caller is, and tells whether the lane is empty (and free) now.
func (s *socket) drain(l *lane, out *batch, rounds int) bool {
	for range rounds {
		l.mu.Lock()
		if len(l.queue) == 0 {
			l.busy = false
			l.room.Broadcast()
			l.mu.Unlock()
			return true
		}
		work := l.queue
		l.queue, l.spare = l.spare[:0], nil
		l.room.Broadcast()
		l.mu.Unlock()

		// Neighbours with one destination leave as one run. The sort is stable: their order stays.
		slices.SortStableFunc(work, func(a, b *packet) int { return a.peer.Compare(b.peer) })
		for i := 0; i < len(work); {
			w := work[i]
			out.run = out.run[:0]
			for i < len(work) && work[i].peer == w.peer && work[i].local == w.local {
				out.run = append(out.run, work[i].bytes())
				i++
			}
			out.add(w.peer, w.local.Addr(), out.run)
		}
		_, _ = out.flush() // losses are counted; there is nobody to tell
		for i, w := range work {
			w.release()
			work[i] = nil
		}
		l.spare = work[:0]
	}
	return false
}

// abandon frees a lane whose sender the caller is, and loses what waits in it.
func (l *lane) abandon() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, w := range l.queue {
		w.release()
	}
	l.queue, l.busy = nil, false
	l.room.Broadcast()
}
