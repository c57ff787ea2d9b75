package relay

import (
	"hash/maphash"
	"net"
	"net/netip"
	"sync"
	"time"

	"confab/sfu/wire"
)

// bucket is a token bucket that holds one second's worth.
type bucket struct {
	rate int // bytes per second

	mu     sync.Mutex
	tokens float64   // owned by mu
	last   time.Time // owned by mu
}

func newBucket(rate int) *bucket { return &bucket{rate: rate, tokens: float64(rate)} }

// take tells whether n bytes may pass now.
func (b *bucket) take(n int, now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.last.IsZero() {
		b.tokens = min(float64(b.rate), b.tokens+now.Sub(b.last).Seconds()*float64(b.rate))
	}
	b.last = now
	if b.tokens < float64(n) {
		return false
	}
	b.tokens -= float64(n)
	return true
}

const (
	// requestsPerNetwork is how many requests per second are looked at from one client network: a hundred people behind
	// one address who join at once. requestsTotal is that for all; each costs an HMAC and some allocations, some 20 µs.
	requestsPerNetwork = 1000
	requestsTotal      = 10_000
	// meterCells bounds the memory for the counting; networks that share a cell share its limit for a second.
	meterCells = 4096
)

// meter counts requests per second, so that a flood costs little and is not answered: answers are longer than requests,
// and the sender of a datagram may be forged.
type meter struct {
	seed maphash.Seed

	mu     sync.Mutex
	second int64             // owned by mu
	total  int               // owned by mu
	cells  [meterCells]int32 // owned by mu
}

func newMeter() *meter { return &meter{seed: maphash.MakeSeed()} }

// admit counts a request and tells whether to look at it.
func (m *meter) admit(client net.Addr, now time.Time) bool {
	network := wire.ClientNetwork(client)
	cell := maphash.Comparable[netip.Prefix](m.seed, network) % meterCells
	m.mu.Lock()
	defer m.mu.Unlock()
	if s := now.Unix(); s != m.second {
		m.second, m.total = s, 0
		clear(m.cells[:])
	}
	m.cells[cell]++
	if m.cells[cell] > requestsPerNetwork {
		return false
	}
	m.total++
	return m.total <= requestsTotal
}
