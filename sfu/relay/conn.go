package relay

import (
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"

	"confab/sfu/wire"
)

const (
	// connQueue bounds the packets from the SFU that wait for one client: a quarter second of 8 Mbit/s. Over TCP the
	// client's connection may be slower than its media; older packets would be of no use.
	connQueue = 256
	// relayMTU is the largest packet that pion/turn relays, in bytes.
	relayMTU = 1600
)

// generator makes the relay conns of allocations: a turn.RelayAddressGenerator.
type generator struct{ server *Server }

// Validate has nothing to check.
func (generator) Validate() error { return nil }

// AllocatePacketConn makes a conn whose other end is the SFU. Which port is asked for does not matter: the address only
// means something inside the process.
func (g generator) AllocatePacketConn(string, int) (net.PacketConn, net.Addr, error) {
	s := g.server
	c := &conn{server: s, queue: make(chan *datagram, connQueue), closed: make(chan struct{})}
	c.up, c.down = newBucket(s.cfg.BytesPerSecond), newBucket(s.cfg.BytesPerSecond)
	berth, err := s.mux.Dock(s.relaysIPv6(), c.deliver)
	if err != nil {
		return nil, nil, err
	}
	c.berth, c.relayed = berth, berth.Addr()
	if !s.ledger.add(c) {
		return nil, nil, errors.Join(net.ErrClosed, berth.Close())
	}
	return c, net.UDPAddrFromAddrPort(c.relayed), nil
}

// AllocateConn refuses TCP allocations (RFC 6062).
func (generator) AllocateConn(string, int) (net.Conn, net.Addr, error) {
	return nil, nil, errors.ErrUnsupported
}

// conn is the relayed end of an allocation: what pion/turn writes goes to the SFU, and back.
type conn struct {
	server   *Server
	berth    *wire.Berth
	relayed  netip.AddrPort
	up, down *bucket
	queue    chan *datagram
	pool     sync.Pool // of *datagram
	closed   chan struct{}
	once     sync.Once

	// set once by ledger.created; owned by ledger.mu
	userID, username string
	client           clientKey
	made             time.Time
}

// datagram is a packet from the SFU.
type datagram struct {
	from netip.AddrPort
	n    int
	buf  [relayMTU]byte
}

// deliver takes a packet from the SFU; too much of it is dropped.
func (c *conn) deliver(p []byte, from netip.AddrPort) {
	if len(p) > relayMTU || !c.down.take(len(p), c.server.cfg.Now()) {
		return
	}
	d, ok := c.pool.Get().(*datagram)
	if !ok {
		d = new(datagram)
	}
	d.from, d.n = from, copy(d.buf[:], p)
	select {
	case c.queue <- d:
	default:
		c.pool.Put(d)
	}
}

// ReadFrom waits for a packet of the SFU.
func (c *conn) ReadFrom(b []byte) (int, net.Addr, error) {
	select {
	case <-c.closed:
		return 0, nil, net.ErrClosed
	case d := <-c.queue:
		n, from := copy(b, d.buf[:d.n]), net.UDPAddrFromAddrPort(d.from)
		c.pool.Put(d)
		return n, from, nil
	}
}

// WriteTo sends a packet to the SFU. Packets over the bandwidth are dropped, those for anybody else refused, and so are all
// once the conn is closed: pion/turn hears of that from ReadFrom, and may be in the midst of the client's next packet.
func (c *conn) WriteTo(b []byte, addr net.Addr) (int, error) {
	select {
	case <-c.closed:
		return 0, net.ErrClosed
	default:
	}
	udp, ok := addr.(*net.UDPAddr)
	if !ok {
		return 0, wire.ErrNotHere
	}
	if !c.up.take(len(b), c.server.cfg.Now()) {
		return len(b), nil
	}
	if err := c.berth.Send(b, udp.AddrPort()); err != nil {
		return 0, err
	}
	return len(b), nil
}

// Close ends reads and gives the address up. It is idempotent.
func (c *conn) Close() error {
	c.once.Do(func() {
		close(c.closed)
		_ = c.berth.Close()
		c.server.ledger.remove(c)
	})
	return nil
}

// LocalAddr is the relayed address.
func (c *conn) LocalAddr() net.Addr { return net.UDPAddrFromAddrPort(c.relayed) }

// Deadlines are not used by pion/turn: writes do not block, and Close ends reads.
func (*conn) SetDeadline(time.Time) error      { return errors.ErrUnsupported }
func (*conn) SetReadDeadline(time.Time) error  { return errors.ErrUnsupported }
func (*conn) SetWriteDeadline(time.Time) error { return errors.ErrUnsupported }
