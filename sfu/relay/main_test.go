package relay

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"math/big"
	"net"
	"net/netip"
	"strconv"
	"testing"
	"time"

	"go.uber.org/goleak"

	"confab/sfu/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const testSecret = "a secret of the tests"

// serve opens a port on loopback with a TURN server; both are closed with the test.
func serve(t testing.TB, change ...func(*wire.Config, *Config)) (*wire.Mux, *Server) {
	t.Helper()
	log := slog.New(slog.NewTextHandler(t.Output(), nil))
	ports := wire.Config{Listen: "127.0.0.1:0", Log: log}
	cfg := Config{Secret: []byte(testSecret), Log: log}
	for _, c := range change {
		c(&ports, &cfg)
	}
	m, err := wire.Listen(ports)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Errorf("closing the port: %v", err)
		}
	})
	s, err := New(cfg, m)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("closing the relay: %v", err)
		}
		if n := s.Allocations(); n != 0 {
			t.Errorf("%d allocations are left", n)
		}
	})
	return m, s
}

func at(m *wire.Mux) netip.AddrPort {
	return netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(m.Port()))
}

func hostPort(m *wire.Mux) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(m.Port())) }

// selfSigned makes a certificate for 127.0.0.1.
func selfSigned(t testing.TB) *tls.Config {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
}

func portOf(m *wire.Mux) string { return strconv.Itoa(m.Port()) }
