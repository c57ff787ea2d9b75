package tlsport

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/letsencrypt/pebble/v2/ca"
	"github.com/letsencrypt/pebble/v2/db"
	"github.com/letsencrypt/pebble/v2/va"
	"github.com/letsencrypt/pebble/v2/wfe"
	"github.com/miekg/dns"

	"confab/sfu/wire"
)

// authority is an ACME server that finds every domain on 127.0.0.1, and its challenges on the given ports.
type authority struct {
	directory string
	trust     *x509.CertPool // for talking to it
	issued    *x509.CertPool // for the certificates that it issues
}

func newAuthority(t *testing.T, httpPort, tlsPort int, validFor time.Duration) authority {
	t.Helper()
	quiet := log.New(io.Discard, "", 0)
	store := db.NewMemoryStore()
	issuer := ca.New(quiet, store, "", "ecdsa", 0, 1, map[string]ca.Profile{"default": {ValidityPeriod: uint64(validFor / time.Second)}})
	validator := va.New(quiet, httpPort, tlsPort, false, resolver(t), store)
	front := wfe.New(quiet, store, validator, issuer, []string{"pebble.letsencrypt.org"}, false, false, 1, 1)
	server := httptest.NewTLSServer(front.Handler())
	t.Cleanup(server.Close)
	a := authority{directory: server.URL + wfe.DirectoryPath, trust: x509.NewCertPool(), issued: x509.NewCertPool()}
	a.trust.AddCert(server.Certificate())
	a.issued.AddCert(issuer.GetRootCert(0).Cert)
	return a
}

// resolver is a DNS server that knows 127.0.0.1 for every name.
func resolver(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	started := make(chan struct{})
	s := &dns.Server{Listener: l, NotifyStartedFunc: func() { close(started) }, Handler: dns.HandlerFunc(
		func(w dns.ResponseWriter, q *dns.Msg) {
			m := new(dns.Msg).SetReply(q)
			if q.Question[0].Qtype == dns.TypeA {
				header := dns.RR_Header{Name: q.Question[0].Name, Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: 1}
				m.Answer = append(m.Answer, &dns.A{Hdr: header, A: net.IPv4(127, 0, 0, 1)})
			}
			_ = w.WriteMsg(m)
		})}
	go func() { _ = s.ActivateAndServe() }()
	<-started
	t.Cleanup(func() { _ = s.Shutdown() })
	return l.Addr().String()
}

// freePort is a port that nobody listens on.
func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() // a test
	return l.Addr().(*net.TCPAddr).Port
}

