package tlsport

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Handler answers what comes without TLS: challenges of the ACME server, and all else with a redirect to HTTPS on the given
// port, under the name that was asked for.
func (p *Port) Handler(port int) http.Handler {
	return p.source.challenges(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if h, _, err := net.SplitHostPort(host); err == nil {
			host = h
		}
		if host == "" {
			http.Error(w, "which host?", http.StatusBadRequest)
			return
		}
		target := *r.URL
		target.Scheme, target.Host, target.User = "https", host, nil
		if port != 443 {
			target.Host = net.JoinHostPort(trimBrackets(host), strconv.Itoa(port))
		}
		status := http.StatusPermanentRedirect // keeps method and body
		if r.Method == http.MethodGet || r.Method == http.MethodHead {
			status = http.StatusMovedPermanently // known to the oldest clients
		}
		w.Header().Set("Connection", "close")
		http.Redirect(w, r, target.String(), status)
	}))
}

// trimBrackets takes the brackets off an IPv6 address.
func trimBrackets(host string) string {
	if len(host) > 2 && host[0] == '[' && host[len(host)-1] == ']' {
		return host[1 : len(host)-1]
	}
	return host
}

// Plain serves a Handler on listeners until Close.
type Plain struct {
	server *http.Server
	done   sync.WaitGroup
}

// ServePlain serves what comes without TLS on listeners: the connections of the port itself that speak HTTP in the clear,
// and those of port 80. Requests are short and few; slow ones are cut off.
func (p *Port) ServePlain(port int, listeners ...net.Listener) *Plain {
	s := &Plain{server: &http.Server{
		Handler: p.Handler(port), ReadTimeout: 10 * time.Second, WriteTimeout: 10 * time.Second, IdleTimeout: 10 * time.Second,
		MaxHeaderBytes: 16 << 10, ErrorLog: slog.NewLogLogger(p.log.Handler(), slog.LevelDebug),
	}}
	for _, l := range listeners {
		s.done.Go(func() { _ = s.server.Serve(l) }) // ends with Close or with the listener, always with an error
	}
	return s
}

// Close closes the listeners and lets the requests that are under way finish, for a second. It is idempotent.
func (s *Plain) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	err := s.server.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = s.server.Close()
	}
	s.done.Wait()
	return err
}
