package wire

import (
	"net"
	"net/netip"
	"testing"

	"golang.org/x/sys/unix"
)

// The fallbacks must deliver just what the fast way delivers.
func TestBatchWithoutSegmentation(t *testing.T) {
	t.Parallel()
	m := listen(t)
	m.socket.accel.segments.Store(false)
	checkBatches(t, m, alternate(300, 1200, 500))
	if s := m.Stats(); s.SendCalls >= s.PacketsOut/8 {
		t.Errorf("%d system calls for %d packets", s.SendCalls, s.PacketsOut)
	}
}

func TestPlainSockets(t *testing.T) {
	t.Parallel()
	listener, conn, err := openPort("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = listener.Close()
	var c counters
	s := &socket{conn: conn, pool: &packetPool{}, counters: &c, lanes: newLanes()}
	r := &plainReader{s: s}
	rx, addr := receiver(t)
	out := &plainSender{s: s}
	out.add(addr, netip.Addr{}, [][]byte{{1}, {2}})
	if n, err := out.flush(); n != 2 || err != nil {
		t.Errorf("sent %d, %v", n, err)
	}
	for want := byte(1); want <= 2; want++ {
		if got := receive(t, rx); len(got) != 1 || got[0] != want {
			t.Errorf("received %x, want %x", got, want)
		}
	}
	to := conn.LocalAddr()
	for _, p := range [][]byte{make([]byte, maxDatagram+100), {7}} { // the first is cut, and so dropped
		if _, err := rx.WriteTo(p, to); err != nil {
			t.Fatal(err)
		}
	}
	batch, err := r.read()
	if err != nil || len(batch) != 1 || batch[0].bytes()[0] != 7 || batch[0].peer != addr {
		t.Errorf("read %v, %v", batch, err)
	}
	_ = conn.Close()
	if _, err := r.read(); err == nil {
		t.Error("a closed socket is read")
	}
}

// A source address that is gone (DHCP gave another) must not silence a leg: routing picks one.
func TestSourceThatIsGone(t *testing.T) {
	t.Parallel()
	for _, host := range []string{"127.0.0.1", ""} {
		m := listen(t, func(c *Config) { c.Listen = host + ":0" })
		c, addr := receiver(t)
		b := m.socket.acquireBatch()
		b.add(addr, netip.MustParseAddr("203.0.113.99"), [][]byte{{1, 1}, {2, 2}, {3}})
		if n, err := b.flush(); n != 3 || err != nil {
			t.Errorf("sent %d, %v; want 3", n, err)
		}
		m.socket.releaseBatch(b)
		for want := byte(1); want <= 3; want++ {
			if got := receive(t, c); got[0] != want {
				t.Errorf("received %x, want %x", got, want)
			}
		}
	}
}

// Answers leave from the address that was asked, not from the one that routing would pick.
func TestAnswersLeaveFromTheAddressAsked(t *testing.T) {
	t.Parallel()
	for _, listenOn := range []string{"", "0.0.0.0"} {
		m := listen(t, func(c *Config) { c.Listen = listenOn + ":0" })
		c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()                                                    // a test
		asked := &net.UDPAddr{IP: net.IPv4(127, 0, 0, 77), Port: m.Port()} // all of 127/8 is this machine
		if _, err := c.WriteTo(message(1, 0), asked); err != nil {
			t.Fatal(err)
		}
		_, from, err := c.ReadFrom(make([]byte, 100))
		if err != nil || from.String() != asked.String() {
			t.Errorf("the answer comes from %v, %v; want %s", from, err, asked)
		}
		leg := candidate(t, m, "leg", asked.String())
		if _, err := leg.WriteToAddrPort([]byte{1}, c.LocalAddr().(*net.UDPAddr).AddrPort()); err != nil {
			t.Fatal(err)
		}
		if _, from, err = c.ReadFrom(make([]byte, 100)); err != nil || from.String() != asked.String() {
			t.Errorf("media comes from %v, %v; want %s", from, err, asked)
		}
	}
}

func TestSegmentable(t *testing.T) {
	t.Parallel()
	cases := []struct {
		sizes []int
		want  int
	}{
		{[]int{1200}, 1}, {[]int{1200, 1200, 1200}, 3}, {[]int{1200, 1200, 300}, 3}, {[]int{1200, 300, 1200}, 2},
		{[]int{300, 1200}, 1}, {[]int{0, 0}, 1}, {[]int{1200, 0}, 1}, {repeat(100, 100), maxSegments},
		{repeat(20, 9000), maxSegmented / 9000},
	}
	for _, c := range cases {
		var run [][]byte
		for _, n := range c.sizes {
			run = append(run, make([]byte, n))
		}
		if got := segmentable(run); got != c.want {
			t.Errorf("%v: %d, want %d", c.sizes, got, c.want)
		}
	}
}

func TestControlMessagesRoundTrip(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"192.0.2.7", "2001:db8::7"} {
		want := netip.MustParseAddr(address)
		var c control
		n := c.appendSource(0, want, want.Is6())
		n = c.appendSegment(n, 1200)
		if n > controlLen {
			t.Fatalf("%d bytes of control messages, there is room for %d", n, controlLen)
		}
		messages, err := unix.ParseSocketControlMessage(c.buf[:n])
		if err != nil || len(messages) != 2 {
			t.Fatalf("%d messages, %v", len(messages), err)
		}
		if want.Is6() { // the kernel fills in another field for IPv4 than it reads
			if got, _ := told(c.buf[:n]); got != want {
				t.Errorf("%s, want %s", got, want)
			}
		}
	}
	if got, came := told([]byte{1, 2, 3}); got.IsValid() || !came.IsZero() {
		t.Errorf("nonsense is the address %s", got)
	}
}
