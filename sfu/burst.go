package sfu

import (
	"net/netip"
	"sync"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
)

const (
	// burstDelay is the longest that a packet waits for others of its frame. Senders put a frame on the wire in one go,
	// so that its end is usually there much sooner.
	burstDelay = time.Millisecond
	// burstBytes bounds what is gathered before it is sent, and burstLimit what may lie unsent while the socket is busy:
	// beyond, the machine is too slow and packets are lost, as they would be in the kernel's buffer.
	burstBytes = 256 << 10
	burstLimit = 4 << 20
	blockBytes = 64 << 10
	// tagRoom is what the longest SRTP authentication tag needs behind a packet.
	tagRoom = 16
)

// burst gathers the packets that one source's packets turn into, grouped by receiver, so that those of a frame go to
// each receiver in one run and to all of them with few system calls. It hands out the memory to build them in.
//
// The goroutine that fans packets out fills it between begin and end. It is emptied at the end of a frame by the same
// goroutine, or by a timer; never by two at once, so that packets stay in order. Nobody holds its lock while sending.
type burst struct {
	server *Server
	rare   bool // it keeps nothing for its next filling, which may not come; set before the first

	mu      sync.Mutex // owns the fields below; held by the filling goroutine from begin to end
	load    *load
	spare   *load
	timer   *time.Timer
	armed   bool       // the timer runs
	sending bool       // somebody is emptying it
	due     bool       // and shall do so once more
	idle    *sync.Cond // signalled when sending turns false
	closed  bool
}

// load is what goes out together.
type load struct {
	number  uint64 // of this filling; never repeated within a burst
	blocks  []*memoryBlock
	at      int // in the last block
	bytes   int
	count   int
	runs    []run
	direct  []directPacket // of all runs, as they came
	plain   []plainPacket
	to      []netip.AddrPort // scratch for sending
	packets [][]byte
	header  rtp.Header
}

// plainPacket is a packet that Pion sends.
type plainPacket struct {
	writer webrtc.TrackLocalWriter
	raw    []byte
}

// directPacket is an encrypted packet of a run.
type directPacket struct {
	raw  []byte
	next int // the run's next one, -1 if it is the last
}

// run is the packets of one slot.
type run struct {
	to          netip.AddrPort
	first, last int // in load.direct
}

// place remembers where in which load a slot's run is. It belongs to the slot.
type place struct {
	load   *load
	number uint64
	index  int
}

type memoryBlock [blockBytes]byte

// loads are those that nobody is filling or keeps.
var loads = sync.Pool{New: func() any { return new(load) }}

// memoryBlocks are shared by all bursts: a block is in use for the length of a frame.
var memoryBlocks = sync.Pool{New: func() any { return new(memoryBlock) }}

func newBurst(s *Server) *burst {
	b := &burst{server: s}
	b.idle = sync.NewCond(&b.mu)
	return b
}

// begin and end stand around the fan-out of one packet. end is told whether a frame is complete, so that nothing is gained by
// waiting for more.
func (b *burst) begin() { b.mu.Lock() }

func (b *burst) end(complete bool) {
	if b.load == nil || b.load.count == 0 {
		b.mu.Unlock()
		return
	}
	if complete || b.load.bytes >= burstBytes {
		b.flush()
		return
	}
	if !b.armed && !b.closed {
		b.armed = true
		if b.timer == nil {
			b.timer = time.AfterFunc(burstDelay, b.expired)
		} else {
			b.timer.Reset(burstDelay)
		}
	}
	b.mu.Unlock()
}

func (b *burst) expired() {
	b.mu.Lock()
	b.armed = false
	if b.closed {
		b.mu.Unlock()
		return
	}
	b.flush()
}

// settle waits until what was complete has been sent.
func (b *burst) settle() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for b.sending {
		b.idle.Wait()
	}
}

