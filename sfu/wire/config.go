package wire

import (
	"crypto/tls"
	"log/slog"
	"net/netip"
)

// Config says where to listen and what to tell clients about it. Only Listen is required.
type Config struct {
	// Listen is "host:port": the one port number, for UDP and TCP alike. An empty host listens on every address of
	// both families. Port 0 picks a number that is free in both protocols.
	Listen string
	// PublicIPs are addresses under which the port is reached from outside (1:1 NAT, port forwarding). They are offered
	// beside those of the interfaces. SetPublic changes them later.
	PublicIPs []netip.Addr
	// PublicPort is the port number at PublicIPs where it differs from the one listened on; 0 means the same.
	PublicPort uint16
	// TLS, if set, is how TCP connections that begin with a TLS ClientHello are accepted. The others still are, too:
	// ICE-TCP and TURN over plain TCP share the port, and plain HTTP goes to PlainHTTP.
	TLS *tls.Config
	// Log takes warnings about the socket; default: discards.
	Log *slog.Logger
}