// serving accepts and drops what the port hands out as HTTP, so that connections of a test get through their handshake.
func serving(t *testing.T, cfg *tls.Config, port int) *wire.Mux {
	t.Helper()
	m, err := wire.Listen(wire.Config{Listen: (&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port}).String(), TLS: cfg, Log: testLog(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	return m
}

// handshake connects with TLS until the server has a certificate.
func handshake(t *testing.T, port int, cfg *tls.Config) tls.ConnectionState {
	t.Helper()
	deadline := time.After(30 * time.Second)
	for {
		c, err := tls.Dial("tcp", (&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port}).String(), cfg)
		if err == nil {
			defer c.Close() // a test
			return c.ConnectionState()
		}
		select {
		case <-deadline:
			t.Fatalf("no certificate: %v", err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func TestCertificateByChallengeOnThePortItself(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	a := newAuthority(t, freePort(t), port, time.Hour) // nobody answers the challenge by HTTP
	dir := t.TempDir()
	cfg := Config{Domains: []string{"Chat.Example.org"}, DirectoryURL: a.directory, Roots: a.trust, Dir: dir, Log: testLog(t)}
	p, err := Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	m := serving(t, p.Config(), port)
	p.Start()
	state := handshake(t, port, &tls.Config{RootCAs: a.issued, ServerName: "chat.example.org", NextProtos: []string{"h2", "http/1.1"}})
	if state.NegotiatedProtocol != "http/1.1" {
		t.Errorf("negotiated %q", state.NegotiatedProtocol)
	}
	serial := state.PeerCertificates[0].SerialNumber

	for name, client := range map[string]*tls.Config{
		"a client that names nobody":          {RootCAs: a.issued, InsecureSkipVerify: true},
		"a client of TURN":                    {RootCAs: a.issued, ServerName: "chat.example.org", NextProtos: []string{"stun.turn"}},
		"a client that wants TLS 1.2":         {RootCAs: a.issued, ServerName: "chat.example.org", MaxVersion: tls.VersionTLS12},
		"a client with an address for a name": {RootCAs: a.issued, ServerName: "127.0.0.1", InsecureSkipVerify: true},
	} {
		if got := handshake(t, port, client).PeerCertificates[0].SerialNumber; got.Cmp(serial) != 0 {
			t.Errorf("%s is shown another certificate", name)
		}
	}
	if _, err := tls.Dial("tcp", m.HTTP().Addr().String(), &tls.Config{RootCAs: a.issued, ServerName: "other.example.org"}); err == nil {
		t.Error("there is a certificate for a name that is not ours")
	}
	if p.HSTS() == "" {
		t.Error("no HSTS with a certificate that browsers trust")
	}

	// The next start has it from the folder: a second certificate would count against the limits of the ACME server.
	again, err := Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	again.Start()
	for deadline := time.Now().Add(10 * time.Second); ; {
		leaf, err := again.Certificate("chat.example.org")
		if err == nil {
			if leaf.SerialNumber.Cmp(serial) != 0 {
				t.Error("the next start fetched a second certificate")
			}
			break
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func TestCertificateByChallengeOverHTTP(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	httpPort := l.Addr().(*net.TCPAddr).Port
	a := newAuthority(t, httpPort, freePort(t), time.Hour) // nobody answers the challenge by TLS
	p, err := Open(Config{
		Domains: []string{"chat.example.org"}, DirectoryURL: a.directory, Roots: a.trust, Dir: t.TempDir(), Log: testLog(t),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	plain := p.ServePlain(443, l)
	defer plain.Close() // a test
	m := serving(t, p.Config(), 0)
	p.Start()
	handshake(t, m.Port(), &tls.Config{RootCAs: a.issued, ServerName: "chat.example.org"})
}

// When two thirds of a certificate's life are over, there is another, and the port shows it without a restart.
func TestCertificateIsRenewed(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	a := newAuthority(t, freePort(t), port, 9*time.Second)
	p, err := Open(Config{
		Domains: []string{"chat.example.org"}, DirectoryURL: a.directory, Roots: a.trust, Dir: t.TempDir(), Log: testLog(t),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	serving(t, p.Config(), port)
	p.Start()
	client := &tls.Config{RootCAs: a.issued, ServerName: "chat.example.org"}
	first := handshake(t, port, client).PeerCertificates[0]
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(time.Minute); ; {
		shown := handshake(t, port, client).PeerCertificates[0]
		if !shown.Equal(first) {
			break
		}
		select {
		case <-deadline:
			t.Fatal("the certificate is not renewed")
		case <-tick.C:
		}
	}
}

// While there is no certificate, and the ACME server does not answer, clients are told so at once, and Close does not wait.
func TestACMEServerThatDoesNotAnswer(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	accepted := make(chan net.Conn, 16)
	go func() {
		defer close(accepted)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			accepted <- c
		}
	}()
	p, err := Open(Config{Domains: []string{"chat.example.org"}, DirectoryURL: "https://" + l.Addr().String(), Dir: t.TempDir(), Log: testLog(t)})
	if err != nil {
		t.Fatal(err)
	}
	p.Start()
	silent := <-accepted
	began := time.Now()
	if _, err := p.Certificate("chat.example.org"); err != errNotYet { // it is not wrapped
		t.Errorf("a client is told %v", err)
	}
	p.Close()
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("waited for %s", took)
	}
	_ = l.Close()
	_ = silent.Close()
	for c := range accepted {
		_ = c.Close()
	}
}

func TestDomainsThatCannotBe(t *testing.T) {
	t.Parallel()
	for _, d := range []string{"localhost", "192.0.2.1", "::1", "a b.example.org", "", "https://chat.example.org"} {
		if p, err := Open(Config{Domains: []string{d}, Dir: t.TempDir()}); err == nil {
			p.Close()
			t.Errorf("%q is taken for a domain", d)
		}
	}
}

func TestRedirect(t *testing.T) {
	t.Parallel()
	p, err := Open(Config{SelfSigned: true, Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		method, url, host string
		port, status      int
		want              string
	}{
		{"GET", "/chats?limit=5", "chat.example.org", 443, 301, "https://chat.example.org/chats?limit=5"},
		{"GET", "/", "chat.example.org:80", 443, 301, "https://chat.example.org/"},
		{"POST", "/auth/login", "chat.example.org", 443, 308, "https://chat.example.org/auth/login"},
		{"GET", "/", "chat.example.org:8080", 8443, 301, "https://chat.example.org:8443/"},
		{"GET", "/", "[2001:db8::1]:8080", 8443, 301, "https://[2001:db8::1]:8443/"},
		{"GET", "//evil.example.org/", "chat.example.org", 443, 301, "https://chat.example.org//evil.example.org/"},
		{"GET", "/", "", 443, 400, ""},
	}
	for _, c := range cases {
		r := httptest.NewRequest(c.method, "http://placeholder"+c.url, nil)
		r.Host = c.host
		r.URL.Host = ""
		w := httptest.NewRecorder()
		p.Handler(c.port).ServeHTTP(w, r)
		if got := w.Header().Get("Location"); w.Code != c.status || got != c.want {
			t.Errorf("%s %s at %q: %d to %q, want %d to %q", c.method, c.url, c.host, w.Code, got, c.status, c.want)
		}
	}
	if p.HSTS() != "" {
		t.Error("HSTS with a certificate that browsers warn of")
	}
}
