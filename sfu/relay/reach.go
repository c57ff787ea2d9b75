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

// permits tells whether a relay may talk to an address. The port 0 stands for any, as in a permission (RFC 8656, section
// 9.1). IPv4-mapped addresses are never right: the candidates are not written so.
func (s *Server) permits(peer netip.AddrPort) bool {
	reachable := s.reachable()
	if slices.ContainsFunc(reachable, func(a netip.AddrPort) bool {
		return a.Addr() == peer.Addr() && (a.Port() == peer.Port() || peer.Port() == 0)
	}) {
		return true
	}
	// An address that was offered before it changed: legs that began under it go on.
	return s.mux.Offers(peer) && (!peer.Addr().IsLoopback() || reachable[0].Addr().IsLoopback())
}

// mayReach is the same question as pion/turn asks it: a turn.PermissionHandler, which is not told the port.
func (s *Server) mayReach(_ net.Addr, peer net.IP) bool {
	addr, ok := netip.AddrFromSlice(peer)
	if !ok {
		return false
	}
	addr = addr.Unmap() // net.IP does not tell the forms apart; the screen did
	if s.permits(netip.AddrPortFrom(addr, 0)) {
		return true
	}
	return slices.ContainsFunc(s.ports(), func(port uint16) bool { return s.permits(netip.AddrPortFrom(addr, port)) })
}

// ports are the port numbers of the candidates: one, or two where the public one differs.
func (s *Server) ports() []uint16 {
	var ports []uint16
	for _, a := range s.reachable() {
		if !slices.Contains(ports, a.Port()) {
			ports = append(ports, a.Port())
		}
	}
	return ports
}

// relaysIPv6 tells of which family relayed addresses are: that of the candidates, IPv4 where there are both. Clients pair a
// relayed address with candidates of its family only.
func (s *Server) relaysIPv6() bool {
	return !slices.ContainsFunc(s.reachable(), func(a netip.AddrPort) bool { return a.Addr().Is4() })
}
