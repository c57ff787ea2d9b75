package wire

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"testing"

	"github.com/pion/stun/v4"
)

// candidate makes a candidate of a leg.
func candidate(t testing.TB, m *Mux, ufrag, address string) *iceConn {
	t.Helper()
	c, err := m.UDPMux().GetConn(ufrag, net.UDPAddrFromAddrPort(netip.MustParseAddrPort(address)))
	if err != nil {
		t.Fatal(err)
	}
	return c.(*iceConn)
}

// arrive lets a packet come in, as if from the network.
func arrive(m *Mux, p []byte, from string, local string) {
	pk := m.pool.get()
	pk.n = copy(pk.buf[:], p)
	pk.peer = netip.MustParseAddrPort(from)
	if local != "" {
		pk.local = netip.AddrPortFrom(netip.MustParseAddr(local), 0)
	}
	m.receive(pk)
}

func check(ufrag string) []byte {
	return message(stun.MethodBinding, stun.ClassRequest, stun.NewUsername(ufrag+":theirs"))
}

// next reads the next packet of a candidate that has one.
func next(t testing.TB, c *iceConn) ([]byte, string) {
	t.Helper()
	c.queue.mu.Lock()
	empty := c.queue.head == nil
	c.queue.mu.Unlock()
	if empty {
		t.Fatalf("nothing came to %s", c.local)
	}
	buf := make([]byte, maxDatagram)
	n, from, err := c.ReadFromAddrPort(buf)
	if err != nil {
		t.Fatal(err)
	}
	return buf[:n], from.String()
}

func TestPacketsFindTheirLeg(t *testing.T) {
	t.Parallel()
	m := listen(t)
	a, b := candidate(t, m, "a", "127.0.0.1:1"), candidate(t, m, "b", "127.0.0.1:1")
	arrive(m, check("a"), "127.0.0.1:5000", "127.0.0.1")
	arrive(m, check("b"), "127.0.0.1:6000", "127.0.0.1")
	if _, from := next(t, a); from != "127.0.0.1:5000" {
		t.Errorf("a has a check from %s", from)
	}
	if _, from := next(t, b); from != "127.0.0.1:6000" {
		t.Errorf("b has a check from %s", from)
	}
	// Media is taken only from addresses that a leg has answered.
	media := []byte{0x80, 1, 2, 3}
	arrive(m, media, "127.0.0.1:5000", "127.0.0.1")
	if n := m.Stats().DroppedNoLeg; n != 1 {
		t.Errorf("%d packets dropped, want the one from an unknown address", n)
	}
	if _, err := a.WriteToAddrPort([]byte{1}, netip.MustParseAddrPort("127.0.0.1:5000")); err != nil {
		t.Fatal(err)
	}
	arrive(m, media, "127.0.0.1:5000", "127.0.0.1")
	if p, from := next(t, a); string(p) != string(media) || from != "127.0.0.1:5000" {
		t.Errorf("a has %x from %s", p, from)
	}
	// Another leg answers that address: it has moved (a new call from the same port).
	if _, err := b.WriteToAddrPort([]byte{1}, netip.MustParseAddrPort("127.0.0.1:5000")); err != nil {
		t.Fatal(err)
	}
	arrive(m, media, "127.0.0.1:5000", "127.0.0.1")
	next(t, b)
	_ = a.Close()
	arrive(m, media, "127.0.0.1:5000", "127.0.0.1")
	next(t, b)
	arrive(m, check("a"), "127.0.0.1:5000", "127.0.0.1")
	if n := m.Stats().DroppedNoLeg; n != 2 {
		t.Errorf("%d packets dropped, want also the check for a closed leg", n)
	}
	_ = b.Close()
	m.ice.mu.RLock()
	defer m.ice.mu.RUnlock()
	if len(m.ice.legs) != 0 || len(m.ice.peers) != 0 {
		t.Errorf("%d legs and %d addresses are left", len(m.ice.legs), len(m.ice.peers))
	}
}

func TestPacketsFindTheirCandidate(t *testing.T) {
	t.Parallel()
	m := listen(t)
	lan := candidate(t, m, "leg", "127.0.0.1:1")
	public := candidate(t, m, "leg", "203.0.113.5:4443")
	six := candidate(t, m, "leg", "[::1]:1")
	arrive(m, check("leg"), "127.0.0.1:5000", "127.0.0.1")
	next(t, lan)
	arrive(m, check("leg"), "198.51.100.1:5000", "") // a system that does not tell: the first of the family
	next(t, lan)
	arrive(m, check("leg"), "[::1]:5000", "::1")
	next(t, six)
	// What is relayed comes to exactly one candidate, or to none.
	berth, err := m.Dock(false, func([]byte, netip.AddrPort) {})
	if err != nil {
		t.Fatal(err)
	}
	defer berth.Close() // a test
	m.hosts.remember([]netip.AddrPort{public.local})
	if err := berth.Send(check("leg"), public.local); err != nil {
		t.Fatal(err)
	}
	if _, from := next(t, public); from != berth.Addr().String() {
		t.Errorf("a relayed check from %s, want %s", from, berth.Addr())
	}
	for _, port := range []uint16{public.local.Port() + 1, 0} {
		other := netip.AddrPortFrom(public.local.Addr(), port)
		if err := berth.Send(check("leg"), other); !errors.Is(err, ErrNotHere) {
			t.Errorf("a berth that sends to %s: %v, want ErrNotHere", other, err)
		}
	}
}

