package wire

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/transport/v5"
	"github.com/pion/transport/v5/stdnet"
	"github.com/pion/webrtc/v4"

	"confab/sfu/pionlog"
)

const (
	// tcpFirstCheck is how long an ICE-TCP connection may wait with its first whole check, and a connection for a leg
	// that is not known (yet) with that leg.
	tcpFirstCheck = 10 * time.Second
	// tcpWriteBuffer is what is kept for a client whose TCP connection is slower than its media, in bytes: one second
	// of 8 Mbit/s. What does not fit is dropped, as a full link would; no sender waits for it.
	tcpWriteBuffer = 1 << 20
	// tcpReadBuffer is how many packets wait for a candidate.
	tcpReadBuffer = 64
)

// tcpICE carries ICE-TCP: Pion's mux, fed by the door, with the candidates' ports and addresses behind NAT put right.
type tcpICE struct {
	mux     *Mux
	streams *streamListener
	pion    *ice.TCPMuxDefault
	std     *stdnet.Net
}

func newTCPICE(m *Mux) (*tcpICE, error) {
	std, err := stdnet.NewNet()
	if err != nil {
		return nil, fmt.Errorf("wire: reading the network interfaces: %w", err)
	}
	streams := newStreamListener(&net.TCPAddr{Port: m.Port()})
	return &tcpICE{mux: m, streams: streams, std: std, pion: ice.NewTCPMuxDefault(ice.TCPMuxParams{
		Listener:                     streams,
		Logger:                       pionlog.New(m.log).NewLogger("ice-tcp"),
		ReadBufferSize:               tcpReadBuffer,
		WriteBufferSize:              tcpWriteBuffer,
		FirstStunBindTimeout:         tcpFirstCheck,
		AliveDurationForConnFromStun: tcpFirstCheck,
	})}, nil
}

// GetConnByUfrag makes the conn of one TCP candidate, under the port that clients use for its address.
func (t *tcpICE) GetConnByUfrag(ufrag string, isIPv6 bool, local net.IP) (net.PacketConn, error) {
	c, err := t.pion.GetConnByUfrag(ufrag, isIPv6, anyAddress(isIPv6))
	if err != nil {
		return nil, err
	}
	at := &net.TCPAddr{IP: local, Port: t.mux.Port()}
	for _, a := range t.mux.Addresses() {
		if at.IP.Equal(a.Addr().AsSlice()) {
			at.Port = int(a.Port())
			break
		}
	}
	return tcpCandidate{c, at}, nil
}

// anyAddress is the key under which Pion keeps the TCP conn of a leg and finds it when a connection comes in. Which address
// that came to does not matter: a leg has one TCP candidate of each family, and behind NAT the two are not the same.
func anyAddress(six bool) net.IP {
	if six {
		return net.IPv6zero
	}
	return net.IPv4zero
}

// RemoveConnByUfrag closes the conns of a leg.
func (t *tcpICE) RemoveConnByUfrag(ufrag string) { t.pion.RemoveConnByUfrag(ufrag) }

// Close does nothing: the conns end with the Mux.
func (t *tcpICE) Close() error { return nil }

func (t *tcpICE) close() error {
	if err := t.pion.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

// asCandidate gives a connection the local address under which Pion looks for its leg.
func (t *tcpICE) asCandidate(c net.Conn) net.Conn {
	six := ClientNetwork(c.RemoteAddr()).Addr().Is6()
	return localStream{c, &net.TCPAddr{IP: anyAddress(six), Port: t.mux.Port()}}
}

// tcpCandidate is the conn of a candidate, which knows the address that is offered.
type tcpCandidate struct {
	net.PacketConn
	local *net.TCPAddr
}

func (c tcpCandidate) LocalAddr() net.Addr { return c.local }

// Configure sets what an engine must know of this transport: both muxes, the candidates of ICE-TCP, and that no mDNS names
// are wanted. Nothing else of the engine is touched.
func (m *Mux) Configure(e *webrtc.SettingEngine) {
	e.SetICEUDPMux(m.ice)
	e.SetICETCPMux(m.tcp.ice)
	e.SetNetworkTypes([]webrtc.NetworkType{
		webrtc.NetworkTypeUDP4, webrtc.NetworkTypeUDP6, webrtc.NetworkTypeTCP4, webrtc.NetworkTypeTCP6,
	})
	e.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	e.SetIncludeLoopbackCandidate(true) // whether they are offered is decided by Addresses
	e.SetNet(candidateNet{m.tcp.ice.std, m})
}

// candidateNet is the network as Pion should see it when it looks for TCP candidates: one interface that has exactly the
// addresses that are to be offered.
type candidateNet struct {
	*stdnet.Net
	mux *Mux
}

// Interfaces returns that one interface.
func (n candidateNet) Interfaces() ([]*transport.Interface, error) {
	i := transport.NewInterface(net.Interface{Index: 1, MTU: 1500, Name: "confab", Flags: net.FlagUp})
	for _, ip := range overTCP(n.mux.Addresses()) {
		i.AddAddress(&net.IPNet{IP: ip.AsSlice(), Mask: net.CIDRMask(ip.BitLen(), ip.BitLen())})
	}
	return []*transport.Interface{i}, nil
}

// overTCP picks the addresses to offer for ICE-TCP: of each family the first, which is a public one if there is any, and
// loopback only if there is no other. TCP is for networks that block UDP, and those are seldom the server's own; each
// candidate costs each leg two goroutines and some 20 KB.
func overTCP(offered []netip.AddrPort) (ips []netip.Addr) {
	for _, a := range offered {
		sameFamily := func(b netip.Addr) bool { return b.Is4() == a.Addr().Is4() }
		if !a.Addr().IsLoopback() && !slices.ContainsFunc(ips, sameFamily) {
			ips = append(ips, a.Addr())
		}
	}
	if len(ips) == 0 && len(offered) > 0 {
		ips = []netip.Addr{offered[0].Addr()}
	}
	return ips
}
