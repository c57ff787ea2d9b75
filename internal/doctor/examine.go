package doctor

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"

	"confab/internal/outside"
	"confab/internal/tlsport"
	"confab/sfu/wire"
)

// Server is what is to be examined: the configuration of the server on this machine.
type Server struct {
	Listen     string
	PublicURL  string
	PublicIPs  []netip.Addr // configured ones
	PublicPort uint16
	STUN       []string
	TLS        tlsport.Config // with its zero value, TLS is off
	// Database tells what is wrong with it: not reachable, not migrated. Nil leaves it out.
	Database func(context.Context) error
	// NTP is a time server, host:port; default pool.ntp.org.
	NTP string
}

const defaultNTP = "pool.ntp.org:123"

// Examine looks at everything and tells whether nothing has failed.
func Examine(ctx context.Context, s Server, tell func(Finding)) bool {
	r := &report{tell: tell}
	port := s.examinePort(ctx, r)
	if port != nil {
		defer port.Close() // it was only looked at
		examineBuffers(r, port)
		s.examineAddresses(ctx, r, port)
	}
	s.examineTLS(r)
	if s.Database != nil {
		if err := s.Database(ctx); err != nil {
			r.add(Finding{"database", Failure, err.Error(), "Check DATABASE_URL and that the database runs; `confab migrate` brings its tables up to date."})
		} else {
			r.fine("database", "reachable, and its tables are up to date")
		}
	}
	examineClock(ctx, r, s.NTP)
	examineCalls(ctx, r)
	return !r.bad
}

// examinePort opens the port, or finds out who has it. It returns a port for further questions: that one, or a free one.
func (s Server) examinePort(ctx context.Context, r *report) *wire.Mux {
	cfg := wire.Config{Listen: s.Listen, PublicIPs: s.PublicIPs, PublicPort: s.PublicPort}
	port, err := wire.Listen(cfg)
	if err == nil {
		r.fine("port", "%s is free in UDP and TCP; the server does not run now", s.Listen)
		return port
	}
	if !errors.Is(err, syscall.EADDRINUSE) {
		r.add(Finding{"port", Failure, err.Error(), "Choose another CONFAB_LISTEN; ports below 1024 want the capability CAP_NET_BIND_SERVICE."})
		return nil
	}
	s.examineRunning(ctx, r)
	host, _, _ := net.SplitHostPort(s.Listen) // it was good enough for Listen
	cfg.Listen = net.JoinHostPort(host, "0")
	if port, err = wire.Listen(cfg); err != nil {
		r.add(Finding{"port", Failure, err.Error(), "No port can be opened on this machine."})
		return nil
	}
	return port
}

// examineRunning asks whoever has the port whether it is Confab.
func (s Server) examineRunning(ctx context.Context, r *report) {
	host, number, _ := net.SplitHostPort(s.Listen)
	if ip, err := netip.ParseAddr(host); host == "" || (err == nil && ip.IsUnspecified()) {
		host = "localhost"
	}
	scheme := "http"
	if s.TLS.On() {
		scheme = "https"
	}
	base := scheme + "://" + net.JoinHostPort(host, number)
	if err := ready(ctx, base, trustAll()); err != nil {
		r.add(Finding{"port", Failure, fmt.Sprintf("%s is taken, and no healthy Confab answers there: %v", s.Listen, err),
			"Stop the other program, choose another CONFAB_LISTEN, or look at Confab's log."})
		return
	}
	r.fine("port", "Confab runs on %s and is ready", s.Listen)
	examineSTUN(ctx, r, "UDP port, from this machine", net.JoinHostPort(host, number),
		"A firewall on this machine blocks UDP even locally; allow the port in both protocols.")
}

func examineBuffers(r *report, port *wire.Mux) {
	receive, send, wanted := port.Buffers()
	switch {
	case receive == 0:
		r.add(Finding{"UDP buffers", Unknown, "this system does not tell how large they are", ""})
	case min(receive, send) < wanted:
		r.add(Finding{"UDP buffers", Warning,
			fmt.Sprintf("the system grants %d KB to receive and %d KB to send, %d KB are wanted; bursts of video may be lost", receive>>10, send>>10, wanted>>10),
			fmt.Sprintf("As root: sysctl -w net.core.rmem_max=%d net.core.wmem_max=%d, and the same in a file in /etc/sysctl.d.", wanted, wanted)})
	default:
		r.fine("UDP buffers", "%d KB to receive and %d KB to send", receive>>10, send>>10)
	}
}

