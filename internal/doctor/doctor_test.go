package doctor

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"confab/internal/outside"
	"confab/internal/tlsport"
	"confab/sfu/relay"
	"confab/sfu/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// findings collects what a doctor says.
type findings struct {
	t   *testing.T
	all []Finding
}

func (f *findings) tell(one Finding) {
	f.t.Logf("%s: %s: %s %s", one.Level, one.Subject, one.Says, one.Do)
	f.all = append(f.all, one)
}

// about finds the worst finding on a subject.
func (f *findings) about(subject string) Finding {
	f.t.Helper()
	worst := Finding{Level: -1}
	for _, one := range f.all {
		if one.Subject == subject && one.Level > worst.Level {
			worst = one
		}
	}
	if worst.Level < 0 {
		f.t.Errorf("nothing is said about %s", subject)
	}
	return worst
}

// running is a server that answers like Confab, with STUN and TURN.
func running(t *testing.T, cfg wire.Config, readyz int) *wire.Mux {
	t.Helper()
	if cfg.Listen == "" {
		cfg.Listen = "127.0.0.1:0"
	}
	port, err := wire.Listen(cfg)
	if err != nil {
		t.Fatal(err)
	}
	turn, err := relay.New(relay.Config{Secret: []byte("secret")}, port)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(readyz)
		_, _ = io.WriteString(w, "database: gone")
	})}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(port.HTTP())
	}()
	t.Cleanup(func() {
		_ = server.Close()
		<-done
		_ = turn.Close()
		_ = port.Close()
	})
	return port
}

// timeServer is an NTP server whose clock differs from ours.
func timeServer(t *testing.T, ahead time.Duration) string {
	t.Helper()
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	go func() {
		buf := make([]byte, 100)
		for {
			n, from, err := c.ReadFromUDP(buf)
			if err != nil {
				return
			}
			if n != 48 {
				continue
			}
			answer := make([]byte, 48)
			answer[0], answer[1] = 4<<3|4, 1
			now := time.Now().Add(ahead)
			binary.BigEndian.PutUint32(answer[40:], uint32(now.Unix()-ntpEpoch))
			binary.BigEndian.PutUint32(answer[44:], uint32(int64(now.Nanosecond())<<32/int64(time.Second)))
			_, _ = c.WriteToUDP(answer, from)
		}
	}()
	return c.LocalAddr().String()
}

func TestHealthyServerThatDoesNotRun(t *testing.T) {
	t.Parallel()
	f := &findings{t: t}
	stun := running(t, wire.Config{}, http.StatusOK)
	ok := Examine(t.Context(), Server{
		Listen: "127.0.0.1:0", PublicURL: "http://localhost:8080", STUN: []string{fmt.Sprintf("127.0.0.1:%d", stun.Port())},
		Database: func(context.Context) (bool, error) { return false, nil }, DataDir: filepath.Join(t.TempDir(), "data"), AdminListen: "127.0.0.1:0",
		NTP: timeServer(t, 0),
	}, f.tell)
	if !ok {
		t.Error("a healthy server is called ill")
	}
	for _, subject := range []string{"port", "public address", "TLS", "data folder", "database", "clock", "call by UDP", "call by TCP", "call by TURN over UDP",
		"call by TURN over TCP", "call by TURN over TLS"} {
		if got := f.about(subject); got.Level != Fine {
			t.Errorf("%s: %s", subject, got.Says)
		}
	}
}

func TestIllServer(t *testing.T) {
	t.Parallel()
	f := &findings{t: t}
	silent, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close() // a test
	port := running(t, wire.Config{}, http.StatusServiceUnavailable)
	r := &report{tell: f.tell}
	s := Server{
		Listen: fmt.Sprintf("127.0.0.1:%d", port.Port()), PublicURL: "http://chat.example.org",
		PublicIPs: []netip.Addr{netip.MustParseAddr("203.0.113.5")},
	}
	free, healthy := s.examinePort(t.Context(), r)
	if free == nil || healthy {
		t.Fatal("no port to ask through")
	}
	defer free.Close() // a test
	if got := f.about("port"); got.Level != Failure || !strings.Contains(got.Says, "database: gone") {
		t.Errorf("a server that is not ready: %+v", got)
	}
	if err := Ready(t.Context(), s); err == nil || !strings.Contains(err.Error(), "database: gone") {
		t.Errorf("the health check says %v", err)
	}
	s.examineTLS(t.Context(), r, false)
	if got := f.about("TLS"); got.Level != Warning || got.Do == "" {
		t.Errorf("no TLS for a public address: %+v", got)
	}
	s.TLS = tlsport.Config{CertFile: "/no/such/file.pem", KeyFile: "/no/such/key.pem"}
	s.examineTLS(t.Context(), r, false)
	if got := f.about("TLS"); got.Level != Failure || !strings.Contains(got.Says, "/no/such/file.pem") {
		t.Errorf("wrong certificate paths: %+v", got)
	}
	stun := running(t, wire.Config{}, http.StatusOK)
	s.STUN = []string{fmt.Sprintf("127.0.0.1:%d", stun.Port())}
	s.examineAddresses(t.Context(), r, free, false)
	if got := f.about("public address"); got.Level != Warning || !strings.Contains(got.Says, "127.0.0.1") {
		t.Errorf("a public address that is wrong: %+v", got)
	}
	examineClock(t.Context(), r, timeServer(t, time.Hour))
	if got := f.about("clock"); got.Level != Failure || !strings.Contains(got.Says, "1h0m0s") {
		t.Errorf("a clock that is an hour slow: %+v", got)
	}
	if !r.bad {
		t.Error("an ill server is called healthy")
	}
}