// flush sends what was gathered. It is called with mu held and returns without it.
func (b *burst) flush() {
	if b.armed { // nothing is left for the timer, and a wake-up costs more than arming it again
		b.armed = !b.timer.Stop()
	}
	if b.sending {
		b.due = true
		b.mu.Unlock()
		return
	}
	b.sending = true
	for again := true; again; {
		full := b.load
		b.load, b.spare = b.spare, nil
		b.due = false
		b.mu.Unlock()
		if full != nil {
			full.send(b.server)
			full.reset()
		}
		b.mu.Lock()
		switch {
		case full == nil:
		case b.rare || b.spare != nil:
			loads.Put(full)
		default:
			b.spare = full
		}
		again = b.due
	}
	b.sending = false
	b.idle.Broadcast()
	b.mu.Unlock()
}

// reserve returns room for a packet of up to n bytes, and a tag behind it, with a length of zero. It is called between
// begin and end. The room is given out again unless the packet is added. Packets are far smaller than a block.
func (b *burst) reserve(n int) []byte {
	n += tagRoom
	if b.load == nil {
		b.load = loads.Get().(*load)
	}
	l := b.load
	if len(l.blocks) == 0 || l.at+n > blockBytes {
		l.blocks = append(l.blocks, memoryBlocks.Get().(*memoryBlock))
		l.at = 0
	}
	return l.blocks[len(l.blocks)-1][l.at:l.at:(l.at + n)]
}

// add takes a packet that was built in room reserved last, to be sent to an address together with the others of a slot.
// It is false if too much lies unsent.
func (b *burst) add(p *place, to netip.AddrPort, raw []byte) bool {
	l := b.load
	if l.bytes > burstLimit {
		return false
	}
	at := len(l.direct)
	l.direct = append(l.direct, directPacket{raw: raw, next: -1})
	if p.load == l && p.number == l.number && l.runs[p.index].to == to {
		r := &l.runs[p.index]
		l.direct[r.last].next, r.last = at, at
	} else {
		*p = place{load: l, number: l.number, index: len(l.runs)}
		l.runs = append(l.runs, run{to: to, first: at, last: at})
	}
	l.keep(raw)
	return true
}

// addPlain takes a packet that was built in room reserved last, to be sent by Pion. It is false if too much lies unsent.
func (b *burst) addPlain(w webrtc.TrackLocalWriter, raw []byte) bool {
	if b.load.bytes > burstLimit {
		return false
	}
	b.load.plain = append(b.load.plain, plainPacket{w, raw})
	b.load.keep(raw)
	return true
}

// keep takes the room of a packet away from the next.
func (l *load) keep(raw []byte) {
	l.at += len(raw)
	l.bytes += len(raw)
	l.count++
}

// send writes the load: packet by packet through Pion, then run by run past it.
func (l *load) send(s *Server) {
	sent := 0
	for _, p := range l.plain {
		n, err := l.header.Unmarshal(p.raw)
		if err == nil {
			_, err = p.writer.WriteRTP(&l.header, p.raw[n:])
		}
		if err == nil {
			sent++
		}
	}
	if len(l.runs) > 0 {
		sent += l.sendRuns(s.batch)
	}
	s.counters.packetsOut.Add(uint64(sent))
	s.counters.bytesOut.Add(uint64(l.bytes))
	s.counters.sendErrors.Add(uint64(l.count - sent))
}

func (l *load) sendRuns(w BatchWriter) int {
	for _, r := range l.runs {
		for i := r.first; i >= 0; i = l.direct[i].next {
			l.to = append(l.to, r.to)
			l.packets = append(l.packets, l.direct[i].raw)
		}
	}
	sent, _ := w.WriteBatch(l.to, l.packets) // what was not sent is counted by the caller; the transport logs why
	return sent
}

// reset empties the load for its next filling and gives its memory back.
func (l *load) reset() {
	for _, block := range l.blocks {
		memoryBlocks.Put(block)
	}
	clear(l.blocks)
	clear(l.direct)
	clear(l.packets)
	clear(l.plain)
	l.blocks, l.runs, l.direct, l.plain = l.blocks[:0], l.runs[:0], l.direct[:0], l.plain[:0]
	l.to, l.packets = l.to[:0], l.packets[:0]
	l.at, l.bytes, l.count = 0, 0, 0
	l.number++
}

// close stops the timer and waits until nobody sends. What lies unsent is lost with the leg.
func (b *burst) close() {
	defer b.settle()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	if b.timer != nil {
		b.timer.Stop()
	}
}
