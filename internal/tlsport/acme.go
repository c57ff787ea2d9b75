package tlsport

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"
	"golang.org/x/net/idna"
)

var errNotYet = errors.New("the certificate is still being obtained")

// obtainPauses are the pauses between attempts at the first certificate, the last one for ever: an ACME server counts
// failures and refuses a name after some of them (Let's Encrypt: five an hour).
func obtainPauses() []time.Duration {
	return []time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour}
}

// acmeSource has its certificates from an ACME server.
type acmeSource struct {
	log     *slog.Logger
	domains []string
	manager *autocert.Manager
	have    map[string]*atomic.Bool // by domain: a certificate was obtained; handshakes need not wait for one

	ctx    context.Context // of obtain, which outlives the call that starts it
	cancel context.CancelFunc
	once   sync.Once
	done   sync.WaitGroup // obtain, once for each domain
}

func openACME(cfg Config) (*acmeSource, error) {
	s := &acmeSource{log: cfg.Log, have: map[string]*atomic.Bool{}}
	for _, d := range cfg.Domains {
		name, err := idna.Lookup.ToASCII(strings.TrimSpace(d))
		if err != nil || net.ParseIP(name) != nil || !strings.Contains(name, ".") {
			return nil, fmt.Errorf("a domain for a certificate must be a full name such as chat.example.org, got %q", d)
		}
		s.domains = append(s.domains, name)
		s.have[name] = new(atomic.Bool)
	}
	client := &acme.Client{DirectoryURL: cfg.DirectoryURL, UserAgent: "confab"}
	if cfg.DirectoryURL == "" {
		client.DirectoryURL = autocert.DefaultACMEDirectory
	}
	if cfg.Roots != nil {
		transport := http.DefaultTransport.(*http.Transport).Clone()
		transport.TLSClientConfig = &tls.Config{RootCAs: cfg.Roots, MinVersion: tls.VersionTLS12}
		client.HTTPClient = &http.Client{Transport: transport}
	}
	s.manager = &autocert.Manager{
		Prompt: autocert.AcceptTOS, Cache: autocert.DirCache(filepath.Join(cfg.Dir, "acme")), Email: cfg.Email,
		HostPolicy: s.policy, Client: client,
	}
	s.manager.HTTPHandler(nil) // makes the manager offer http-01 beside tls-alpn-01
	s.ctx, s.cancel = context.WithCancel(context.Background())
	return s, nil
}

func (s *acmeSource) start() {
	s.once.Do(func() {
		for _, d := range s.domains {
			s.done.Go(func() { s.obtain(s.ctx, d) })
		}
	})
}

// obtain gets the first certificate of a domain. Later ones are renewed by the manager.
func (s *acmeSource) obtain(ctx context.Context, domain string) {
	pauses := obtainPauses()
	for {
		// The manager cannot be told to stop; it gives up by itself. What waits for it here must not wait for Close.
		result := make(chan error, 1)
		go func() {
			_, err := s.manager.GetCertificate(hello(domain))
			result <- err
		}()
		select {
		case <-ctx.Done():
			return
		case err := <-result:
			if err == nil {
				s.have[domain].Store(true)
				s.log.Info("the certificate is there", "domain", domain)
				return
			}
			s.log.Warn("no certificate yet: does the domain lead to this machine, and is port 443 or 80 reachable from outside?",
				"domain", domain, "error", err, "next", pauses[0])
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pauses[0]):
		}
		if len(pauses) > 1 {
			pauses = pauses[1:]
		}
	}
}

// policy is which names the manager may deal with; challenges by HTTP come with the port, where it is not 80.
func (s *acmeSource) policy(ctx context.Context, host string) error {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	return autocert.HostWhitelist(s.domains...)(ctx, host)
}

// hello is what a client says who takes ECDSA, as all do that speak TLS 1.2 or later. With the client's own words the
// manager would take those with TLS 1.3 only for ones that need RSA, and fetch a second certificate for them.
func hello(domain string) *tls.ClientHelloInfo {
	return &tls.ClientHelloInfo{ServerName: domain, CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256}}
}

// certificate answers the ACME server's challenge, and clients with the certificate for the name they ask for. Those who
// ask for none, as some TURN clients do, get that of the first domain.
func (s *acmeSource) certificate(h *tls.ClientHelloInfo) (*tls.Certificate, error) {
	if slices.Equal(h.SupportedProtos, []string{acme.ALPNProto}) {
		return s.manager.GetCertificate(h)
	}
	name := s.domains[0]
	if h.ServerName != "" && net.ParseIP(h.ServerName) == nil {
		var err error
		if name, err = idna.Lookup.ToASCII(strings.TrimSuffix(h.ServerName, ".")); err != nil {
			return nil, fmt.Errorf("no certificate for %q", h.ServerName)
		}
	}
	have := s.have[name]
	switch {
	case have == nil:
		return nil, fmt.Errorf("no certificate for %q", name)
	case !have.Load():
		return nil, errNotYet
	}
	return s.manager.GetCertificate(hello(name))
}

func (s *acmeSource) protocols() []string { return []string{acme.ALPNProto} }

func (s *acmeSource) challenges(next http.Handler) http.Handler { return s.manager.HTTPHandler(next) }

func (*acmeSource) hsts() time.Duration { return insist }

func (s *acmeSource) close() {
	s.cancel()
	s.once.Do(func() {}) // start has come too late
	s.done.Wait()
}