// Behind NAT only the public address may be offered; packets come to one that is not.
func TestOnlyPublicCandidate(t *testing.T) {
	t.Parallel()
	m := listen(t)
	public := candidate(t, m, "leg", "203.0.113.5:4443")
	arrive(m, check("leg"), "198.51.100.1:5000", "10.0.0.7")
	next(t, public)
}

func TestQueueOfACandidateIsBounded(t *testing.T) {
	t.Parallel()
	m := listen(t)
	c := candidate(t, m, "leg", "127.0.0.1:1")
	for range legQueue + 10 {
		arrive(m, check("leg"), "127.0.0.1:5000", "127.0.0.1")
	}
	if n := m.Stats().DroppedFull; n != 10 {
		t.Errorf("%d dropped, want 10", n)
	}
	_ = c.Close()
	if _, _, err := c.ReadFromAddrPort(make([]byte, 10)); !errors.Is(err, io.EOF) {
		t.Errorf("reading a closed candidate: %v, want EOF", err)
	}
}

func TestAddressesOfALegAreBounded(t *testing.T) {
	t.Parallel()
	m := listen(t)
	c := candidate(t, m, "leg", "127.0.0.1:1")
	for port := range 3 * peersPerLeg {
		m.ice.learn(c, netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(1000+port)))
	}
	m.ice.mu.RLock()
	defer m.ice.mu.RUnlock()
	if n := len(m.ice.peers); n != peersPerLeg || len(c.leg.peers) != n {
		t.Errorf("%d addresses, %d with the leg; want %d", n, len(c.leg.peers), peersPerLeg)
	}
}

func TestCloseEndsReads(t *testing.T) {
	t.Parallel()
	m := listen(t)
	var wg sync.WaitGroup
	for _, ufrag := range []string{"a", "a", "b"} {
		c := candidate(t, m, ufrag, "127.0.0.1:1")
		wg.Go(func() {
			if _, _, err := c.ReadFrom(make([]byte, 10)); !errors.Is(err, io.EOF) {
				t.Errorf("read ended with %v, want EOF", err)
			}
		})
	}
	m.UDPMux().RemoveConnByUfrag("a")
	_ = m.Close()
	wg.Wait()
}

// What the SFU sends to a berth comes from the candidate that it answers for.
func TestBerthHearsTheCandidate(t *testing.T) {
	t.Parallel()
	m := listen(t)
	type heard struct{ p, from string }
	var got []heard
	berth, err := m.Dock(false, func(p []byte, from netip.AddrPort) { got = append(got, heard{string(p), from.String()}) })
	if err != nil {
		t.Fatal(err)
	}
	a, b := candidate(t, m, "leg", "127.0.0.1:1"), candidate(t, m, "leg", "203.0.113.5:4443")
	_, _ = a.WriteToAddrPort([]byte("one"), berth.Addr())
	_, _ = b.WriteToAddrPort([]byte("two"), berth.Addr())
	_, _ = a.WriteToAddrPort([]byte("three"), berth.Addr())
	if n, err := m.WriteBatch([]netip.AddrPort{berth.Addr(), berth.Addr()}, [][]byte{[]byte("four"), []byte("five")}); n != 2 || err != nil {
		t.Errorf("a batch to a berth: %d, %v", n, err)
	}
	want := []heard{
		{"one", "127.0.0.1:1"}, {"two", "203.0.113.5:4443"}, {"three", "127.0.0.1:1"}, {"four", "127.0.0.1:1"}, {"five", "127.0.0.1:1"},
	}
	if len(got) != len(want) {
		t.Fatalf("heard %v, want %v", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("heard %v, want %v", got[i], want[i])
		}
	}
	_ = berth.Close()
	_, _ = a.WriteToAddrPort([]byte("late"), berth.Addr())
	if len(got) != len(want) {
		t.Error("a closed berth hears")
	}
	// Nobody outside can pretend to be a berth.
	arrive(m, []byte{0x80, 1}, berth.Addr().String(), "127.0.0.1")
	if n := m.Stats().DroppedUnknown; n != 1 {
		t.Errorf("%d packets from a berth's address dropped, want 1", n)
	}
}
