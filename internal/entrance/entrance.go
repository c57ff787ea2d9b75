// Package entrance opens everything by which a server is reached, in the order that it takes, and closes it again: the
// certificates, the one port with STUN and TURN on it, port 80 for challenges and redirects, and the watch over the public
// addresses. It holds no logic of its own: sfu/wire, sfu/relay, internal/tlsport and internal/outside do.
package entrance

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"

	"golang.org/x/net/netutil"

	"confab/internal/outside"
	"confab/internal/tlsport"
	"confab/sfu/relay"
	"confab/sfu/wire"
)

// Config is what the server is reached by. Listen and TURNSecret are required.
type Config struct {
	Listen     string         // host:port, the one port number
	PublicIPs  []netip.Addr   // where known; else Names are resolved and STUN servers asked
	PublicPort uint16         // port number at the public addresses where it differs; 0 means the same
	Names      []string       // host names of this server, such as that of its public URL: their addresses are offered
	STUN       []string       // host:port
	MapPort    bool           // ask the router to forward the port
	TLS        tlsport.Config // with the zero value, TLS is off
	// PlainListen is a second listener, usually ":80", for the ACME server's challenges and for redirects to HTTPS; used
	// with TLS only. That it cannot be opened is only a warning: challenges come to the port itself as well.
	PlainListen string
	TURNSecret  []byte
	Log         *slog.Logger
}

// Entrance is all that is open. Close ends it.
type Entrance struct {
	Port *wire.Mux     // for the SFU, and Port.HTTP() for the HTTP server
	TURN *relay.Server // to revoke users at

	certificates *tlsport.Port // nil without TLS
	plain        *tlsport.Plain
	keeper       *outside.Keeper
}

// Open opens everything. It asks STUN servers and the router before it returns, so that the first calls have the right
// candidates; that takes some seconds where they do not answer.
func Open(ctx context.Context, cfg Config) (_ *Entrance, err error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	e := &Entrance{}
	defer func() {
		if err != nil {
			err = errors.Join(err, e.Close())
		}
	}()
	ports := wire.Config{Listen: cfg.Listen, Log: cfg.Log}
	if cfg.TLS.On() {
		cfg.TLS.Log = cfg.Log
		if e.certificates, err = tlsport.Open(cfg.TLS); err != nil {
			return nil, err
		}
		ports.TLS = e.certificates.Config()
	}
	if e.Port, err = wire.Listen(ports); err != nil {
		return nil, fmt.Errorf("CONFAB_LISTEN: %w", err)
	}
	if e.TURN, err = relay.New(relay.Config{Secret: cfg.TURNSecret, Log: cfg.Log}, e.Port); err != nil {
		return nil, err
	}
	if e.certificates != nil {
		e.openPlain(cfg)
		e.certificates.Start()
	}
	e.keeper = outside.Keep(ctx, outside.Config{
		Addresses: cfg.PublicIPs, ExternalPort: cfg.PublicPort, Names: cfg.Names, STUN: cfg.STUN, MapPort: cfg.MapPort, Log: cfg.Log,
	}, e.Port)
	return e, nil
}

// plainConns bounds the connections of the second listener; those of the port are bounded there. Each is over within ten
// seconds, and hardly anybody comes this way twice. Who comes too many waits in the kernel's queue.
const plainConns = 256

// openPlain serves what comes without TLS, to the port itself and to the second listener.
func (e *Entrance) openPlain(cfg Config) {
	listeners := []net.Listener{e.Port.PlainHTTP()}
	if cfg.PlainListen != "" {
		l, err := net.Listen("tcp", cfg.PlainListen)
		if err != nil {
			cfg.Log.Warn("no redirect to HTTPS from there", "listen", cfg.PlainListen, "error", err)
		} else {
			listeners = append(listeners, netutil.LimitListener(l, plainConns))
		}
	}
	port := e.Port.Port()
	if cfg.PublicPort != 0 {
		port = int(cfg.PublicPort)
	}
	e.plain = e.certificates.ServePlain(port, listeners...)
}

// HSTS is the value for the header Strict-Transport-Security of all answers, or "" for none.
func (e *Entrance) HSTS() string {
	if e.certificates == nil {
		return ""
	}
	return e.certificates.HSTS()
}

// Secure tells whether TLS is on, and with it "turns:" on the port.
func (e *Entrance) Secure() bool { return e.certificates != nil }

// Outside tells how the server is reached from outside.
func (e *Entrance) Outside() outside.Status { return e.keeper.Status() }

// PublicPort is the port number under which the server is reached from outside now: the one that is configured, or that the
// router has given, or else the one listened on.
func (e *Entrance) PublicPort() int {
	if p := e.keeper.Status().Port; p != 0 {
		return int(p)
	}
	return e.Port.Port()
}

// Close closes everything and waits. What uses the port, the SFU and the HTTP server, is closed before. It is idempotent.
func (e *Entrance) Close() error {
	var errs []error
	if e.keeper != nil {
		e.keeper.Close()
	}
	if e.plain != nil {
		errs = append(errs, e.plain.Close())
	}
	if e.TURN != nil {
		errs = append(errs, e.TURN.Close())
	}
	if e.Port != nil {
		errs = append(errs, e.Port.Close())
	}
	if e.certificates != nil {
		e.certificates.Close()
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("closing the entrance: %w", err)
	}
	return nil
}