// examineAddresses tells what clients will be offered.
func (s Server) examineAddresses(ctx context.Context, r *report, port *wire.Mux) {
	var seen []netip.Addr
	if len(s.STUN) > 0 {
		ways := outside.Keep(ctx, outside.Config{STUN: s.STUN}, unchanging{port})
		status := ways.Status()
		ways.Close()
		if seen = status.Addresses; len(seen) == 0 {
			r.add(Finding{"public address", Warning, "no STUN server has answered: " + strings.Join(status.Errors, "; "),
				"Check CONFAB_STUN and that UDP may leave this network, or set CONFAB_PUBLIC_IP."})
		}
	}
	for _, a := range s.PublicIPs {
		if len(seen) > 0 && !slices.Contains(seen, a) && slices.ContainsFunc(seen, func(b netip.Addr) bool { return a.Is4() == b.Is4() }) {
			r.add(Finding{"public address", Warning, fmt.Sprintf("CONFAB_PUBLIC_IP says %s, but the internet sees %v", a, seen), "Correct CONFAB_PUBLIC_IP, or remove it and let CONFAB_STUN find the address."})
		}
	}
	if len(s.PublicIPs) == 0 {
		port.SetPublic(seen, s.PublicPort)
	}
	offered := port.Addresses()
	var outward []netip.AddrPort
	for _, a := range offered {
		if a.Addr().IsGlobalUnicast() && !a.Addr().IsPrivate() {
			outward = append(outward, a)
		}
	}
	switch {
	case len(outward) > 0:
		r.fine("addresses", "people outside reach media at %v; all that is offered: %v", outward, offered)
	case slices.ContainsFunc(offered, func(a netip.AddrPort) bool { return !a.Addr().IsLoopback() }):
		r.add(Finding{"addresses", Warning, fmt.Sprintf("only people in the same network reach media: %v is offered", offered),
			"For calls with people outside set CONFAB_PUBLIC_IP or CONFAB_STUN, and forward the port in UDP and TCP."})
	default:
		r.add(Finding{"addresses", Warning, fmt.Sprintf("only this machine itself reaches media: %v is offered", offered),
			"Let CONFAB_LISTEN name no host, or one that others reach, and connect the machine to a network."})
	}
}

// unchanging lets a Keeper ask through a port without changing what the port offers.
type unchanging struct{ *wire.Mux }

func (unchanging) SetPublic([]netip.Addr, uint16) {}

// examineTLS looks at the certificate that the server would show.
func (s Server) examineTLS(r *report) {
	if !s.TLS.On() {
		if u, err := url.Parse(s.PublicURL); err == nil && u.Scheme != "https" && u.Hostname() != "localhost" {
			r.add(Finding{"TLS", Warning, "it is off; browsers give no camera and no microphone to pages without HTTPS, but on localhost",
				"Set CONFAB_DOMAIN or CONFAB_TLS_CERT and CONFAB_TLS_KEY, or put a reverse proxy with HTTPS in front and set CONFAB_PUBLIC_URL."})
			return
		}
		r.fine("TLS", "off; %s", s.PublicURL)
		return
	}
	if len(s.TLS.Domains) > 0 {
		// Asking for a certificate here would take one away from the limits of the ACME server.
		r.fine("TLS", "a certificate for %s is had by ACME when the server runs; ask for it with `confab doctor https://%s`", s.TLS.Domains[0], s.TLS.Domains[0])
		return
	}
	cfg := s.TLS
	cfg.Log = slog.New(slog.NewTextHandler(io.Discard, nil))
	certificates, err := tlsport.Open(cfg)
	if err != nil {
		r.add(Finding{"TLS", Failure, err.Error(), "Check CONFAB_TLS_CERT and CONFAB_TLS_KEY: PEM files that belong together and that the server may read."})
		return
	}
	defer certificates.Close()
	name := "localhost"
	if u, err := url.Parse(s.PublicURL); err == nil && u.Hostname() != "" {
		name = u.Hostname()
	}
	leaf, err := certificates.Certificate(name)
	if err != nil {
		r.add(Finding{"TLS", Failure, err.Error(), ""})
		return
	}
	examineCertificate(r, leaf, name, time.Now())
}

// soon is how long before its end a certificate is worth a warning.
const soon = 14 * 24 * time.Hour

func examineCertificate(r *report, leaf *x509.Certificate, name string, now time.Time) {
	left := leaf.NotAfter.Sub(now)
	switch err := leaf.VerifyHostname(name); {
	case now.Before(leaf.NotBefore) || left <= 0:
		r.add(Finding{"TLS", Failure, fmt.Sprintf("the certificate is valid from %s to %s, not now", leaf.NotBefore.Format(time.DateOnly), leaf.NotAfter.Format(time.DateOnly)), "Renew it, and check this machine's clock."})
	case err != nil:
		r.add(Finding{"TLS", Failure, fmt.Sprintf("the certificate is not for %s: %v", name, err), "Use a certificate for the name in CONFAB_PUBLIC_URL."})
	case left < soon:
		r.add(Finding{"TLS", Warning, fmt.Sprintf("the certificate ends in %d days", int(left.Hours()/24)), "Renew it; the server reads the files again by itself."})
	default:
		r.fine("TLS", "a certificate for %s, until %s", name, leaf.NotAfter.Format(time.DateOnly))
	}
}
