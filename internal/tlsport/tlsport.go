package tlsport

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"time"
)

// Config says where certificates come from. Exactly one of Domains, CertFile with KeyFile, and SelfSigned is set; with none
// there is no TLS.
type Config struct {
	// Domains are the names for which a certificate is had by ACME (RFC 8555). The server must be reachable under
	// them from outside, on port 443 (challenge tls-alpn-01) or 80 (http-01).
	Domains []string
	// Email is told to the ACME server, which may send warnings there. It may be empty.
	Email string
	// DirectoryURL is the ACME server; default Let's Encrypt.
	DirectoryURL string
	// Roots are whom the connection to the ACME server trusts; default the system's.
	Roots *x509.CertPool

	// CertFile and KeyFile are PEM files: the chain, server first, and its key. They are read again when they change.
	CertFile, KeyFile string

	// SelfSigned makes a certificate for Hosts, this machine's name and the addresses of its interfaces. Browsers warn
	// of it, and people have to compare its fingerprint, which is logged.
	SelfSigned bool
	Hosts      []string

	Dir string           // where keys and certificates of ACME and SelfSigned are kept; made with mode 0700
	Now func() time.Time // default time.Now
	Log *slog.Logger     // default: discards
}

// On tells whether any source of certificates is set.
func (c Config) On() bool {
	return len(c.Domains) > 0 || c.CertFile != "" || c.KeyFile != "" || c.SelfSigned
}

// source is where certificates come from.
type source interface {
	certificate(*tls.ClientHelloInfo) (*tls.Certificate, error)
	// challenges answers requests of the ACME server and passes others on.
	challenges(next http.Handler) http.Handler
	// hsts is how long browsers should insist on HTTPS; 0 if they should not.
	hsts() time.Duration
	// start begins what needs open listeners.
	start()
	close()
}

// Port is the TLS of a port.
type Port struct {
	source source
	config *tls.Config
	log    *slog.Logger
}

// Open prepares the certificates. Files that cannot be used are an error that names them; a domain whose certificate
// cannot be had yet is not: that is tried again and again, and logged.
func Open(cfg Config) (*Port, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	s, err := open(cfg)
	if err != nil {
		return nil, err
	}
	p := &Port{source: s, log: cfg.Log}
	p.config = &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: s.certificate}
	if acme, ok := s.(*acmeSource); ok {
		p.config.NextProtos = acme.protocols()
	}
	return p, nil
}

func open(cfg Config) (source, error) {
	sources := 0
	for _, set := range []bool{len(cfg.Domains) > 0, cfg.CertFile != "" || cfg.KeyFile != "", cfg.SelfSigned} {
		if set {
			sources++
		}
	}
	switch {
	case sources == 0:
		return nil, errors.New("no certificate: set a domain, certificate files, or self-signed")
	case sources > 1:
		return nil, errors.New("certificates come from one place: a domain, certificate files, or self-signed, not several")
	case cfg.CertFile != "" || cfg.KeyFile != "":
		return openFiles(cfg)
	}
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("a folder for certificates: %w", err)
	}
	if cfg.SelfSigned {
		return openSelfSigned(cfg)
	}
	return openACME(cfg)
}

// Start is to be called once the listeners are open, at which the ACME server will look. It does not wait.
func (p *Port) Start() { p.source.start() }

// Config is what to accept connections with.
func (p *Port) Config() *tls.Config { return p.config }

// HSTS is the value for the header Strict-Transport-Security (RFC 6797) of answers by HTTPS, or "" if there should be none.
func (p *Port) HSTS() string {
	if d := p.source.hsts(); d > 0 {
		return fmt.Sprintf("max-age=%d", int64(d/time.Second))
	}
	return ""
}

// Certificate is the certificate that a client would be shown now who asks for a name; for the doctor.
func (p *Port) Certificate(name string) (*x509.Certificate, error) {
	c, err := p.source.certificate(&tls.ClientHelloInfo{ServerName: name})
	if err != nil {
		return nil, err
	}
	if c.Leaf != nil {
		return c.Leaf, nil
	}
	return x509.ParseCertificate(c.Certificate[0])
}

// Close stops looking after certificates. It is idempotent.
func (p *Port) Close() { p.source.close() }
