package relay

import (
	"encoding/binary"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/pion/stun/v4"

	"confab/sfu/wire"
)

// clock is a time that a test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Unix(1_800_000_000, 0)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func serveAt(t testing.TB, c *clock, change func(*Config)) (*wire.Mux, *Server) {
	t.Helper()
	return serve(t, func(_ *wire.Config, cfg *Config) {
		cfg.Now = c.Now
		if change != nil {
			change(cfg)
		}
	})
}

func TestAllocationsOfAUserAreBounded(t *testing.T) {
	t.Parallel()
	clock := newClock()
	m, s := serveAt(t, clock, func(c *Config) { c.MaxPerUser = 2 })
	allocate := func(userID, network string) (int, *rawClient) {
		c := dial(t, m, network, userID, clock.Now())
		return errorCode(c.request(stun.MethodAllocate, transport(protocolUDP))), c
	}
	_, first := allocate("a", "udp")
	allocate("a", "tcp")
	if code, _ := allocate("a", "udp"); code != 486 {
		t.Errorf("a third allocation: %d, want 486", code)
	}
	if code, _ := allocate("b", "udp"); code != 0 {
		t.Errorf("an allocation of somebody else: %d", code)
	}
	if code := errorCode(first.request(stun.MethodRefresh, lifetime(0))); code != 0 {
		t.Fatalf("giving the first one back: %d", code)
	}
	if code, _ := allocate("a", "udp"); code != 0 {
		t.Errorf("an allocation after one was given back: %d", code)
	}
	if n := s.Allocations(); n != 3 {
		t.Errorf("%d allocations, want 3", n)
	}
}

func TestAllAllocationsAreBounded(t *testing.T) {
	t.Parallel()
	clock := newClock()
	m, _ := serveAt(t, clock, func(c *Config) { c.MaxTotal = 3 })
	for i := range 5 {
		c := dial(t, m, "udp", fmt.Sprint("user", i), clock.Now())
		code := errorCode(c.request(stun.MethodAllocate, transport(protocolUDP)))
		if refused := code != 0; refused != (i >= 3) {
			t.Errorf("allocation %d: %d", i, code)
		}
	}
}

func TestRevocationEndsAllocations(t *testing.T) {
	t.Parallel()
	clock := newClock()
	m, s := serveAt(t, clock, nil)
	theirs, others := dial(t, m, "udp", "revoked", clock.Now()), dial(t, m, "tcp", "other", clock.Now())
	theirs.allocate()
	others.allocate()
	s.Revoke("revoked")
	if code := errorCode(theirs.request(stun.MethodRefresh, lifetime(time.Minute))); code == 0 {
		t.Error("the allocation was refreshed after the revocation")
	}
	if n := s.Allocations(); n != 1 {
		t.Errorf("%d allocations after the revocation, want that of the other user", n)
	}
	again := dial(t, m, "udp", "revoked", clock.Now())
	if code := errorCode(again.request(stun.MethodAllocate, transport(protocolUDP))); code == 0 {
		t.Error("credentials from before the revocation are still good")
	}
	if code := errorCode(others.request(stun.MethodRefresh, lifetime(time.Minute))); code != 0 {
		t.Errorf("the other user's refresh: %d", code)
	}
	clock.pass(time.Hour)
	later := dial(t, m, "udp", "revoked", clock.Now())
	if code := errorCode(later.request(stun.MethodAllocate, transport(protocolUDP))); code != 0 {
		t.Errorf("credentials made after the revocation: %d", code)
	}
}

// Who is revoked while packets flow: none goes on, in either direction.
func TestRevocationStopsPackets(t *testing.T) {
	t.Parallel()
	clock := newClock()
	m, s := serveAt(t, clock, nil)
	for _, network := range []string{"udp", "tcp"} {
		c := dial(t, m, network, "user", clock.Now())
		c.allocate()
		if code := errorCode(c.request(stun.MethodChannelBind, channel(0x4000), peerAttr(at(m)))); code != 0 {
			t.Fatalf("a channel to the SFU: %d", code)
		}
		arrived := func() uint64 {
			before := m.Stats().DroppedNoLeg // media of nobody is counted by the port, if it gets there
			c.sendChannel(0x4000, []byte{0x80, 1, 2, 3})
			// The server takes messages of one client in order: with this answer, the one before was dealt with.
			c.request(stun.MethodRefresh, lifetime(time.Minute))
			return m.Stats().DroppedNoLeg - before
		}
		if n := arrived(); n != 1 {
			t.Errorf("over %s, before the revocation: %d packets arrived, want 1", network, n)
		}
		s.Revoke("user")
		if n := arrived(); n != 0 {
			t.Errorf("over %s, after the revocation: %d packets arrived", network, n)
		}
		clock.pass(2 * time.Hour)
	}
}

