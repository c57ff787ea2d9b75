package wire

import (
	"bytes"
	"errors"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"

	"github.com/pion/ice/v4"
)

var (
	_ ice.UDPMux               = (*iceMux)(nil)
	_ ice.AddrPortReaderWriter = (*iceConn)(nil)
	_ net.PacketConn           = (*iceConn)(nil)
)

// legQueue bounds what waits for one candidate of one leg: about a second of a busy publisher (4 Mbit/s are 400 packets
// a second). Whoever is further behind gains nothing from old packets.
const legQueue = 512

// peersPerLeg bounds the remote addresses remembered for one ICE fragment. A client has a handful of candidates; only
// addresses that passed an authenticated check get here at all.
const peersPerLeg = 64

// iceMux gives each leg its packets. Checks go by the ICE fragment in their USERNAME, all else by the source address,
// which a leg owns once it has answered a check from there.
type iceMux struct {
	mux *Mux

	mu     sync.RWMutex
	closed bool                       // owned by mu
	legs   map[string]*iceLeg         // by local fragment; owned by mu
	peers  map[netip.AddrPort]icePeer // by remote address; owned by mu
}

// icePeer is a remote address that a leg talks to, and the candidate that it last wrote from.
type icePeer struct {
	leg  *iceLeg
	conn *iceConn
}

// iceLeg is the set of candidates of one ICE fragment.
type iceLeg struct {
	ufrag string
	conns []*iceConn                  // owned by iceMux.mu
	peers map[netip.AddrPort]struct{} // owned by iceMux.mu
	tap   atomic.Pointer[mediaTap]    // takes the leg's media; nil: Pion reads all
}

func newICEMux(m *Mux) *iceMux {
	return &iceMux{mux: m, legs: map[string]*iceLeg{}, peers: map[netip.AddrPort]icePeer{}}
}

// GetListenAddresses are the candidates offered now.
func (x *iceMux) GetListenAddresses() []net.Addr {
	offered := x.mux.Addresses()
	addrs := make([]net.Addr, len(offered))
	for i, a := range offered {
		addrs[i] = net.UDPAddrFromAddrPort(a)
	}
	return addrs
}

// GetConn makes the conn of one candidate of the leg with that local fragment.
func (x *iceMux) GetConn(ufrag string, addr net.Addr) (net.PacketConn, error) {
	udp, ok := addr.(*net.UDPAddr)
	if !ok {
		return nil, errors.New("wire: a candidate of the UDP socket must be a UDP address")
	}
	local := udp.AddrPort()
	c := &iceConn{mux: x, local: netip.AddrPortFrom(local.Addr().Unmap(), local.Port()), queue: newPacketQueue(legQueue)}
	if x.mux.hosts.own(c.local.Addr()) {
		c.src = c.local.Addr()
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.closed {
		return nil, net.ErrClosed
	}
	leg := x.legs[ufrag]
	if leg == nil {
		leg = &iceLeg{ufrag: ufrag, peers: map[netip.AddrPort]struct{}{}}
		x.legs[ufrag] = leg
	}
	c.leg = leg
	leg.conns = append(leg.conns, c)
	return c, nil
}

// RemoveConnByUfrag closes all candidates of a leg.
func (x *iceMux) RemoveConnByUfrag(ufrag string) {
	x.mu.RLock()
	var conns []*iceConn
	if leg := x.legs[ufrag]; leg != nil {
		conns = append(conns, leg.conns...)
	}
	x.mu.RUnlock()
	for _, c := range conns {
		_ = c.Close()
	}
}

// Close closes the candidates of all legs. The socket stays open: it is the Mux's.
func (x *iceMux) Close() error {
	x.mu.Lock()
	x.closed = true
	var conns []*iceConn
	for _, leg := range x.legs {
		conns = append(conns, leg.conns...)
	}
	x.mu.Unlock()
	for _, c := range conns {
		_ = c.Close()
	}
	return nil
}

// dispatch hands a packet to the leg it is for, and takes it over in any case.
func (x *iceMux) dispatch(p *packet, what class) {
	c := x.find(p, what)
	switch {
	case c == nil:
		x.mux.counters.droppedNoLeg.Add(1)
	case c.leg.into(c, p).push(p):
		return
	default:
		x.mux.counters.droppedFull.Add(1)
	}
	p.release()
}

func (x *iceMux) find(p *packet, what class) *iceConn {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if what == classCheck {
		name, _ := stunUsername(p.bytes())
		ours, _, ok := bytes.Cut(name, []byte{':'}) // RFC 8445, section 7.2.2: "receiver:sender"
		if !ok {
			return nil
		}
		if leg := x.legs[string(ours)]; leg != nil {
			return leg.candidate(p)
		}
		return nil
	}
	if peer := x.peers[p.peer]; peer.leg != nil {
		return peer.leg.candidate(p)
	}
	return nil
}

// into returns the queue that a packet for a candidate belongs into.
func (l *iceLeg) into(c *iceConn, p *packet) *packetQueue {
	if tap := l.tap.Load(); tap != nil && isSRTP(p.bytes()) {
		return tap.queue
	}
	return c.queue
}

// candidate picks the conn of the address that the packet came to. Packets of a Berth name a candidate exactly, and go
// nowhere else. Others came to an address of an interface, which behind NAT may be offered under a public name only:
// then it is the first candidate of the family.
func (l *iceLeg) candidate(p *packet) *iceConn {
	var first *iceConn
	for _, c := range l.conns {
		if p.local.Port() != 0 {
			if c.local == p.local {
				return c
			}
			continue
		}
		if c.src.IsValid() && c.src == p.local.Addr() {
			return c
		}
		if first == nil && c.local.Addr().Is4() == p.peer.Addr().Is4() {
			first = c
		}
	}
	return first
}

// learn makes the leg of c the owner of a remote address that it writes to. Pion writes only to addresses from which an
// authenticated check came.
func (x *iceMux) learn(c *iceConn, remote netip.AddrPort) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if c.gone {
		return
	}
	leg := c.leg
	old, known := x.peers[remote]
	if known && old.conn != c {
		delete(old.leg.peers, remote)
		for _, oc := range old.leg.conns { // when they write there again, they learn it again
			oc.last.Store(nil)
		}
	} else if !known && len(leg.peers) >= peersPerLeg {
		for a := range leg.peers { // any one: a client that has so many is not worth a strategy
			delete(leg.peers, a)
			delete(x.peers, a)
			break
		}
	}
	leg.peers[remote] = struct{}{}
	x.peers[remote] = icePeer{leg: leg, conn: c}
	c.last.Store(&remote)
}

// forget removes a closed candidate, and with the last one the leg.
func (x *iceMux) forget(c *iceConn) {
	x.mu.Lock()
	defer x.mu.Unlock()
	c.gone = true
	leg := c.leg
	for i, other := range leg.conns {
		if other == c {
			leg.conns = append(leg.conns[:i:i], leg.conns[i+1:]...)
			break
		}
	}
	for a := range leg.peers {
		switch peer := x.peers[a]; {
		case len(leg.conns) == 0:
			delete(x.peers, a)
		case peer.conn == c:
			x.peers[a] = icePeer{leg: leg, conn: leg.conns[0]}
		}
	}
	if len(leg.conns) == 0 {
		delete(x.legs, leg.ufrag)
		if tap := leg.tap.Load(); tap != nil {
			tap.queue.close()
		}
	}
}

// sourceOf tells from which candidate a leg writes to a remote address; nil if none does.
func (x *iceMux) sourceOf(remote netip.AddrPort) *iceConn {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.peers[remote].conn
}