func TestDatabaseThatIsNotThere(t *testing.T) {
	t.Parallel()
	f := &findings{t: t}
	ok := Examine(t.Context(), Server{
		Listen: "127.0.0.1:0", PublicURL: "http://localhost", NTP: timeServer(t, 0),
		Database: func(context.Context) (bool, error) { return false, errors.New("connection refused") },
	}, f.tell)
	if got := f.about("database"); ok || got.Level != Failure || !strings.Contains(got.Says, "connection refused") {
		t.Errorf("%v, %+v", ok, got)
	}
}

func TestFilesElsewhere(t *testing.T) {
	t.Parallel()
	for says, err := range map[string]error{"takes files": nil, "no such bucket": errors.New("no such bucket")} {
		f := &findings{t: t}
		ok := Examine(t.Context(), Server{Listen: "127.0.0.1:0", PublicURL: "http://localhost", NTP: timeServer(t, 0),
			Files: func(context.Context) error { return err }}, f.tell)
		if got := f.about("files"); ok != (err == nil) || !strings.Contains(got.Says, says) {
			t.Errorf("%v: %v, %+v", err, ok, got)
		}
	}
}

func TestPortOfAnotherProgram(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_ = c.Close()
		}
	}()
	defer l.Close() // a test
	f := &findings{t: t}
	if port, _ := (Server{Listen: l.Addr().String()}).examinePort(t.Context(), &report{tell: f.tell}); port != nil {
		_ = port.Close()
	}
	if got := f.about("port"); got.Level != Failure || !strings.Contains(got.Says, "taken") {
		t.Errorf("%+v", got)
	}
}

