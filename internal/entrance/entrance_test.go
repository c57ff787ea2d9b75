package entrance

import (
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"confab/internal/tlsport"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t *testing.T, cfg Config) *Entrance {
	t.Helper()
	cfg.Listen, cfg.TURNSecret = "127.0.0.1:0", []byte("secret")
	cfg.Log = slog.New(slog.NewTextHandler(t.Output(), nil))
	e, err := Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for range 2 {
			if err := e.Close(); err != nil {
				t.Error(err)
			}
		}
	})
	server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "page")
	})}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(e.Port.HTTP())
	}()
	t.Cleanup(func() {
		_ = server.Close()
		<-done
	})
	return e
}

// get fetches a page without following redirects, and trusts everybody.
func get(t *testing.T, url string) (status int, body, location string) {
	t.Helper()
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true} // a test
	client := &http.Client{Transport: transport, Timeout: 10 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}
	answer, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close() // a test
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(text), answer.Header.Get("Location")
}

func TestPlain(t *testing.T) {
	t.Parallel()
	stun := open(t, Config{})
	e := open(t, Config{STUN: []string{fmt.Sprintf("127.0.0.1:%d", stun.Port.Port())}})
	if status, body, _ := get(t, fmt.Sprintf("http://127.0.0.1:%d/", e.Port.Port())); status != 200 || body != "page" {
		t.Errorf("%d %q", status, body)
	}
	if got := e.PublicPort(); got != e.Port.Port() {
		t.Errorf("the port outside is %d, want that of the server", got)
	}
	if got := open(t, Config{PublicPort: 4443}).PublicPort(); got != 4443 {
		t.Errorf("the port outside is %d, want the configured one", got)
	}
	if e.Secure() || e.HSTS() != "" {
		t.Error("TLS is on")
	}
	if got := e.Outside(); len(got.Addresses) != 1 || got.Addresses[0] != netip.MustParseAddr("127.0.0.1") {
		t.Errorf("outside %+v", got)
	}
}

func TestSecureWithRedirects(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	second := l.Addr().String()
	_ = l.Close()
	e := open(t, Config{TLS: tlsport.Config{SelfSigned: true, Dir: t.TempDir()}, PlainListen: second})
	port := fmt.Sprintf("127.0.0.1:%d", e.Port.Port())
	if status, body, _ := get(t, "https://"+port+"/"); status != 200 || body != "page" {
		t.Errorf("by HTTPS: %d %q", status, body)
	}
	for _, from := range []string{port, second} {
		if status, _, location := get(t, "http://"+from+"/chats?x=1"); status != 301 || location != "https://"+port+"/chats?x=1" {
			t.Errorf("from %s: %d to %q", from, status, location)
		}
	}
	if !e.Secure() {
		t.Error("TLS is off")
	}
}

func TestConnectionsOfTheSecondListenerAreBounded(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	second := l.Addr().String()
	_ = l.Close()
	open(t, Config{TLS: tlsport.Config{SelfSigned: true, Dir: t.TempDir()}, PlainListen: second})
	var held []net.Conn
	for range plainConns {
		c, err := net.Dial("tcp", second)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close() // a test
		held = append(held, c)
	}
	waits, err := net.Dial("tcp", second)
	if err != nil {
		t.Fatal(err)
	}
	defer waits.Close() // a test
	if _, err := io.WriteString(waits, "GET / HTTP/1.1\r\nHost: chat.example.org\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	_ = waits.SetReadDeadline(time.Now().Add(200 * time.Millisecond))
	if n, err := waits.Read(make([]byte, 100)); err == nil {
		t.Errorf("one more is answered with %d bytes", n)
	}
	_ = held[0].Close()
	_ = waits.SetReadDeadline(time.Now().Add(10 * time.Second))
	if _, err := waits.Read(make([]byte, 100)); err != nil {
		t.Errorf("in the place of one that left: %v", err)
	}
}

func TestWhatCannotBeOpened(t *testing.T) {
	t.Parallel()
	taken := open(t, Config{})
	for name, c := range map[string]struct {
		cfg  Config
		says string
	}{
		"a taken port":       {Config{Listen: fmt.Sprintf("127.0.0.1:%d", taken.Port.Port())}, fmt.Sprint(taken.Port.Port())},
		"no certificate":     {Config{Listen: "127.0.0.1:0", TLS: tlsport.Config{CertFile: "/no/file", KeyFile: "/no/key"}}, "/no/file"},
		"no secret for TURN": {Config{Listen: "127.0.0.1:0"}, "secret"},
	} {
		if name != "no secret for TURN" {
			c.cfg.TURNSecret = []byte("secret")
		}
		if e, err := Open(t.Context(), c.cfg); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want an error with %q", name, err, c.says)
			_ = e.Close()
		}
	}
	// A second listener that is taken is no reason not to start.
	e := open(t, Config{TLS: tlsport.Config{SelfSigned: true, Dir: t.TempDir()}, PlainListen: fmt.Sprintf("127.0.0.1:%d", taken.Port.Port())})
	if status, _, _ := get(t, fmt.Sprintf("https://127.0.0.1:%d/", e.Port.Port())); status != 200 {
		t.Errorf("status %d", status)
	}
}
