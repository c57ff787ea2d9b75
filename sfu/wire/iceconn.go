package wire

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// iceConn is one candidate of one leg, as Pion's agent sees it: a packet conn whose reads and writes do not allocate.
type iceConn struct {
	mux   *iceMux
	leg   *iceLeg
	local netip.AddrPort // as offered: behind NAT a public address
	src   netip.Addr     // local, where that is an address of this machine; otherwise routing picks
	queue *packetQueue
	last  atomic.Pointer[netip.AddrPort] // remote address that was learned last, so that most writes need no lock
	gone  bool                           // owned by iceMux.mu

	closeOnce sync.Once
}

// ReadFromAddrPort reads the next packet for this candidate. It returns io.EOF when the candidate is closed.
func (c *iceConn) ReadFromAddrPort(b []byte) (int, netip.AddrPort, error) {
	p := c.queue.pop()
	if p == nil {
		return 0, netip.AddrPort{}, io.EOF
	}
	defer p.release()
	if len(b) < p.n {
		return 0, netip.AddrPort{}, io.ErrShortBuffer
	}
	return copy(b, p.bytes()), p.peer, nil
}

// WriteToAddrPort sends one packet from this candidate's address.
func (c *iceConn) WriteToAddrPort(b []byte, remote netip.AddrPort) (int, error) {
	remote = netip.AddrPortFrom(remote.Addr().Unmap(), remote.Port())
	if last := c.last.Load(); last == nil || *last != remote {
		c.mux.learn(c, remote)
	}
	return c.mux.mux.send(b, remote, c)
}

// ReadFrom is ReadFromAddrPort for callers who do not mind allocating.
func (c *iceConn) ReadFrom(b []byte) (int, net.Addr, error) {
	n, from, err := c.ReadFromAddrPort(b)
	if err != nil {
		return n, nil, err
	}
	return n, net.UDPAddrFromAddrPort(from), nil
}

// WriteTo is WriteToAddrPort for callers who have a net.Addr.
func (c *iceConn) WriteTo(b []byte, addr net.Addr) (int, error) {
	udp, ok := addr.(*net.UDPAddr)
	if !ok {
		return 0, errors.New("wire: not a UDP address")
	}
	return c.WriteToAddrPort(b, udp.AddrPort())
}

// LocalAddr is the candidate's address.
func (c *iceConn) LocalAddr() net.Addr { return net.UDPAddrFromAddrPort(c.local) }

// Close ends reads with io.EOF and forgets the candidate. It is idempotent.
func (c *iceConn) Close() error {
	c.closeOnce.Do(func() {
		c.mux.forget(c)
		c.queue.close()
	})
	return nil
}

// SetDeadline does nothing, like its siblings: writes do not block, and Pion ends reads by Close.
func (c *iceConn) SetDeadline(time.Time) error { return nil }

// SetReadDeadline does nothing; see SetDeadline.
func (c *iceConn) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline does nothing; see SetDeadline.
func (c *iceConn) SetWriteDeadline(time.Time) error { return nil }
