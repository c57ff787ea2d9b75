package wire

import (
	"errors"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// turnQueue bounds the datagrams that wait for the TURN server, all clients together: 20 ms at 100,000 a second.
	turnQueue = 2048
	// turnClients bounds the addresses remembered for TURN clients. The table is only a cache: it saves an allocation
	// per packet and remembers which own address a client knows.
	turnClients = 8192
)

// turnTap is where TURN traffic leaves the port: a packet conn and a listener for a TURN server. Until somebody takes
// them, TURN datagrams are dropped and TURN streams are closed.
type turnTap struct {
	mux     *Mux
	taken   atomic.Bool
	queue   *packetQueue
	streams *streamListener

	mu      sync.Mutex
	clients map[netip.AddrPort]turnClient // owned by mu
}

// turnClient is what is kept about the source of TURN datagrams.
type turnClient struct {
	addr  *net.UDPAddr
	local netip.Addr // the own address that it last sent to
}

func newTURNTap(m *Mux) *turnTap {
	return &turnTap{
		mux: m, queue: newPacketQueue(turnQueue), clients: map[netip.AddrPort]turnClient{},
		streams: newStreamListener(&net.TCPAddr{IP: net.IP(m.hosts.bound.Addr().AsSlice()), Port: m.Port()}),
	}
}

// TURN gives the TURN traffic of the port to its caller: datagrams as a packet conn, streams (in the clear or out of TLS)
// as a listener. It can be had once. Both end with the Mux; closing them stops the traffic earlier.
func (m *Mux) TURN() (net.PacketConn, net.Listener, error) {
	if !m.turn.taken.CompareAndSwap(false, true) {
		return nil, nil, errors.New("wire: the TURN traffic is taken already")
	}
	return turnConn{m.turn}, m.turn.streams, nil
}

// push takes over a datagram.
func (t *turnTap) push(p *packet) {
	if !t.taken.Load() || !t.queue.push(p) {
		t.mux.counters.droppedFull.Add(1)
		p.release()
	}
}

func (t *turnTap) close() error {
	t.queue.close()
	return t.streams.Close()
}

// client finds or makes the record of a datagram's source.
func (t *turnTap) client(peer netip.AddrPort, local netip.Addr) *net.UDPAddr {
	t.mu.Lock()
	defer t.mu.Unlock()
	c, ok := t.clients[peer]
	if ok && c.local == local {
		return c.addr
	}
	if !ok {
		if len(t.clients) >= turnClients {
			clear(t.clients) // a cache: who is still there comes back with the next packet
		}
		c.addr = net.UDPAddrFromAddrPort(peer)
	}
	c.local = local
	t.clients[peer] = c
	return c.addr
}

func (t *turnTap) localFor(peer netip.AddrPort) netip.Addr {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.clients[peer].local
}

// turnConn is the packet conn of a TURN server.
type turnConn struct{ tap *turnTap }

func (c turnConn) ReadFrom(b []byte) (int, net.Addr, error) {
	p := c.tap.queue.pop()
	if p == nil {
		return 0, nil, net.ErrClosed
	}
	defer p.release()
	return copy(b, p.bytes()), c.tap.client(p.peer, p.local.Addr()), nil
}

// WriteTo sends from the address that the client last sent to.
func (c turnConn) WriteTo(b []byte, addr net.Addr) (int, error) {
	udp, ok := addr.(*net.UDPAddr)
	if !ok {
		return 0, errors.New("wire: not a UDP address")
	}
	peer := udp.AddrPort()
	peer = netip.AddrPortFrom(peer.Addr().Unmap(), peer.Port())
	return c.tap.mux.socket.write(b, peer, c.tap.localFor(peer))
}

func (c turnConn) Close() error {
	c.tap.queue.close()
	return nil
}

func (c turnConn) LocalAddr() net.Addr {
	return net.UDPAddrFromAddrPort(c.tap.mux.hosts.bound)
}

// Deadlines are not supported, nor needed by a TURN server: writes do not block, and Close ends reads.
func (turnConn) SetDeadline(time.Time) error      { return errors.ErrUnsupported }
func (turnConn) SetReadDeadline(time.Time) error  { return errors.ErrUnsupported }
func (turnConn) SetWriteDeadline(time.Time) error { return errors.ErrUnsupported }
