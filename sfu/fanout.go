package sfu

import (
	"runtime"
	"sync"
)

// shardSlots is how many receivers of a layer make a part of their own when a room is so large that one goroutine would
// take too long: some 50 µs of work, against some microseconds for waking another.
const shardSlots = 64

// crew are the goroutines that help with the fan-out in large rooms. There are as many as can run beside the one that
// brings the packet; nothing is started per packet.
type crew struct {
	parts chan part
	done  sync.WaitGroup
}

// part is a share of one packet's receivers.
type part struct {
	layer *layer
	slots []*slot
	media *media
	burst *burst
	done  *sync.WaitGroup
}

func newCrew() *crew {
	helpers := runtime.GOMAXPROCS(0) - 1
	c := &crew{parts: make(chan part)}
	for range helpers {
		c.done.Go(func() {
			for p := range c.parts {
				p.layer.forwardTo(p.slots, p.media, p.burst)
				p.done.Done()
			}
		})
	}
	return c
}

// close ends the helpers. No packets are on their way any more.
func (c *crew) close() {
	close(c.parts)
	c.done.Wait()
}

// fanout is how one publisher's packets reach their receivers: gathered in one burst, or in several where a room is large. It
// belongs to the goroutine that brings the packets.
type fanout struct {
	server *Server
	bursts []*burst // one for each part
	wait   sync.WaitGroup
}

func newFanout(s *Server) *fanout {
	return &fanout{server: s, bursts: []*burst{newBurst(s)}}
}

// forward hands a packet to slots. It returns when all have it, so that the packet's memory is the caller's again.
func (f *fanout) forward(l *layer, slots []*slot, m *media) {
	parts := min(max(1, len(slots)/shardSlots), runtime.GOMAXPROCS(0))
	for len(f.bursts) < parts {
		f.bursts = append(f.bursts, newBurst(f.server))
	}
	for i := 1; i < parts; i++ {
		p := part{l, slots[i*len(slots)/parts : (i+1)*len(slots)/parts], m, f.bursts[i], &f.wait}
		f.wait.Add(1)
		select {
		case f.server.crew.parts <- p:
		default: // everybody is busy with another packet
			l.forwardTo(p.slots, m, p.burst)
			f.wait.Done()
		}
	}
	l.forwardTo(slots[:len(slots)/parts], m, f.bursts[0])
	f.wait.Wait()
}

func (f *fanout) close() {
	for _, b := range f.bursts {
		b.close()
	}
}
