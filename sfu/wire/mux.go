// Package wire owns the one port of a Confab server: its UDP socket and its TCP listener.
package wire

import (
	"errors"
	"net"
	"net/netip"

	"github.com/pion/ice/v4"
	"github.com/pion/webrtc/v4"
)

// Mux is the one port. Its methods may be called by several goroutines.
type Mux struct{}

// Listen opens the UDP socket and the TCP listener.
func Listen(cfg Config) (*Mux, error) { return nil, errors.ErrUnsupported }

// UDPMux carries ICE, DTLS and SRTP of every leg. Its GetListenAddresses are the candidates.
func (m *Mux) UDPMux() ice.UDPMux { return nil }

// TCPMux carries ICE-TCP.
func (m *Mux) TCPMux() ice.TCPMux { return nil }

// Configure sets what a PeerConnection must know of this transport: both muxes, the addresses of candidates (for TCP
// too, public ones included) and the network types. Nothing else of the engine is touched.
func (m *Mux) Configure(*webrtc.SettingEngine) {}

// WriteBatch sends packets[i] to to[i]; see sfu.BatchWriter, which it implements.
func (m *Mux) WriteBatch(to []netip.AddrPort, packets [][]byte) (sent int, err error) {
	return 0, errors.ErrUnsupported
}

// HTTP is the listener of the connections that speak HTTP, after TLS where TLS is on.
func (m *Mux) HTTP() net.Listener { return nil }

// PlainHTTP is the listener of HTTP connections without TLS while TLS is on (for the redirect); nil otherwise.
func (m *Mux) PlainHTTP() net.Listener { return nil }

// Port is the number listened on, UDP and TCP.
func (m *Mux) Port() int { return 0 }

// Addresses are the address and port pairs offered as candidates now.
func (m *Mux) Addresses() []netip.AddrPort { return nil }

// SetPublic replaces Config.PublicIPs and PublicPort; legs made or restarted from now on offer the new ones.
func (m *Mux) SetPublic(ips []netip.Addr, port uint16) {}

// Close closes everything and waits. It is idempotent.
func (m *Mux) Close() error { return nil }
