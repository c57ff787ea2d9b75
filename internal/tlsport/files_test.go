package tlsport

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// clock is a time that a test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// writePair writes a certificate with the given number and its key.
func writePair(t *testing.T, certFile, keyFile string, serial int64) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		DNSNames: []string{"chat.example.org"},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	write(t, certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	write(t, keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}))
}

func write(t *testing.T, name string, data []byte) {
	t.Helper()
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func serial(t *testing.T, p *Port) int64 {
	t.Helper()
	c, err := p.Certificate("chat.example.org")
	if err != nil {
		t.Fatal(err)
	}
	return c.SerialNumber.Int64()
}

func TestFilesAreReadAgainWhenTheyChange(t *testing.T) {
	t.Parallel()
	clock := &clock{now: time.Now()}
	cert, key := filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")
	writePair(t, cert, key, 1)
	p, err := Open(Config{CertFile: cert, KeyFile: key, Now: clock.Now, Log: testLog(t)})
	if err != nil {
		t.Fatal(err)
	}
	if got := serial(t, p); got != 1 {
		t.Errorf("certificate %d, want 1", got)
	}
	// Whoever renews replaces one file after the other; in between they do not fit.
	oldKey, err := os.ReadFile(key)
	if err != nil {
		t.Fatal(err)
	}
	writePair(t, cert, key, 12345)
	newKey, err := os.ReadFile(key)
	if err != nil {
		t.Fatal(err)
	}
	write(t, key, oldKey)
	clock.pass(2 * lookAgain)
	if got := serial(t, p); got != 1 {
		t.Errorf("certificate %d while the files do not fit, want the one from before", got)
	}
	write(t, key, newKey)
	later := time.Now().Add(time.Minute) // file systems may keep times in whole seconds
	if err := os.Chtimes(key, later, later); err != nil {
		t.Fatal(err)
	}
	clock.pass(2 * lookAgain)
	if got := serial(t, p); got != 12345 {
		t.Errorf("certificate %d after both files changed, want 12345", got)
	}
	if err := os.Remove(cert); err != nil {
		t.Fatal(err)
	}
	clock.pass(2 * lookAgain)
	if got := serial(t, p); got != 12345 {
		t.Errorf("certificate %d when a file is gone, want the one from before", got)
	}
}

func TestFilesThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cert, key, other := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"), filepath.Join(dir, "other.pem")
	writePair(t, cert, other, 1)
	writePair(t, cert, key, 2)
	write(t, filepath.Join(dir, "empty.pem"), nil)
	cases := map[string]struct{ cert, key, names string }{
		"no such certificate":     {filepath.Join(dir, "none.pem"), key, "none.pem"},
		"no such key":             {cert, filepath.Join(dir, "none.pem"), "none.pem"},
		"a key that does not fit": {cert, other, "other.pem"},
		"an empty certificate":    {filepath.Join(dir, "empty.pem"), key, "empty.pem"},
		"no key file":             {cert, "", "cert.pem"},
		"a folder":                {dir, key, dir},
	}
	for name, c := range cases {
		if _, err := Open(Config{CertFile: c.cert, KeyFile: c.key}); err == nil || !strings.Contains(err.Error(), c.names) {
			t.Errorf("%s: %v, want an error that names %s", name, err, c.names)
		}
	}
	if _, err := Open(Config{CertFile: cert, KeyFile: key, SelfSigned: true}); err == nil {
		t.Error("two sources of certificates are taken")
	}
	if _, err := Open(Config{}); err == nil || (Config{}).On() {
		t.Error("no source of certificates is taken")
	}
}

func TestSelfSigned(t *testing.T) {
	t.Parallel()
	clock := &clock{now: time.Now()}
	dir := filepath.Join(t.TempDir(), "certificates")
	cfg := Config{SelfSigned: true, Hosts: []string{"chat.home.arpa", "192.168.1.2"}, Dir: dir, Now: clock.Now, Log: testLog(t)}
	p, err := Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	first, err := p.Certificate("")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"chat.home.arpa", "192.168.1.2", "localhost", "127.0.0.1", "::1"} {
		if err := first.VerifyHostname(name); err != nil {
			t.Error(err)
		}
	}
	m := serving(t, p.Config(), 0)
	roots := x509.NewCertPool()
	roots.AddCert(first)
	handshake(t, m.Port(), &tls.Config{RootCAs: roots, ServerName: "chat.home.arpa"})

	if info, err := os.Stat(filepath.Join(dir, "self-signed.pem")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key is kept with %v, %v; want mode 0600", info.Mode(), err)
	}
	same := func(cfg Config) bool {
		p, err := Open(cfg)
		if err != nil {
			t.Fatal(err)
		}
		c, err := p.Certificate("")
		if err != nil {
			t.Fatal(err)
		}
		return c.Equal(first)
	}
	if !same(cfg) {
		t.Error("the next start makes another certificate, which everybody would have to accept anew")
	}
	clock.pass(selfSignedFor - selfSignedRenew + time.Hour)
	if c, err := p.Certificate(""); err != nil || c.Equal(first) {
		t.Errorf("the certificate is not renewed in time: %v", err)
	}
	clock.pass(-selfSignedFor)
	cfg.Hosts = append(cfg.Hosts, "other.home.arpa")
	if same(cfg) {
		t.Error("the certificate does not cover a new name")
	}
}
