package wire

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/stun/v4"
)

// receiver is a UDP socket that a test sends to.
func receiver(t testing.TB) (*net.UDPConn, netip.AddrPort) {
	t.Helper()
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	_ = c.SetReadBuffer(4 << 20)
	t.Cleanup(func() { _ = c.Close() })
	return c, c.LocalAddr().(*net.UDPAddr).AddrPort()
}

// receive reads the next datagram, which must come soon.
func receive(t testing.TB, c *net.UDPConn) []byte {
	t.Helper()
	buf := make([]byte, 1<<16)
	_ = c.SetReadDeadline(time.Now().Add(5 * time.Second))
	n, err := c.Read(buf)
	if err != nil {
		t.Fatal(err)
	}
	return buf[:n]
}

func TestBatchArrivesWholeAndInOrder(t *testing.T) {
	t.Parallel()
	sizes := map[string][]int{
		"one":                         {1200},
		"equal":                       {1200, 1200, 1200, 1200},
		"last shorter":                {1200, 1200, 300},
		"shorter in the middle":       {1200, 300, 1200, 1200},
		"growing":                     {100, 200, 300, 400},
		"with an empty one":           {100, 0, 100},
		"more than one message holds": repeat(100, 1200),
		"more than one batch holds":   alternate(600, 900, 1000),
		"large":                       {9000, 9000, 9000, 9000, 9000, 9000, 9000, 9000, 9000, 100},
	}
	for _, host := range []string{"127.0.0.1", "", "0.0.0.0"} {
		for name, list := range sizes {
			t.Run(host+" "+name, func(t *testing.T) {
				t.Parallel()
				m := listen(t, func(c *Config) { c.Listen = host + ":0" })
				checkBatches(t, m, list)
			})
		}
	}
}

// checkBatches sends packets of the given sizes to two receivers in turns of two, and checks what arrives.
func checkBatches(t *testing.T, m *Mux, sizes []int) {
	t.Helper()
	a, addrA := receiver(t)
	b, addrB := receiver(t)
	var to []netip.AddrPort
	var packets [][]byte
	for start := 0; start < len(sizes); start += 2 {
		for _, addr := range []netip.AddrPort{addrA, addrB} {
			for i := start; i < min(start+2, len(sizes)); i++ {
				to = append(to, addr)
				packets = append(packets, numbered(i, sizes[i]))
			}
		}
	}
	sent, err := m.WriteBatch(to, packets)
	if err != nil || sent != len(packets) {
		t.Fatalf("sent %d of %d: %v", sent, len(packets), err)
	}
	for _, c := range []*net.UDPConn{a, b} {
		for i, size := range sizes {
			if got, want := string(receive(t, c)), string(numbered(i, size)); got != want {
				t.Fatalf("packet %d is %d bytes, want %d", i, len(got), len(want))
			}
		}
	}
}

func numbered(i, size int) []byte {
	return []byte(strings.Repeat(fmt.Sprintf("%d,", i), size)[:size])
}

func repeat(n, size int) (out []int) { return alternate(n, size, size) }

func alternate(n, a, b int) (out []int) {
	for i := range n {
		out = append(out, []int{a, b}[i/3%2])
	}
	return out
}

func TestBatchCountsWhatCannotBeSent(t *testing.T) {
	t.Parallel()
	m := listen(t)
	_, addr := receiver(t)
	six := netip.MustParseAddrPort("[2001:db8::1]:9") // on an IPv4 socket
	tooLong := make([]byte, 70_000)
	sent, err := m.WriteBatch([]netip.AddrPort{addr, six, addr, addr}, [][]byte{{1}, {2}, tooLong, {3}})
	if sent != 2 || err == nil {
		t.Errorf("sent %d, %v; want 2 and an error", sent, err)
	}
	if s := m.Stats(); s.PacketsOut != 2 || s.DroppedOut != 2 {
		t.Errorf("counted %d out and %d dropped, want 2 and 2", s.PacketsOut, s.DroppedOut)
	}
	if _, err := m.WriteBatch([]netip.AddrPort{addr}, nil); err == nil {
		t.Error("a batch with too few packets is taken")
	}
}