// With a certificate that nobody knows, everything but the trust is fine.
// A reverse proxy that passes HTTP only, or nothing at all.
// A server that runs with a certificate for its domain only is asked for that domain, and what it shows is looked at.
func TestRunningServer(t *testing.T) {
	t.Parallel()
	certs, err := tlsport.Open(tlsport.Config{SelfSigned: true, Hosts: []string{"chat.example.org"}, Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer certs.Close()
	var asked atomic.Value
	shown := certs.Config().Clone()
	get := shown.GetCertificate
	shown.GetCertificate = func(h *tls.ClientHelloInfo) (*tls.Certificate, error) {
		asked.Store(h.ServerName)
		return get(h)
	}
	port := running(t, wire.Config{TLS: shown}, http.StatusOK)
	s := Server{
		Listen: fmt.Sprintf("127.0.0.1:%d", port.Port()), PublicURL: "https://chat.example.org",
		TLS: tlsport.Config{Domains: []string{"chat.example.org"}},
	}
	f := &findings{t: t}
	r := &report{tell: f.tell}
	free, healthy := s.examinePort(t.Context(), r)
	if free == nil || !healthy {
		t.Fatal("a healthy server is not found")
	}
	defer free.Close() // a test
	if asked.Load() != "chat.example.org" {
		t.Errorf("the server was asked for a certificate for %v", asked.Load())
	}
	if err := Ready(t.Context(), s); err != nil {
		t.Errorf("the health check says %v", err)
	}
	s.examineTLS(t.Context(), r, true)
	if got := f.about("TLS"); got.Level != Warning || !strings.Contains(got.Says, "not trust") {
		t.Errorf("TLS: %+v", got)
	}
	s.examineAddresses(t.Context(), r, free, true)
	if got := f.about("addresses"); !strings.Contains(got.Says, fmt.Sprintf("127.0.0.1:%d", port.Port())) {
		t.Errorf("addresses: %+v; want the server's own port", got)
	}
	s.TLS = tlsport.Config{SelfSigned: true}
	f.all = nil
	s.examineTLS(t.Context(), r, true)
	if got := f.about("TLS"); got.Level != Fine {
		t.Errorf("TLS that is self-signed on purpose: %+v", got)
	}
}

func TestNameThatLeadsNowhere(t *testing.T) {
	t.Parallel()
	f := &findings{t: t}
	r := &report{tell: f.tell}
	for _, needsNone := range []string{"localhost", "203.0.113.5", "2001:db8::5"} {
		if led := (Server{}).examineName(t.Context(), r, needsNone); len(led) != 0 || len(f.all) != 0 {
			t.Errorf("%s: %v, leads to %v", needsNone, f.all, led)
		}
	}
	Server{}.examineName(t.Context(), r, "no-such-host.invalid")
	if got := f.about("name"); got.Level != Failure || got.Do == "" {
		t.Errorf("%+v", got)
	}
}

// Behind a router that is not there, and one that is behind another.
func TestRouters(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		known outside.Status
		want  Level
	}{
		"silent":        {outside.Status{Errors: []string{"UPnP: no router answers"}}, Failure},
		"forwards":      {outside.Status{Mapping: "PCP"}, Fine},
		"shared by all": {outside.Status{Mapping: "PCP", Errors: []string{"behind another NAT"}}, Warning},
	} {
		f := &findings{t: t}
		Server{MapPort: true}.examineMapping(&report{tell: f.tell}, c.known)
		if got := f.about("router"); got.Level != c.want || (c.want != Fine && got.Do == "") {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestDataFolders(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		dir  string
		want Level
	}{
		"there":             {dir, Fine},
		"made later":        {filepath.Join(dir, "a", "b"), Fine},
		"a file":            {file, Failure},
		"in a file":         {filepath.Join(file, "a"), Failure},
		"where nobody may":  {"/proc/confab", Failure},
		"a file of devices": {"/dev/null/a", Failure},
	} {
		f := &findings{t: t}
		Server{DataDir: c.dir}.examineDataDir(&report{tell: f.tell})
		if got := f.about("data folder"); got.Level != c.want {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestDatabases(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		pending bool
		err     error
		running bool
		want    Level
		says    string
	}{
		"none yet":              {false, fmt.Errorf("open: %w", fs.ErrNotExist), false, Fine, "first start"},
		"older":                 {true, nil, false, Fine, "next start"},
		"older than the server": {true, nil, true, Warning, "older"},
	} {
		f := &findings{t: t}
		s := Server{Database: func(context.Context) (bool, error) { return c.pending, c.err }}
		s.examineDatabase(t.Context(), &report{tell: f.tell}, c.running)
		if got := f.about("database"); got.Level != c.want || !strings.Contains(got.Says, c.says) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestAdminPortThatIsTaken(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() // a test
	f := &findings{t: t}
	Server{AdminListen: l.Addr().String()}.examineAdminPort(&report{tell: f.tell})
	if got := f.about("admin port"); got.Level != Failure || !strings.Contains(got.Do, "CONFAB_ADMIN_LISTEN") {
		t.Errorf("%+v", got)
	}
}

// In a container there may be no /tmp.
func TestCallsWithoutATemporaryFolder(t *testing.T) {
	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "none"))
	f := &findings{t: t}
	examineCalls(t.Context(), &report{tell: f.tell})
	if got := f.about("calls"); got.Level != Failure || !strings.Contains(got.Do, "TMPDIR") {
		t.Errorf("%+v", got)
	}
}

// The usual trouble of the first day: the server runs, but the ACME server does not reach it.
func TestRunningServerWithoutItsCertificate(t *testing.T) {
	t.Parallel()
	none := &tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return nil, errors.New("not yet") }}
	port := running(t, wire.Config{TLS: none}, http.StatusOK)
	s := Server{
		Listen: fmt.Sprintf("127.0.0.1:%d", port.Port()), PublicURL: "https://chat.example.org",
		TLS: tlsport.Config{Domains: []string{"chat.example.org"}},
	}
	f := &findings{t: t}
	r := &report{tell: f.tell}
	free, answers := s.examinePort(t.Context(), r)
	if free == nil || !answers || f.about("port").Level != Unknown {
		t.Fatalf("%v, %+v; want that a server answers", answers, f.about("port"))
	}
	defer free.Close() // a test
	s.examineTLS(t.Context(), r, true)
	if got := f.about("TLS"); got.Level != Failure || !strings.Contains(got.Do, "ACME") {
		t.Errorf("TLS: %+v", got)
	}
}
