package wire

import (
	"net/netip"
	"sync"
	"time"
)

// maxDatagram is the largest datagram taken: an Ethernet frame with room to spare. WebRTC peers keep below 1,500 bytes,
// and TURN's own limit is 1,600; longer ones are dropped and counted.
const maxDatagram = 2048

// packet is one datagram and its addresses. It has one owner at a time, who passes it on or gives it back with release.
type packet struct {
	home *packetPool
	next *packet // in a packetQueue
	peer netip.AddrPort
	// local is the own address that the packet came to or is to leave from; the zero Addr where the platform does not
	// tell or the kernel may choose. Its port is only set for packets of a Berth.
	local netip.AddrPort
	came  time.Time // when the kernel got it; zero if it did not come from the socket
	n     int
	buf   [maxDatagram]byte
}

func (p *packet) bytes() []byte { return p.buf[:p.n] }

// packetPool recycles the packets of one Mux.
type packetPool struct{ pool sync.Pool }

func (pp *packetPool) get() *packet {
	if p, ok := pp.pool.Get().(*packet); ok {
		return p
	}
	return &packet{home: pp}
}

func (p *packet) release() {
	p.next, p.n = nil, 0
	p.peer, p.local, p.came = netip.AddrPort{}, netip.AddrPort{}, time.Time{}
	p.home.pool.Put(p)
}

// packetQueue is a bounded queue with one or more readers that wait.
type packetQueue struct {
	mu         sync.Mutex
	head, tail *packet // owned by mu
	length     int     // owned by mu
	waiting    int     // readers in pop; owned by mu
	done       bool    // owned by mu

	limit  int
	wake   chan struct{}
	closed chan struct{}
}

func newPacketQueue(limit int) *packetQueue {
	return &packetQueue{limit: limit, wake: make(chan struct{}, 1), closed: make(chan struct{})}
}

// push takes over the packet, or refuses it (and leaves it with the caller) when the queue is full or closed.
func (q *packetQueue) push(p *packet) bool {
	q.mu.Lock()
	if q.done || q.length >= q.limit {
		q.mu.Unlock()
		return false
	}
	if q.tail == nil {
		q.head = p
	} else {
		q.tail.next = p
	}
	q.tail = p
	q.length++
	wake := q.waiting > 0
	q.mu.Unlock()
	if wake {
		q.signal()
	}
	return true
}

// signal wakes one reader; a wake-up that is pending already is enough.
func (q *packetQueue) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// pop waits for the next packet; nil means that the queue is closed. The caller owns the packet.
func (q *packetQueue) pop() *packet {
	for {
		q.mu.Lock()
		if p := q.head; p != nil {
			q.head, p.next = p.next, nil
			if q.head == nil {
				q.tail = nil
			}
			q.length--
			more := q.head != nil && q.waiting > 0
			q.mu.Unlock()
			if more {
				q.signal()
			}
			return p
		}
		if q.done {
			q.mu.Unlock()
			return nil
		}
		q.waiting++
		q.mu.Unlock()
		select {
		case <-q.wake:
		case <-q.closed:
		}
		q.mu.Lock()
		q.waiting--
		q.mu.Unlock()
	}
}

// close drops what is queued and ends all pops. It is idempotent.
func (q *packetQueue) close() {
	q.mu.Lock()
	if q.done {
		q.mu.Unlock()
		return
	}
	q.done = true
	p := q.head
	q.head, q.tail, q.length = nil, nil, 0
	q.mu.Unlock()
	close(q.closed)
	for p != nil {
		next := p.next
		p.release()
		p = next
	}
}
