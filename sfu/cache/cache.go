// Package cache keeps the recent packets of one published layer, so that each lost packet is answered from one copy, however
// many receivers there are, and so that a new receiver can be given the picture from its last key frame on.
package cache

import "sync"

const (
	// blockPackets is how many packets a block of memory holds. Rings grow by blocks.
	blockPackets = 64
	// packetBytes is the room for one packet: what fits an Ethernet frame.
	packetBytes = 1472
	// MaxPackets bounds a ring: a second of 10 Mbit/s in packets of 1,200 bytes.
	MaxPackets = 1024
	// absent marks an entry that holds nothing.
	absent = -1
)

type block [blockPackets * packetBytes]byte

// blocks are shared by all rings: people turn cameras on and off, and 94 KB is too much to leave to the collector each time.
var blocks = sync.Pool{New: func() any { return new(block) }}

type entry struct {
	seq int64 // extended; absent if empty
	n   uint16
}

// Ring holds packets by sequence number. Its methods may be called by several goroutines; a copy out is all that
// happens under its lock.
type Ring struct {
	mu      sync.RWMutex
	entries []entry
	memory  []*block
	highest int64
	key     int64 // newest key frame's first packet; absent if none
	any     bool
	closed  bool
}

// New makes a ring of 64 packets.
func New() *Ring {
	r := &Ring{key: absent}
	r.resize(blockPackets)
	return r
}

// Store keeps a copy of a packet; keyFrame says that it begins one. Packets larger than an Ethernet frame holds are not
// kept, nor are packets older than the ring is long.
func (r *Ring) Store(seq uint16, raw []byte, keyFrame bool) {
	if len(raw) > packetBytes {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return
	}
	ext := int64(seq) + 1<<16 // never negative when an early packet comes late
	if r.any {
		ext = r.highest + int64(int16(seq-uint16(r.highest)))
		if ext <= r.highest-int64(len(r.entries)) {
			return
		}
	}
	if !r.any || ext > r.highest {
		r.highest = ext
	}
	r.any = true
	if keyFrame && ext > r.key {
		r.key = ext
	}
	i := int(ext % int64(len(r.entries)))
	r.entries[i] = entry{seq: ext, n: uint16(len(raw))}
	copy(r.at(i), raw)
}

// Reset forgets all packets: those to come are numbered in another way.
func (r *Ring) Reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range r.entries {
		r.entries[i].seq = absent
	}
	r.any, r.key = false, absent
}

// Get copies a packet into dst and returns its length, or 0 if the ring does not have it.
func (r *Ring) Get(seq uint16, dst []byte) int {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if !r.any || r.closed {
		return 0
	}
	return r.get(r.highest+int64(int16(seq-uint16(r.highest))), dst)
}

func (r *Ring) get(ext int64, dst []byte) int {
	if ext < 0 {
		return 0
	}
	i := int(ext % int64(len(r.entries)))
	if e := r.entries[i]; e.seq != ext || len(dst) < int(e.n) {
		return 0
	}
	return copy(dst, r.at(i)[:r.entries[i].n])
}

// SinceKey returns the sequence number of the newest key frame's first packet and the number of packets from there to
// the newest, both included, if the ring has every one of them.
func (r *Ring) SinceKey() (first uint16, count int, ok bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if r.closed || r.key == absent || r.highest-r.key >= int64(len(r.entries)) {
		return 0, 0, false
	}
	for ext := r.key; ext <= r.highest; ext++ {
		if r.entries[ext%int64(len(r.entries))].seq != ext {
			return 0, 0, false
		}
	}
	return uint16(r.key), int(r.highest-r.key) + 1, true
}

// Newest returns the highest sequence number that was stored, if there is any.
func (r *Ring) Newest() (seq uint16, ok bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return uint16(r.highest), r.any && !r.closed
}

// Grow makes room for at least so many packets, up to MaxPackets. A ring never shrinks.
func (r *Ring) Grow(packets int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	blocks := (min(packets, MaxPackets) + blockPackets - 1) / blockPackets
	if size := blocks * blockPackets; size > len(r.entries) && !r.closed {
		r.resize(size)
	}
}

// Len returns how many packets fit.
func (r *Ring) Len() int {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return len(r.entries)
}

// Close gives the memory back. A closed ring is empty and stays so.
func (r *Ring) Close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return
	}
	r.closed = true
	for _, b := range r.memory {
		blocks.Put(b)
	}
	r.memory = nil
}

func (r *Ring) at(i int) []byte {
	return r.memory[i/blockPackets][i%blockPackets*packetBytes:][:packetBytes]
}

func (r *Ring) resize(size int) {
	old := Ring{entries: r.entries, memory: r.memory}
	r.entries = make([]entry, size)
	for i := range r.entries {
		r.entries[i].seq = absent
	}
	r.memory = make([]*block, size/blockPackets)
	for i := range r.memory {
		r.memory[i] = blocks.Get().(*block)
	}
	for i, e := range old.entries {
		if e.seq == absent {
			continue
		}
		j := int(e.seq % int64(size))
		r.entries[j] = e
		copy(r.at(j), old.at(i)[:e.n])
	}
	for _, b := range old.memory {
		blocks.Put(b)
	}
}
