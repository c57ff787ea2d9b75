package relay

import (
	"encoding/binary"
	"net"
	"net/netip"

	"github.com/pion/stun/v4"
)

// verdict is what the screen says to a message.
type verdict struct {
	pass  bool   // on to pion/turn
	reply []byte // otherwise, if not empty: the answer
}

const (
	protocolUDP = 17 // IANA protocol number, in REQUESTED-TRANSPORT
	familyIPv4  = 1
	familyIPv6  = 2
)

// screen looks at a message before pion/turn does. ChannelData passes: it needs a channel, and channels were screened.
func (s *Server) screen(p []byte, client net.Addr) verdict {
	if len(p) == 0 || p[0]&0xC0 != 0 {
		return verdict{pass: true}
	}
	m := &stun.Message{Raw: append([]byte(nil), p...)}
	if err := m.Decode(); err != nil {
		return verdict{}
	}
	if m.Type.Class == stun.ClassIndication {
		return verdict{pass: m.Type.Method == stun.MethodSend}
	}
	if m.Type.Class != stun.ClassRequest || !s.meter.admit(client, s.cfg.Now()) {
		return verdict{}
	}
	var code stun.ErrorCode
	switch m.Type.Method {
	case stun.MethodAllocate:
		code = s.refusesAllocation(m)
	case stun.MethodRefresh:
		code = s.refusesRefresh(m, client)
	case stun.MethodCreatePermission:
		code = s.refusesPeers(m, client, false)
	case stun.MethodChannelBind:
		code = s.refusesPeers(m, client, true)
	case stun.MethodBinding:
	default: // Connect and ConnectionBind (RFC 6062): there are no TCP allocations for them
		return verdict{}
	}
	if code == 0 {
		return verdict{pass: true}
	}
	return s.refuse(m, code, client)
}

// refuse answers a request with an error if it is authentic. Otherwise pion/turn answers: it has the nonces.
func (s *Server) refuse(m *stun.Message, code stun.ErrorCode, client net.Addr) verdict {
	var username stun.Username
	var realm stun.Realm
	if username.GetFrom(m) != nil || realm.GetFrom(m) != nil {
		return verdict{pass: true}
	}
	key, ok := s.authenticate(username.String(), realm.String(), client)
	if !ok || stun.MessageIntegrity(key).Check(m) != nil {
		return verdict{pass: true}
	}
	reply, err := stun.Build(m, stun.NewType(m.Type.Method, stun.ClassErrorResponse), code, stun.MessageIntegrity(key))
	if err != nil {
		return verdict{}
	}
	return verdict{reply: reply.Raw}
}

// refusesAllocation tells why an allocation is not made, or 0.
func (s *Server) refusesAllocation(m *stun.Message) stun.ErrorCode {
	if t, err := m.Get(stun.AttrRequestedTransport); err == nil && len(t) > 0 && t[0] != protocolUDP {
		return stun.CodeUnsupportedTransProto // RFC 6062, section 4.1, is not offered
	}
	if m.Contains(stun.AttrEvenPort) || m.Contains(stun.AttrReservationToken) {
		return stun.CodeInsufficientCapacity // RFC 8656, section 7.2: relayed ports are no real ports
	}
	if f, err := m.Get(stun.AttrRequestedAddressFamily); err == nil && len(f) > 0 {
		if (f[0] == familyIPv6) != s.relaysIPv6() {
			return stun.CodeAddrFamilyNotSupported
		}
	}
	return 0
}

// refusesRefresh tells why an allocation is not refreshed, or 0. To give up what is gone already is no error.
func (s *Server) refusesRefresh(m *stun.Message, client net.Addr) stun.ErrorCode {
	lifetime, err := m.Get(stun.AttrLifetime)
	if gone := err == nil && len(lifetime) == 4 && binary.BigEndian.Uint32(lifetime) == 0; gone || s.ledger.holds(client) {
		return 0
	}
	return stun.CodeAllocMismatch
}

// refusesPeers tells why a permission or channel is not made, or 0. A channel is for one address and port, a permission for
// any number of addresses; a port that stands in one must be right all the same.
func (s *Server) refusesPeers(m *stun.Message, client net.Addr, channel bool) stun.ErrorCode {
	if !s.ledger.holds(client) {
		return stun.CodeAllocMismatch // it ended, or was revoked; pion/turn would not answer
	}
	peers := 0
	for _, a := range m.Attributes {
		if a.Type != stun.AttrXORPeerAddress {
			continue
		}
		peer, ok := peerAddress(a.Value, m.TransactionID)
		if !ok {
			return stun.CodeBadRequest
		}
		if !s.permits(peer) || (channel && peer.Port() == 0) {
			return stun.CodeForbidden
		}
		peers++
	}
	if peers == 0 || (channel && peers != 1) {
		return stun.CodeBadRequest
	}
	return 0
}

// peerAddress decodes an XOR-PEER-ADDRESS (RFC 8489, section 14.2). The family is kept as written: an IPv4-mapped address
// stays an IPv6 address.
func peerAddress(v []byte, transaction [stun.TransactionIDSize]byte) (netip.AddrPort, bool) {
	var mask [16]byte
	binary.BigEndian.PutUint32(mask[:], 0x2112A442) // the magic cookie
	copy(mask[4:], transaction[:])
	if len(v) < 4 {
		return netip.AddrPort{}, false
	}
	port := binary.BigEndian.Uint16(v[2:]) ^ binary.BigEndian.Uint16(mask[:])
	addr := append([]byte(nil), v[4:]...)
	if len(addr) > len(mask) {
		return netip.AddrPort{}, false
	}
	for i := range addr {
		addr[i] ^= mask[i]
	}
	ip, ok := netip.AddrFromSlice(addr)
	if !ok || (v[1] == familyIPv4) != ip.Is4() || (v[1] == familyIPv6) != ip.Is6() {
		return netip.AddrPort{}, false
	}
	return netip.AddrPortFrom(ip, port), true
}

// screenedConn gives pion/turn the datagrams that pass the screen.
type screenedConn struct {
	net.PacketConn
	server *Server
}

func (c *screenedConn) ReadFrom(b []byte) (int, net.Addr, error) {
	for {
		n, client, err := c.PacketConn.ReadFrom(b)
		if err != nil {
			return n, client, err
		}
		v := c.server.screen(b[:n], client)
		if v.pass {
			return n, client, nil
		}
		if v.reply != nil {
			_, _ = c.WriteTo(v.reply, client) // a lost answer is like any lost datagram
		}
	}
}
