package tlsport

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

const (
	// selfSignedFor is how long a self-signed certificate is valid; Apple's systems take no longer one.
	selfSignedFor = 825 * 24 * time.Hour
	// selfSignedRenew is how long before its end a new one is made.
	selfSignedRenew = 30 * 24 * time.Hour
)

// selfSignedSource has a certificate that nobody else has signed.
type selfSignedSource struct {
	cfg  Config
	log  *slog.Logger
	file string

	mu      sync.Mutex
	current *tls.Certificate // owned by mu
}

func openSelfSigned(cfg Config) (*selfSignedSource, error) {
	s := &selfSignedSource{cfg: cfg, log: cfg.Log, file: filepath.Join(cfg.Dir, "self-signed.pem")}
	names := s.names()
	if c, err := tls.LoadX509KeyPair(s.file, s.file); err == nil && s.fresh(&c) && covers(c.Leaf, names) {
		s.current = &c
	} else if err := s.renew(names); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(s.current.Certificate[0])
	s.log.Info("browsers will warn of the self-signed certificate; compare its SHA-256 fingerprint before you trust it",
		"fingerprint", strings.ToUpper(hex.EncodeToString(sum[:])), "until", s.current.Leaf.NotAfter)
	return s, nil
}

// names are what the certificate is for: names of hosts and IP addresses.
func (s *selfSignedSource) names() []string {
	names := append([]string{"localhost", "127.0.0.1", "::1"}, s.cfg.Hosts...)
	if host, err := os.Hostname(); err == nil {
		names = append(names, host, host+".local") // .local: mDNS, as most LANs have it
	}
	addrs, _ := net.InterfaceAddrs() // without them, the names are left
	for _, a := range addrs {
		if n, ok := a.(*net.IPNet); ok && n.IP.IsGlobalUnicast() {
			names = append(names, n.IP.String())
		}
	}
	return names
}

func covers(c *x509.Certificate, names []string) bool {
	for _, n := range names {
		if c.VerifyHostname(n) != nil {
			return false
		}
	}
	return true
}

func (s *selfSignedSource) fresh(c *tls.Certificate) bool {
	return s.cfg.Now().Add(selfSignedRenew).Before(c.Leaf.NotAfter)
}

// renew makes a certificate and keeps it. The caller holds mu, or is the only one.
func (s *selfSignedSource) renew(names []string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("self-signed certificate: %w", err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return fmt.Errorf("self-signed certificate: %w", err)
	}
	now := s.cfg.Now()
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "Confab"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(selfSignedFor - time.Hour), // an hour for clocks that are slow
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
	}
	for _, n := range names {
		if ip := net.ParseIP(n); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, n)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return fmt.Errorf("self-signed certificate: %w", err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return fmt.Errorf("self-signed certificate: %w", err)
	}
	var out bytes.Buffer
	_ = pem.Encode(&out, &pem.Block{Type: "CERTIFICATE", Bytes: der}) // a buffer takes everything
	_ = pem.Encode(&out, &pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})
	if err := replaceFile(s.file, out.Bytes()); err != nil {
		return fmt.Errorf("self-signed certificate: %w", err)
	}
	c, err := tls.X509KeyPair(out.Bytes(), out.Bytes())
	if err != nil {
		return fmt.Errorf("self-signed certificate: %w", err)
	}
	s.current = &c
	return nil
}

// replaceFile writes a file that only its owner may read, whole or not at all.
func replaceFile(name string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(name), ".new-*") // mode 0600
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}

func (s *selfSignedSource) certificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.fresh(s.current) {
		if err := s.renew(s.names()); err != nil {
			s.log.Warn("the self-signed certificate cannot be renewed", "error", err, "until", s.current.Leaf.NotAfter)
		}
	}
	return s.current, nil
}

func (*selfSignedSource) challenges(next http.Handler) http.Handler { return next }

// hsts is off: a browser that insists could not be told any more to go on in spite of the warning.
func (*selfSignedSource) hsts() time.Duration { return 0 }
func (*selfSignedSource) start()              {}
func (*selfSignedSource) close()              {}
