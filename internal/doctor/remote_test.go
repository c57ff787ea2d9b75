package doctor

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"confab/internal/tlsport"
	"confab/sfu/wire"
)

func TestRemoteServer(t *testing.T) {
	t.Parallel()
	f := &findings{t: t}
	port := running(t, wire.Config{}, http.StatusOK)
	if !Remote(t.Context(), fmt.Sprintf("http://127.0.0.1:%d", port.Port()), f.tell) {
		t.Error("a healthy server is called ill")
	}
	for _, subject := range []string{"TCP port", "UDP port", "calls over TCP"} {
		if got := f.about(subject); got.Level != Fine {
			t.Errorf("%s: %s", subject, got.Says)
		}
	}
}

func TestRemoteServerThatNobodyTrusts(t *testing.T) {
	t.Parallel()
	certs, err := tlsport.Open(tlsport.Config{SelfSigned: true, Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer certs.Close()
	port := running(t, wire.Config{TLS: certs.Config()}, http.StatusOK)
	f := &findings{t: t}
	if !Remote(t.Context(), fmt.Sprintf("https://localhost:%d", port.Port()), f.tell) {
		t.Error("a certificate that the server made itself keeps everything from working")
	}
	leaf, err := certs.Certificate("localhost")
	if err != nil {
		t.Fatal(err)
	}
	if got := f.about("TLS"); got.Level != Warning || !strings.Contains(got.Says, fmt.Sprintf("%X", sha256.Sum256(leaf.Raw))) {
		t.Errorf("TLS: %+v; want the fingerprint", got)
	}
	for _, subject := range []string{"TCP port", "UDP port", "clock", "calls over TCP", "calls over TLS"} {
		if got := f.about(subject); got.Level != Fine {
			t.Errorf("%s: %s", subject, got.Says)
		}
	}
}

func TestRemoteServerThatCannotBeReached(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_ = l.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second) // UDP is waited for
	defer cancel()
	f := &findings{t: t}
	if Remote(ctx, "http://"+address, f.tell) {
		t.Error("a server that is not there is fine")
	}
	for subject, level := range map[string]Level{"TCP port": Failure, "UDP port": Failure, "calls over TCP": Warning} {
		if got := f.about(subject); got.Level != level || got.Do == "" {
			t.Errorf("%s: %+v", subject, got)
		}
	}
	for _, bad := range []string{"", "chat.example.org", "ftp://chat.example.org", "https://", "::"} {
		if Remote(t.Context(), bad, f.tell) {
			t.Errorf("%q is an address", bad)
		}
	}
}

func TestCertificates(t *testing.T) {
	t.Parallel()
	now := time.Now()
	make := func(from, until time.Time, name string) tlsport.Config {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: from, NotAfter: until, DNSNames: []string{name}}
		der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
		if err != nil {
			t.Fatal(err)
		}
		keyDER, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), "both.pem")
		both := append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})...)
		if err := os.WriteFile(file, both, 0o600); err != nil {
			t.Fatal(err)
		}
		return tlsport.Config{CertFile: file, KeyFile: file}
	}
	const name = "chat.example.org"
	day := 24 * time.Hour
	for what, c := range map[string]struct {
		cfg  tlsport.Config
		want Level
	}{
		"good":       {make(now.Add(-day), now.Add(60*day), name), Fine},
		"ends soon":  {make(now.Add(-day), now.Add(5*day), name), Warning},
		"has ended":  {make(now.Add(-2*day), now.Add(-day), name), Failure},
		"not yet":    {make(now.Add(day), now.Add(60*day), name), Failure},
		"other name": {make(now.Add(-day), now.Add(60*day), "other.example.org"), Failure},
	} {
		f := &findings{t: t}
		Server{PublicURL: "https://" + name, TLS: c.cfg}.examineTLS(t.Context(), &report{tell: f.tell}, false)
		if got := f.about("TLS"); got.Level != c.want {
			t.Errorf("%s: %+v", what, got)
		}
	}
}

func TestClocksOfTwoMachines(t *testing.T) {
	t.Parallel()
	for ahead, want := range map[time.Duration]Level{time.Second: Fine, -2 * time.Second: Fine, time.Minute: Warning, -time.Hour: Warning} {
		f := &findings{t: t}
		remoteClock(&report{tell: f.tell}, ahead)
		if got := f.about("clock"); got.Level != want {
			t.Errorf("%s: %+v", ahead, got)
		}
	}
}
