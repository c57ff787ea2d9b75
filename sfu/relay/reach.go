package relay

import (
	"net"
	"net/netip"
	"slices"
)

// reachable is what relays may reach now: the candidates; loopback ones only if there are no others.
func (s *Server) reachable() []netip.AddrPort {
	offered := s.mux.Addresses()
	outward := slices.DeleteFunc(slices.Clone(offered), func(a netip.AddrPort) bool { return a.Addr().IsLoopback() })
	if len(outward) == 0 {
		return offered
	}
	return outward
}

// permits tells whether a relay may talk to an address: one that is offered, or was before it changed, since legs that began
// under it go on. The port 0 stands for any, as in a permission (RFC 8656, section 9.1). IPv4-mapped addresses are never
// right: no candidate is written so.
func (s *Server) permits(peer netip.AddrPort) bool {
	reachable := s.reachable()
	return s.mux.Offers(peer) && (!peer.Addr().IsLoopback() || reachable[0].Addr().IsLoopback())
}

// mayReach is the same question as pion/turn asks it: a turn.PermissionHandler, which is not told the port.
func (s *Server) mayReach(_ net.Addr, peer net.IP) bool {
	addr, ok := netip.AddrFromSlice(peer)
	// A net.IP does not tell mapped addresses from others; the screen has.
	return ok && s.permits(netip.AddrPortFrom(addr.Unmap(), 0))
}

// relaysIPv6 tells of which family relayed addresses are: that of the candidates, IPv4 where there are both. Clients pair a
// relayed address with candidates of its family only.
func (s *Server) relaysIPv6() bool {
	return !slices.ContainsFunc(s.reachable(), func(a netip.AddrPort) bool { return a.Addr().Is4() })
}
