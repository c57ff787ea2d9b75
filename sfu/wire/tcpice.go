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

// GetConnByUfrag makes the conn of one TCP candidate. Its port is the one that clients use for that address.
func (t *tcpICE) GetConnByUfrag(ufrag string, isIPv6 bool, local net.IP) (net.PacketConn, error) {
	c, err := t.pion.GetConnByUfrag(ufrag, isIPv6, local)
	if err != nil {
		return nil, err
	}
	ip, _ := netip.AddrFromSlice(local)
	ip = ip.Unmap()
	for _, a := range t.mux.Addresses() {
		if a.Addr() == ip && int(a.Port()) != t.mux.Port() {
			return tcpCandidate{c, net.TCPAddrFromAddrPort(a)}, nil
		}
	}
	return c, nil
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

// asCandidate gives a connection the local address of a candidate. Pion looks for the conn of a leg by the address that a
// connection came to; behind NAT that is an address of the machine, which may not be offered itself.
func (t *tcpICE) asCandidate(c net.Conn) net.Conn {
	tcp, ok := c.LocalAddr().(*net.TCPAddr)
	if !ok {
		return c
	}
	local := tcp.AddrPort().Addr().Unmap()
	offered := t.mux.Addresses()
	if slices.ContainsFunc(offered, func(a netip.AddrPort) bool { return a.Addr() == local }) {
		return c
	}
	for _, a := range offered {
		if a.Addr().Is4() == local.Is4() {
			return localStream{c, net.TCPAddrFromAddrPort(a)}
		}
	}
	return c
}

// tcpCandidate is a candidate under another port.
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
// addresses that are offered.
type candidateNet struct {
	*stdnet.Net
	mux *Mux
}

// Interfaces returns that one interface.
func (n candidateNet) Interfaces() ([]*transport.Interface, error) {
	i := transport.NewInterface(net.Interface{Index: 1, MTU: 1500, Name: "confab", Flags: net.FlagUp})
	for _, a := range n.mux.Addresses() {
		i.AddAddress(&net.IPNet{IP: a.Addr().AsSlice(), Mask: net.CIDRMask(a.Addr().BitLen(), a.Addr().BitLen())})
	}
	return []*transport.Interface{i}, nil
}
