package relay

import (
	"bufio"
	"errors"
	"net"
	"net/netip"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

// relayed makes the relay conn of an allocation, without a client.
func relayed(t *testing.T, s *Server) *conn {
	t.Helper()
	c, _, err := generator{s}.AllocatePacketConn("udp4", 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c.(*conn)
}

func TestConnDropsWhatIsTooMuch(t *testing.T) {
	t.Parallel()
	clock := newClock()
	m, s := serveAt(t, clock, func(c *Config) { c.BytesPerSecond = 10_000 })
	c := relayed(t, s)
	from := at(m)
	for range 100 {
		c.deliver(make([]byte, 1000), from)
	}
	if n := len(c.queue); n != 10 {
		t.Errorf("%d packets are on the way to the client, want the 10 that fit a second", n)
	}
	clock.pass(time.Second)
	c.deliver(make([]byte, relayMTU+1), from)
	if n := len(c.queue); n != 10 {
		t.Error("a packet that is too long for the relay is kept")
	}
	before := m.Stats()
	for range 100 { // media of nobody: counted by the port, if it gets there
		if _, err := c.WriteTo(append([]byte{0x80}, make([]byte, 999)...), net.UDPAddrFromAddrPort(from)); err != nil {
			t.Fatal(err)
		}
	}
	if n := m.Stats().DroppedNoLeg - before.DroppedNoLeg; n != 10 {
		t.Errorf("%d packets reached the port, want 10", n)
	}
	// A client that does not read does not make the SFU wait, nor memory grow.
	clock.pass(time.Second)
	for range 2 * connQueue {
		c.deliver([]byte{0x80}, from)
	}
	if n := len(c.queue); n != connQueue {
		t.Errorf("%d packets wait, want %d", n, connQueue)
	}
}

func TestConnReachesOnlyTheServer(t *testing.T) {
	t.Parallel()
	m, s := serve(t)
	c := relayed(t, s)
	for _, to := range []string{"127.0.0.1:1", "127.0.0.2:" + portOf(m), "[::1]:" + portOf(m), "10.0.0.1:" + portOf(m), "[64:ff9b::7f00:1]:" + portOf(m)} {
		if _, err := c.WriteTo([]byte{0x80, 1}, net.UDPAddrFromAddrPort(netip.MustParseAddrPort(to))); err == nil {
			t.Errorf("a packet to %s is taken", to)
		}
	}
	_ = c.Close()
	if _, _, err := c.ReadFrom(make([]byte, 10)); !errors.Is(err, net.ErrClosed) {
		t.Errorf("reading a closed conn: %v", err)
	}
	if _, err := c.WriteTo([]byte{0x80, 1}, net.UDPAddrFromAddrPort(at(m))); !errors.Is(err, net.ErrClosed) {
		t.Errorf("writing to a closed conn: %v", err)
	}
}

// A stream that is silent is given up: soon without an allocation, later with one. The clock is fake.
func TestSilentStreams(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		allocated bool
		want      time.Duration
	}{"without an allocation": {false, idleBefore}, "with one": {true, idleAfter}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg, err := Config{Secret: []byte("s")}.withDefaults()
			if err != nil {
				t.Fatal(err)
			}
			synctest.Test(t, func(t *testing.T) {
				server := &Server{cfg: cfg, ledger: newLedger(cfg), meter: newMeter()}
				client, pipe := net.Pipe()
				defer client.Close() // a test
				s := &screenedStream{Conn: pipe, listener: newScreenedListener(nil, server), in: bufio.NewReaderSize(pipe, maxFrame)}
				if c.allocated {
					server.ledger.clients[keyOf(pipe.RemoteAddr())] = &conn{}
				}
				began := time.Now()
				_, err := s.Read(make([]byte, 100))
				if took := time.Since(began); !errors.Is(err, os.ErrDeadlineExceeded) || took != c.want {
					t.Errorf("given up after %s with %v, want %s", took, err, c.want)
				}
				began = time.Now()
				if _, err := s.Write(make([]byte, 100)); err == nil || time.Since(began) != writeWithin {
					t.Errorf("a client that does not read is waited for %s, %v; want %s", time.Since(began), err, writeWithin)
				}
			})
		})
	}
}
