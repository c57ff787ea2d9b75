package doctor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"

	"confab/sfu/wire"
)

// examinePort opens the port, or finds out who has it, and whether that is a healthy Confab. It returns a port for further
// questions: that one, or a free one.
func (s Server) examinePort(ctx context.Context, r *report) (_ *wire.Mux, running bool) {
	cfg := wire.Config{Listen: s.Listen, PublicIPs: s.PublicIPs, PublicPort: s.PublicPort}
	port, err := wire.Listen(cfg)
	switch {
	case err == nil:
		r.fine("port", "%s is free in UDP and TCP; the server does not run now", s.Listen)
		return port, false
	case errors.Is(err, syscall.EACCES):
		r.add(Finding{"port", Failure, fmt.Sprintf("this user may not open %s: %v", s.Listen, err), "Ports below 1024 want the capability CAP_NET_BIND_SERVICE (in a systemd unit: AmbientCapabilities=CAP_NET_BIND_SERVICE), or choose another CONFAB_LISTEN."})
		return nil, false
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		r.add(Finding{"port", Failure, fmt.Sprintf("this machine does not have the address in CONFAB_LISTEN: %v", err), "Leave the host out, as in :8080, to listen on all addresses."})
		return nil, false
	case !errors.Is(err, syscall.EADDRINUSE):
		r.add(Finding{"port", Failure, err.Error(), "Correct CONFAB_LISTEN."})
		return nil, false
	}
	running = s.examineRunning(ctx, r, err)
	host, _, _ := net.SplitHostPort(s.Listen) // it was good enough for Listen
	cfg.Listen = net.JoinHostPort(host, "0")
	if port, err = wire.Listen(cfg); err != nil {
		r.add(Finding{"port", Failure, err.Error(), "No port can be opened on this machine."})
		return nil, running
	}
	return port, running
}

// examineRunning asks whoever has the port whether it is Confab.
func (s Server) examineRunning(ctx context.Context, r *report, taken error) bool {
	base, name := s.localURL()
	_, err := ready(ctx, base, name)
	if err != nil && len(s.TLS.Domains) > 0 && strings.Contains(err.Error(), "remote error: tls") {
		// A certificate that is not there yet is the usual reason; examineTLS looks, and tells what to do.
		r.add(Finding{"port", Unknown, fmt.Sprintf("a server answers on %s, but it cannot be asked whether it is ready: %v", s.Listen, err), ""})
		return true
	}
	if err != nil {
		which := "in TCP"
		if strings.Contains(taken.Error(), "UDP") {
			which = "in UDP"
		}
		r.add(Finding{"port", Failure, fmt.Sprintf("%s is taken %s, and no healthy Confab answers there: %v", s.Listen, which, err),
			"If Confab runs, its log says what is wrong. Otherwise stop the other program (as root, `ss -tulpn` names it), or choose another CONFAB_LISTEN."})
		return false
	}
	r.fine("port", "Confab runs on %s and is ready", s.Listen)
	_, hostPort := s.local()
	examineSTUN(ctx, r, Failure, "UDP port, from this machine", hostPort,
		"A firewall on this machine blocks UDP even locally; allow the port in both protocols.")
	return true
}

// examineOutsideFromInside takes the way that people outside take, from here: by the name, and through the router. That it
// does not work is no proof, since many routers do not send their own network back in.
func (s Server) examineOutsideFromInside(ctx context.Context, r *report) {
	host, hostPort := s.public()
	if host == "localhost" {
		return
	}
	const advice = "Some routers do not let their own network in this way. Ask from elsewhere: on another machine, `confab doctor %s`."
	var unknown *net.DNSError
	_, err := ready(ctx, s.PublicURL, host)
	if errors.As(err, &unknown) {
		return // that the name leads nowhere was said already
	}
	if err != nil {
		r.add(Finding{"TCP, by the public address", Warning, fmt.Sprintf("from this machine itself, %s does not lead here: %v", s.PublicURL, err), fmt.Sprintf(advice, s.PublicURL)})
	} else {
		r.fine("TCP, by the public address", "%s leads to this server", s.PublicURL)
	}
	examineSTUN(ctx, r, Warning, "UDP, by the public address", hostPort, fmt.Sprintf(advice, s.PublicURL))
}

// examineAdminPort finds out whether a server could open the second, local port.
func (s Server) examineAdminPort(r *report) {
	if s.AdminListen == "" || s.AdminListen == "off" {
		return
	}
	l, err := net.Listen("tcp", s.AdminListen)
	if err != nil {
		r.add(Finding{"admin port", Failure, err.Error(), "Choose another CONFAB_ADMIN_LISTEN, or \"off\" for none."})
		return
	}
	_ = l.Close() // it was only looked at
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
