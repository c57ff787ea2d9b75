package wire

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/stun/v4"
)

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

func withTLS(t testing.TB) func(*Config) {
	return func(c *Config) { c.TLS = selfSigned(t) }
}

// serveHTTP answers every request on a listener with a word.
func serveHTTP(t testing.TB, l net.Listener, word string) {
	t.Helper()
	server := &http.Server{
		ReadHeaderTimeout: time.Minute,
		Handler:           http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, word) }),
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(l)
	}()
	t.Cleanup(func() {
		_ = server.Close()
		<-done
	})
}

func get(t testing.TB, url string) string {
	t.Helper()
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}} // a test
	defer transport.CloseIdleConnections()
	answer, err := (&http.Client{Transport: transport, Timeout: 10 * time.Second}).Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close() // a test
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func TestHTTPOnThePort(t *testing.T) {
	t.Parallel()
	m := listen(t)
	serveHTTP(t, m.HTTP(), "page")
	if got := get(t, "http://"+at(m).String()); got != "page" {
		t.Errorf("the page is %q", got)
	}
	if m.PlainHTTP() != nil {
		t.Error("there is a listener for redirects although TLS is off")
	}
}

func TestHTTPSAndPlainHTTPOnThePort(t *testing.T) {
	t.Parallel()
	m := listen(t, withTLS(t))
	serveHTTP(t, m.HTTP(), "page")
	serveHTTP(t, m.PlainHTTP(), "redirect")
	if got := get(t, "https://"+at(m).String()); got != "page" {
		t.Errorf("by TLS the page is %q", got)
	}
	if got := get(t, "http://"+at(m).String()); got != "redirect" {
		t.Errorf("without TLS the page is %q", got)
	}
}

// HTTP servers must be able to tell that a request came by TLS.
func TestSecureConnectionsAreKnownAsSuch(t *testing.T) {
	t.Parallel()
	m := listen(t, withTLS(t))
	client, err := tls.Dial("tcp", at(m).String(), &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2", "http/1.1"}}) // a test
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close() // a test
	if _, err := client.Write([]byte("GET / HTTP/1.1\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	c, err := m.HTTP().Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close() // a test
	secure, ok := c.(interface{ ConnectionState() tls.ConnectionState })
	if !ok || !secure.ConnectionState().HandshakeComplete {
		t.Fatal("the connection does not say that it is secure")
	}
	if p := client.ConnectionState().NegotiatedProtocol; p != "http/1.1" {
		t.Errorf("negotiated %q", p)
	}
}

func TestStreamsOfTURNAreHandedOver(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*Config){"in the clear": func(*Config) {}, "inside TLS": withTLS(t)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := listen(t, change)
			_, streams, err := m.TURN()
			if err != nil {
				t.Fatal(err)
			}
			if _, _, err := m.TURN(); err == nil {
				t.Error("the TURN traffic can be taken twice")
			}
			client, err := net.Dial("tcp", at(m).String())
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close() // a test
			if m.cfg.TLS != nil {
				client = tls.Client(client, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"stun.turn"}}) // a test
			}
			p := message(stun.MethodAllocate, stun.ClassRequest)
			if _, err := client.Write(p); err != nil {
				t.Fatal(err)
			}
			c, err := streams.Accept()
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close() // a test
			got := make([]byte, len(p))
			if _, err := io.ReadFull(c, got); err != nil || string(got) != string(p) {
				t.Errorf("read %x, %v; want %x", got, err, p)
			}
		})
	}
}

// closes tells whether the server closes a connection soon.
func closes(t testing.TB, c net.Conn) bool {
	t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(5 * time.Second))
	_, err := io.Copy(io.Discard, c)
	var timeout net.Error
	return !errors.As(err, &timeout) || !timeout.Timeout()
}

