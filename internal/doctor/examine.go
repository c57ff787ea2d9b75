package doctor

import (
	"context"
	"net"
	"net/netip"
	"net/url"

	"confab/internal/tlsport"
)

// Server is what is to be examined: the configuration of the server on this machine.
type Server struct {
	Listen      string
	AdminListen string // "off" or empty for none
	PublicURL   string
	PublicIPs   []netip.Addr // configured ones
	PublicPort  uint16
	STUN        []string
	MapPort     bool
	TLS         tlsport.Config // with its zero value, TLS is off
	DataDir     string         // empty leaves it out
	// Database tells whether its tables are still to be brought up to date, or what is wrong with it; a file that is not
	// there yet is fs.ErrNotExist. Nil leaves it out.
	Database func(context.Context) (pending bool, err error)
	// Files tells what is wrong with a place for files elsewhere. Nil leaves it out.
	Files func(context.Context) error
	// NTP is a time server, host:port; default pool.ntp.org.
	NTP string
}

// Examine looks at everything, leaves nothing behind, and tells whether nothing has failed.
func Examine(ctx context.Context, s Server, tell func(Finding)) bool {
	r := &report{tell: tell}
	port, running := s.examinePort(ctx, r)
	if port != nil {
		defer port.Close() // it was only looked at
		examineBuffers(r, port)
		s.examineAddresses(ctx, r, port, running)
	}
	if running {
		s.examineOutsideFromInside(ctx, r)
	} else {
		s.examineAdminPort(r)
	}
	s.examineTLS(ctx, r, running)
	s.examineDataDir(r)
	s.examineDatabase(ctx, r, running)
	s.examineBucket(ctx, r)
	examineClock(ctx, r, s.NTP)
	examineCalls(ctx, r)
	return !r.bad
}

// examineBucket tries the place for files, where it is not the data folder.
func (s Server) examineBucket(ctx context.Context, r *report) {
	if s.Files == nil {
		return
	}
	if err := s.Files(ctx); err != nil {
		r.add(Finding{"files", Failure, err.Error(), "Check the CONFAB_S3_ settings, that the bucket exists, and that the key may read, write, delete and list in it."})
		return
	}
	r.fine("files", "the bucket takes files, gives them back and deletes them")
}

// public is the host and port under which browsers reach the server.
func (s Server) public() (host, hostPort string) {
	u, err := url.Parse(s.PublicURL)
	if err != nil || u.Hostname() == "" {
		return "localhost", s.Listen
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return u.Hostname(), net.JoinHostPort(u.Hostname(), port)
}

// local is the host and port under which this machine reaches the server.
func (s Server) local() (host, hostPort string) {
	host, number, _ := net.SplitHostPort(s.Listen)
	if ip, err := netip.ParseAddr(host); host == "" || (err == nil && ip.IsUnspecified()) {
		host = "localhost"
	}
	return host, net.JoinHostPort(host, number)
}

// localURL is where this machine asks the server, and the name that it asks for in the TLS handshake.
func (s Server) localURL() (base, name string) {
	_, hostPort := s.local()
	if !s.TLS.On() {
		return "http://" + hostPort, ""
	}
	if len(s.TLS.Domains) > 0 {
		return "https://" + hostPort, s.TLS.Domains[0]
	}
	name, _ = s.public()
	return "https://" + hostPort, name
}

// Ready tells why the server of this configuration does not serve on this machine, or nil: for health checks.
func Ready(ctx context.Context, s Server) error {
	base, name := s.localURL()
	_, err := ready(ctx, base, name)
	return err
}