// Writers that meet on a lane must neither lose the order of their packets nor mix them up.
func TestConcurrentWritesKeepTheirOrder(t *testing.T) {
	t.Parallel()
	m := listen(t)
	const writers, packets = 8, 400
	c, addr := receiver(t)
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			p := make([]byte, 100)
			p[0] = byte(w)
			for i := range packets {
				binary.BigEndian.PutUint16(p[1:], uint16(i))
				if _, err := m.socket.write(p, addr, netip.Addr{}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	// The receiver may be too slow for all of them, and lose some; those that come must be in order.
	var next [writers]int
	buf, arrived := make([]byte, 200), 0
	for {
		_ = c.SetReadDeadline(time.Now().Add(300 * time.Millisecond))
		if _, err := c.Read(buf); err != nil {
			break
		}
		arrived++
		w, i := buf[0], int(binary.BigEndian.Uint16(buf[1:]))
		if i < next[w] {
			t.Fatalf("packet %d of writer %d came after %d", i, w, next[w]-1)
		}
		next[w] = i + 1
	}
	if arrived < packets {
		t.Errorf("only %d of %d packets arrived", arrived, writers*packets)
	}
	wg.Wait()
	if s := m.Stats(); s.DroppedFull+s.DroppedOut != 0 {
		t.Errorf("%d dropped before, %d in the kernel", s.DroppedFull, s.DroppedOut)
	}
}

func TestPlainSTUNIsAnswered(t *testing.T) {
	t.Parallel()
	for _, host := range []string{"127.0.0.1", "::1"} {
		t.Run(host, func(t *testing.T) {
			t.Parallel()
			m := listen(t, func(c *Config) { c.Listen = net.JoinHostPort(host, "0") })
			c, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(host), uint16(m.Port()))))
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close() // a test
			request := stun.MustBuild(stun.TransactionID, stun.BindingRequest)
			if _, err := c.Write(request.Raw); err != nil {
				t.Fatal(err)
			}
			answer := &stun.Message{Raw: receive(t, c)}
			if err := answer.Decode(); err != nil {
				t.Fatal(err)
			}
			var mapped stun.XORMappedAddress
			if err := mapped.GetFrom(answer); err != nil {
				t.Fatal(err)
			}
			local := c.LocalAddr().(*net.UDPAddr)
			if answer.TransactionID != request.TransactionID || !mapped.IP.Equal(local.IP) || mapped.Port != local.Port {
				t.Errorf("the answer says %s, want %s", mapped, local)
			}
		})
	}
}

func TestPlainSTUNIsLimited(t *testing.T) {
	t.Parallel()
	var b bindings
	now := time.Unix(1000, 0)
	allowed := 0
	for range 2 * bindingRate {
		if b.allow(now) {
			allowed++
		}
	}
	if allowed != bindingRate {
		t.Errorf("%d answers in a second, want %d", allowed, bindingRate)
	}
	if !b.allow(now.Add(time.Second)) {
		t.Error("the next second does not count anew")
	}
}

// Packets for nobody are dropped and counted, and answered by nothing.
func TestStrayPacketsAreDropped(t *testing.T) {
	t.Parallel()
	m := listen(t)
	c, err := net.DialUDP("udp4", nil, net.UDPAddrFromAddrPort(at(m)))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close() // a test
	for _, p := range [][]byte{
		{0x80, 96, 0, 1}, // media of no leg
		message(stun.MethodBinding, stun.ClassRequest, stun.NewUsername("nobody:x")), // a check for no leg
		message(stun.MethodBinding, stun.ClassRequest, stun.NewUsername("nocolon")),
		message(stun.MethodAllocate, stun.ClassRequest), // TURN, and nobody has taken it
		{0xFF}, {},
		make([]byte, maxDatagram+1), // too long
	} {
		if _, err := c.Write(p); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.Write(message(stun.MethodBinding, stun.ClassRequest)); err != nil { // answered, when the others are done
		t.Fatal(err)
	}
	if got := receive(t, c); classify(got) != classMedia {
		t.Errorf("answered with %x", got)
	}
	s := m.Stats()
	if s.DroppedNoLeg != 3 || s.DroppedFull != 1 || s.DroppedUnknown != 3 {
		t.Errorf("counted %d for no leg, %d for no queue, %d unknown; want 3, 1, 3", s.DroppedNoLeg, s.DroppedFull, s.DroppedUnknown)
	}
}

func TestTakenPortIsAClearError(t *testing.T) {
	t.Parallel()
	m := listen(t)
	if again, err := Listen(Config{Listen: fmt.Sprintf("127.0.0.1:%d", m.Port())}); err == nil {
		_ = again.Close()
		t.Error("two servers have one port")
	} else if !strings.Contains(err.Error(), fmt.Sprint(m.Port())) {
		t.Errorf("the error does not name the port: %v", err)
	}
	// Taken in UDP alone, unless some connection of the machine has the same number in TCP.
	var err error
	for range 5 {
		_, addr := receiver(t)
		var again *Mux
		if again, err = Listen(Config{Listen: addr.String()}); err == nil {
			_ = again.Close()
			t.Fatal("the UDP port is taken, and nobody said so")
		}
		if strings.Contains(err.Error(), "UDP") && strings.Contains(err.Error(), fmt.Sprint(addr.Port())) {
			err = nil
			break
		}
	}
	if err != nil {
		t.Errorf("the error does not name protocol and port: %v", err)
	}
	for _, bad := range []string{"", "localhost", "127.0.0.1:http-ish", "256.0.0.1:0", "127.0.0.1:99999"} {
		if m, err := Listen(Config{Listen: bad}); err == nil {
			_ = m.Close()
			t.Errorf("listens on %q", bad)
		}
	}
}

func TestCloseIsIdempotent(t *testing.T) {
	t.Parallel()
	m := listen(t)
	if err := m.Close(); err != nil {
		t.Error(err)
	}
	if err := m.Close(); err != nil {
		t.Error(err)
	}
	if _, err := m.UDPMux().GetConn("late", net.UDPAddrFromAddrPort(at(m))); err == nil {
		t.Error("a closed Mux makes candidates")
	}
}