func TestConnectionsThatNobodyTakesAreClosed(t *testing.T) {
	t.Parallel()
	m := listen(t, withTLS(t))
	for name, p := range map[string][]byte{
		"nonsense":       {0xFF, 0xFE},
		"SSH":            []byte("\x00\x00\x00\x0c\x0a\x15\x00\x00\x00\x00\x00\x00"),
		"TURN, untaken":  message(stun.MethodAllocate, stun.ClassRequest),
		"HTTP, untaken":  []byte("GET / HTTP/1.1\r\n\r\n"),
		"broken TLS":     {22, 3, 1, 0, 5, 1, 2, 3, 4, 5},
		"other TLS type": {22, 9, 9, 9},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := net.Dial("tcp", at(m).String())
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close() // a test
			if _, err := c.Write(p); err != nil {
				t.Fatal(err)
			}
			if !closes(t, c) {
				t.Error("the connection is kept")
			}
		})
	}
}

// TestSilentConnectionsAreClosed runs on a fake clock: silence has to last the whole time that is allowed.
func TestSilentConnectionsAreClosed(t *testing.T) {
	t.Parallel()
	cases := map[string][]byte{"silence": nil, "a part": {0}, "a TLS hello that stops": {22, 3, 1, 2, 0, 1}}
	for name, p := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := selfSigned(t)
			synctest.Test(t, func(t *testing.T) {
				d := &tcpDoor{
					mux: &Mux{}, tls: config, room: maxUndecided, open: map[net.Conn]netip.Prefix{}, openPer: map[netip.Prefix]int{}, undecided: map[netip.Prefix]int{},
				}
				client, server := net.Pipe()
				if !d.admit(server) {
					t.Fatal("not admitted")
				}
				if p != nil {
					if _, err := client.Write(p); err != nil {
						t.Fatal(err)
					}
				}
				began := time.Now()
				_, err := client.Read(make([]byte, 1))
				for err == nil { // an alert of TLS
					_, err = client.Read(make([]byte, 1))
				}
				if took := time.Since(began); took < decideWithin || took > decideWithin+6*time.Second {
					t.Errorf("closed after %s, want %s", took, decideWithin)
				}
				d.deciding.Wait()
				if d.waiting.Len() != 0 || len(d.undecided) != 0 || len(d.open) != 0 || len(d.openPer) != 0 {
					t.Errorf("%d undecided, %d networks, %d open of %d networks are left", d.waiting.Len(), len(d.undecided), len(d.open), len(d.openPer))
				}
			})
		})
	}
}