// However long a life is asked for, it is an hour at the most.
func TestLifetimeIsBounded(t *testing.T) {
	t.Parallel()
	m, _ := serve(t)
	c := dial(t, m, "udp", "user", time.Now())
	for _, method := range []stun.Method{stun.MethodAllocate, stun.MethodRefresh} {
		answer := c.request(method, transport(protocolUDP), lifetime(365*24*time.Hour))
		v, err := answer.Get(stun.AttrLifetime)
		if code := errorCode(answer); code != 0 || err != nil || len(v) != 4 {
			t.Fatalf("%s: %d, %v", method, code, err)
		}
		if got := time.Duration(binary.BigEndian.Uint32(v)) * time.Second; got > time.Hour {
			t.Errorf("%s gives %s", method, got)
		}
	}
}

func TestAllocationOutlivesItsCredentials(t *testing.T) {
	t.Parallel()
	clock := newClock()
	m, _ := serveAt(t, clock, func(c *Config) { c.MaxLifetime = 3 * time.Hour })
	c := dial(t, m, "udp", "user", clock.Now())
	c.allocate()
	clock.pass(2 * time.Hour)
	if code := errorCode(c.request(stun.MethodRefresh, lifetime(10*time.Minute))); code != 0 {
		t.Errorf("a refresh with credentials that have run out: %d", code)
	}
	fresh := dial(t, m, "udp", "user", clock.Now())
	fresh.username, fresh.password = c.username, c.password
	if code := errorCode(fresh.request(stun.MethodAllocate, transport(protocolUDP))); code == 0 {
		t.Error("credentials that have run out made a new allocation")
	}
	clock.pass(90 * time.Minute)
	if code := errorCode(c.request(stun.MethodRefresh, lifetime(10*time.Minute))); code == 0 {
		t.Error("an allocation is refreshed past its longest life")
	}
}

func TestRequestsWithoutAllocation(t *testing.T) {
	t.Parallel()
	m, _ := serve(t)
	c := dial(t, m, "udp", "user", time.Now())
	for name, answer := range map[string]*stun.Message{
		"refresh":    c.request(stun.MethodRefresh, lifetime(time.Minute)),
		"permission": c.request(stun.MethodCreatePermission, peerAttr(at(m))),
		"channel":    c.request(stun.MethodChannelBind, channel(0x4000), peerAttr(at(m))),
	} {
		if code := errorCode(answer); code != 437 {
			t.Errorf("%s: %d, want 437", name, code)
		}
	}
	if code := errorCode(c.request(stun.MethodRefresh, lifetime(0))); code != 0 {
		t.Errorf("giving up what is not there: %d", code)
	}
}

func TestAllocationEndsWithItsStream(t *testing.T) {
	t.Parallel()
	m, s := serve(t)
	c := dial(t, m, "tcp", "user", time.Now())
	c.allocate()
	_ = c.conn.Close()
	ended := make(chan struct{})
	go func() {
		s.ledger.open.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Error("the allocation is still there after its stream ended")
	}
}

func TestBandwidthIsBounded(t *testing.T) {
	t.Parallel()
	now := time.Unix(0, 0)
	b := newBucket(1000)
	passed := 0
	for range 100 {
		if b.take(100, now) {
			passed++
		}
	}
	if passed != 10 {
		t.Errorf("%d packets of 100 bytes passed at once, want 10", passed)
	}
	if now = now.Add(500 * time.Millisecond); !b.take(500, now) || b.take(1, now) {
		t.Error("half a second must make room for 500 bytes, and no more")
	}
	if now = now.Add(time.Hour); b.take(1001, now) || !b.take(1000, now) {
		t.Error("the bucket must hold one second's worth")
	}
}

func TestMeterCountsByNetwork(t *testing.T) {
	t.Parallel()
	m, now := newMeter(), time.Unix(0, 0)
	count := func(client net.Addr, now time.Time) (n int) {
		for range 2 * requestsPerNetwork {
			if m.admit(client, now) {
				n++
			}
		}
		return n
	}
	flooder := &net.UDPAddr{IP: net.IPv4(198, 51, 100, 1), Port: 1}
	if n := count(flooder, now); n != requestsPerNetwork {
		t.Errorf("%d requests of one network were admitted, want %d", n, requestsPerNetwork)
	}
	if !m.admit(&net.UDPAddr{IP: net.ParseIP("2001:db8::1")}, now) {
		t.Error("another network is refused")
	}
	if !m.admit(flooder, now.Add(time.Second)) {
		t.Error("the next second does not count anew")
	}
	admitted := 0
	for i := range 3 * requestsTotal {
		if m.admit(&net.UDPAddr{IP: net.IPv4(10, byte(i>>16), byte(i>>8), byte(i))}, now.Add(2*time.Second)) {
			admitted++
		}
	}
	if admitted > requestsTotal {
		t.Errorf("%d requests were admitted in a second, want at most %d", admitted, requestsTotal)
	}
}
