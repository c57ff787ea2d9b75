package wire

import (
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"time"
)

// ErrNotHere is the answer to a Berth that sends to something else than a candidate of this Mux.
var ErrNotHere = errors.New("wire: not an address of this server")

// Berths share an address that nothing on a network has, and differ by port: the IPv4 dummy address (RFC 7600), which is
// never a destination and never forwarded, and one of the IPv6 prefix for traffic to be discarded (RFC 6666). So no packet
// from outside can pretend to come from a berth, and none to a berth can leave.
const berthPortMin = 1024 // below, some ICE stacks refuse candidates

func berthIPv4() netip.Addr { return netip.AddrFrom4([4]byte{192, 0, 0, 8}) }
func berthIPv6() netip.Addr { return netip.AddrFrom16([16]byte{0x01, 15: 1}) }

// isBerth tells whether an address is one that berths have.
func isBerth(a netip.Addr) bool { return a == berthIPv4() || a == berthIPv6() }

// Berth is a peer inside the process: a relayed client, as the SFU sees it.
type Berth struct {
	docks   *docks
	addr    netip.AddrPort
	deliver func(p []byte, from netip.AddrPort)
}

// docks are the berths that are taken.
type docks struct {
	mux *Mux

	mu     sync.RWMutex
	berths map[netip.AddrPort]*Berth // owned by mu
	next   uint32                    // owned by mu: where to look for a free address
}

func newDocks(m *Mux) *docks { return &docks{mux: m, berths: map[netip.AddrPort]*Berth{}} }

// Dock makes a peer inside the process, with an IPv6 address if six is set. What the SFU sends to it is passed to deliver, with the candidate's address that
// it comes from, on the goroutine that sends: deliver must neither block nor keep the slice, and may still be called
// while Close returns.
func (m *Mux) Dock(six bool, deliver func(p []byte, from netip.AddrPort)) (*Berth, error) {
	const ports = 65536 - berthPortMin
	host := berthIPv4()
	if six {
		host = berthIPv6()
	}
	d := m.docks
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.berths) >= ports/2 { // keeps the search short; far above any sensible number
		return nil, fmt.Errorf("wire: %d berths are taken", len(d.berths))
	}
	for {
		addr := netip.AddrPortFrom(host, uint16(berthPortMin+d.next%ports))
		d.next++
		if d.berths[addr] == nil {
			b := &Berth{docks: d, addr: addr, deliver: deliver}
			d.berths[addr] = b
			return b, nil
		}
	}
}

func (d *docks) at(addr netip.AddrPort) *Berth {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.berths[addr]
}

// Addr is the berth's own address.
func (b *Berth) Addr() netip.AddrPort { return b.addr }

// Send passes a packet to the leg whose candidate has the address to. Any other destination, a candidate's address with
// another port included, is ErrNotHere: a berth has no way out of the process. The slice is the caller's again on return.
func (b *Berth) Send(p []byte, to netip.AddrPort) error {
	m := b.docks.mux
	to = netip.AddrPortFrom(to.Addr().Unmap(), to.Port())
	if to.Port() == 0 || !m.hosts.offers(to) {
		return ErrNotHere
	}
	what := classify(p)
	if what != classCheck && what != classMedia || len(p) > maxDatagram {
		m.counters.droppedUnknown.Add(1)
		return nil
	}
	pk := m.pool.get()
	pk.n = copy(pk.buf[:], p)
	pk.peer, pk.local, pk.came = b.addr, to, time.Now()
	m.ice.dispatch(pk, what)
	return nil
}

// Close gives the berth up. It is idempotent.
func (b *Berth) Close() error {
	b.docks.mu.Lock()
	defer b.docks.mu.Unlock()
	if b.docks.berths[b.addr] == b {
		delete(b.docks.berths, b.addr)
	}
	return nil
}