func TestUndecidedConnectionsAreBounded(t *testing.T) {
	t.Parallel()
	m := listen(t)
	serveHTTP(t, m.HTTP(), "page")
	var silent []net.Conn
	for range maxUndecidedPer {
		c, err := net.Dial("tcp", at(m).String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close() // a test
		silent = append(silent, c)
	}
	over, err := net.Dial("tcp", at(m).String())
	if err != nil {
		t.Fatal(err)
	}
	defer over.Close() // a test
	if !closes(t, over) {
		t.Error("one more silent connection is kept")
	}
	if _, err := silent[0].Write([]byte{0xFF}); err != nil {
		t.Fatal(err)
	}
	if !closes(t, silent[0]) {
		t.Error("nonsense is kept")
	}
	if got := get(t, "http://"+at(m).String()); got != "page" { // in the place of the one that was closed
		t.Errorf("the page is %q", got)
	}
	if s := m.Stats(); s.TCPRefused != 1 || s.TCPUndecided != 1 {
		t.Errorf("counted %d refused and %d undecided, want 1 and 1", s.TCPRefused, s.TCPUndecided)
	}
}

// halfOpen are ways to hold a connection without ever saying what it is.
func halfOpen() [][]byte {
	return [][]byte{nil, {0}, {22}, {22, 3, 1, 2, 0, 1}, {0, 1, 0, 0, 0x21, 0x12}}
}

// from connects from an address of one's own, of which loopback has many.
func from(t testing.TB, address string, m *Mux) net.Conn {
	t.Helper()
	c, err := (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}}).Dial("tcp", at(m).String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// served checks that everything on the port answers somebody else.
func served(t testing.TB, m *Mux, streams net.Listener) {
	t.Helper()
	if got := get(t, "https://"+at(m).String()); got != "page" {
		t.Errorf("the page is %q", got)
	}
	client, err := tls.Dial("tcp", at(m).String(), &tls.Config{InsecureSkipVerify: true}) // a test
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close() // a test
	if _, err := client.Write(message(stun.MethodAllocate, stun.ClassRequest)); err != nil {
		t.Fatal(err)
	}
	c, err := streams.Accept()
	if err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
}

// One who holds as many connections half open as are allowed is alone with that.
func TestHalfOpenConnectionsKeepNobodyOut(t *testing.T) {
	t.Parallel()
	m := listen(t, withTLS(t))
	serveHTTP(t, m.HTTP(), "page")
	_, streams, err := m.TURN()
	if err != nil {
		t.Fatal(err)
	}
	for i := range maxUndecidedPer {
		c := from(t, "127.0.0.2", m)
		if _, err := c.Write(halfOpen()[i%len(halfOpen())]); err != nil {
			t.Fatal(err)
		}
	}
	served(t, m, streams)
	if c := from(t, "127.0.0.2", m); !closes(t, c) {
		t.Error("one more of theirs is kept")
	}
}

// Many addresses together hold more than there is room for: the oldest go, who comes is served.
func TestHalfOpenConnectionsFromEverywhere(t *testing.T) {
	t.Parallel()
	m := listen(t, withTLS(t))
	serveHTTP(t, m.HTTP(), "page")
	_, streams, err := m.TURN()
	if err != nil {
		t.Fatal(err)
	}
	const room = 50
	m.tcp.mu.Lock()
	m.tcp.room = room
	m.tcp.mu.Unlock()
	var held []net.Conn
	for i := range 2 * room {
		c := from(t, fmt.Sprintf("127.0.1.%d", 1+i), m)
		if _, err := c.Write(halfOpen()[i%len(halfOpen())]); err != nil {
			t.Fatal(err)
		}
		held = append(held, c)
	}
	served(t, m, streams)
	for i, c := range held[:room] {
		if !closes(t, c) {
			t.Errorf("connection %d is kept", i)
		}
	}
	m.tcp.mu.Lock()
	defer m.tcp.mu.Unlock()
	if n := m.tcp.waiting.Len(); n > room {
		t.Errorf("%d are undecided, want at most %d", n, room)
	}
}

func TestOpenConnectionsAreBounded(t *testing.T) {
	t.Parallel()
	m := listen(t)
	serveHTTP(t, m.HTTP(), "page")
	self := netip.PrefixFrom(netip.MustParseAddr("127.0.0.1"), 32)
	m.tcp.mu.Lock()
	m.tcp.openPer[self] = maxOpenPer // as if they were there
	m.tcp.mu.Unlock()
	c, err := net.Dial("tcp", at(m).String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close() // a test
	if !closes(t, c) {
		t.Error("one more connection is kept")
	}
	m.tcp.mu.Lock()
	m.tcp.openPer[self]--
	m.tcp.mu.Unlock()
	if got := get(t, "http://"+at(m).String()); got != "page" {
		t.Errorf("the page is %q", got)
	}
}

func TestCloseEndsConnections(t *testing.T) {
	t.Parallel()
	m := listen(t, withTLS(t))
	var wg sync.WaitGroup
	for _, p := range [][]byte{nil, {0}, {22, 3, 1}, []byte("GET / HTTP/1.1\r\n")} {
		c, err := net.Dial("tcp", at(m).String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close() // a test
		if _, err := c.Write(p); err != nil {
			t.Fatal(err)
		}
		wg.Go(func() {
			if !closes(t, c) {
				t.Errorf("a connection that said %x is left", p)
			}
		})
	}
	if err := m.Close(); err != nil {
		t.Error(err)
	}
	if _, err := m.HTTP().Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("accept after close: %v", err)
	}
	wg.Wait()
}
