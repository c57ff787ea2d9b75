package outside

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"confab/sfu/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// port is a port whose mapping a test sets.
type port struct {
	mu     sync.Mutex
	mapped map[netip.AddrPort]netip.AddrPort // by server; without an entry a server is silent
	public []netip.Addr
	number uint16
	sets   int
}

func (*port) Port() int { return 8080 }

func (p *port) Mapped(ctx context.Context, server netip.AddrPort) (netip.AddrPort, error) {
	p.mu.Lock()
	a, ok := p.mapped[server]
	p.mu.Unlock()
	if !ok {
		<-ctx.Done()
		return netip.AddrPort{}, ctx.Err()
	}
	return a, nil
}

func (p *port) SetPublic(ips []netip.Addr, number uint16) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.public, p.number = ips, number
	p.sets++
}

func (p *port) move(server, to string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.mapped, netip.MustParseAddrPort(server))
	if to != "" {
		p.mapped[netip.MustParseAddrPort(server)] = netip.MustParseAddrPort(to)
	}
}

func addrs(list ...string) (out []netip.Addr) {
	for _, a := range list {
		out = append(out, netip.MustParseAddr(a))
	}
	return out
}

func TestAddressIsKeptUpToDate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := &port{mapped: map[netip.AddrPort]netip.AddrPort{}}
		p.move("198.51.100.2:3478", "203.0.113.5:61000")
		p.move("[2001:db8::2]:3478", "[2001:db8::5]:8080")
		began := time.Now()
		k := Keep(t.Context(), Config{STUN: []string{"198.51.100.1:3478", "198.51.100.2:3478", "[2001:db8::2]:3478"}}, p)
		defer k.Close()
		if took := time.Since(began); took != 0 {
			t.Errorf("the first round took %s; the silent server should cost nothing", took)
		}
		want := addrs("203.0.113.5", "2001:db8::5")
		if !slices.Equal(p.public, want) || p.number != 0 {
			t.Errorf("public %v port %d, want %v and the same port", p.public, p.number, want)
		}
		time.Sleep(3 * defaultEvery)
		synctest.Wait()
		if p.sets != 1 {
			t.Errorf("told %d times of what did not change", p.sets)
		}
		p.move("198.51.100.2:3478", "203.0.113.77:61000")
		time.Sleep(2 * defaultEvery)
		synctest.Wait()
		if want := addrs("203.0.113.77", "2001:db8::5"); !slices.Equal(p.public, want) {
			t.Errorf("public %v, want %v", p.public, want)
		}
		p.move("198.51.100.2:3478", "")
		p.move("[2001:db8::2]:3478", "")
		time.Sleep(2*defaultEvery + askFor)
		synctest.Wait()
		if p.sets != 2 || len(k.Status().Errors) == 0 || len(k.Status().Addresses) != 2 {
			t.Errorf("with silent servers: told %d times, status %+v", p.sets, k.Status())
		}
	})
}

func TestConfiguredAddressesAreNotAskedFor(t *testing.T) {
	t.Parallel()
	p := &port{}
	k := Keep(t.Context(), Config{Addresses: addrs("203.0.113.5"), ExternalPort: 443, STUN: []string{"198.51.100.1:3478"}}, p)
	defer k.Close()
	if !slices.Equal(p.public, addrs("203.0.113.5")) || p.number != 443 {
		t.Errorf("public %v port %d", p.public, p.number)
	}
}

func TestNamesAreResolved(t *testing.T) {
	t.Parallel()
	p := &port{}
	names := []string{"localhost", "192.168.1.10", "::ffff:203.0.113.9", "fe80::1", "no-such-host.invalid"}
	k := Keep(t.Context(), Config{Names: names}, p)
	defer k.Close()
	if want := addrs("192.168.1.10", "203.0.113.9"); !slices.Equal(p.public, want) {
		t.Errorf("public %v, want %v", p.public, want)
	}
}

func TestBadServersAreNamed(t *testing.T) {
	t.Parallel()
	k := Keep(t.Context(), Config{STUN: []string{"stun.example.org", "127.0.0.1:no-such-service"}}, &port{})
	defer k.Close()
	for _, name := range []string{"stun.example.org", "no-such-service"} {
		if !strings.Contains(strings.Join(k.Status().Errors, "\n"), name) {
			t.Errorf("errors %q do not name %s", k.Status().Errors, name)
		}
	}
}

// With two real ports: one is the STUN server of the other.
func TestRealSTUN(t *testing.T) {
	t.Parallel()
	open := func() *wire.Mux {
		m, err := wire.Listen(wire.Config{Listen: "127.0.0.1:0", Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = m.Close() })
		return m
	}
	server, m := open(), open()
	k := Keep(t.Context(), Config{STUN: []string{fmt.Sprintf("localhost:%d", server.Port())}}, m)
	defer k.Close()
	if got := k.Status().Addresses; !slices.Equal(got, addrs("127.0.0.1")) {
		t.Errorf("public %v, want 127.0.0.1", got)
	}
}

// igd is a router that speaks UPnP IGD and has a fault that the real one in test/netns does not have.
type igd struct {
	mu     sync.Mutex
	calls  []string
	refuse func(protocol, lease string) bool // whether a mapping is refused
}

const description = `<?xml version="1.0"?><root xmlns="urn:schemas-upnp-org:device-1-0"><specVersion><major>1</major><minor>0</minor></specVersion>
<device><deviceType>urn:schemas-upnp-org:device:InternetGatewayDevice:1</deviceType><friendlyName>r</friendlyName><UDN>uuid:1</UDN>
<serviceList><service><serviceType>urn:schemas-upnp-org:service:WANIPConnection:1</serviceType><serviceId>urn:upnp-org:serviceId:W</serviceId>
<controlURL>/control</controlURL><eventSubURL>/event</eventSubURL><SCPDURL>/scpd</SCPDURL></service></serviceList></device></root>`

func (d *igd) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/" {
		_, _ = io.WriteString(w, description)
		return
	}
	body, _ := io.ReadAll(r.Body)
	field := func(name string) string {
		m := regexp.MustCompile("<" + name + ">([^<]*)</").FindSubmatch(body)
		if m == nil {
			return ""
		}
		return string(m[1])
	}
	action := strings.Trim(r.Header.Get("SOAPAction"), `"`)
	action = action[strings.LastIndex(action, "#")+1:]
	d.mu.Lock()
	defer d.mu.Unlock()
	d.calls = append(d.calls, strings.TrimSpace(strings.Join([]string{action, field("NewProtocol"), field("NewExternalPort"),
		field("NewInternalPort"), field("NewInternalClient"), field("NewLeaseDuration")}, " ")))
	if action == "AddPortMapping" && d.refuse(field("NewProtocol"), field("NewLeaseDuration")) {
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = io.WriteString(w, `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault><faultcode>s:Client</faultcode>
			<faultstring>UPnPError</faultstring></s:Fault></s:Body></s:Envelope>`)
		return
	}
	_, _ = fmt.Fprintf(w, `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><u:%sResponse
		xmlns:u="urn:schemas-upnp-org:service:WANIPConnection:1"><NewExternalIPAddress>203.0.113.5</NewExternalIPAddress></u:%sResponse>
		</s:Body></s:Envelope>`, action, action)
}

// routerAt serves an igd, and gives the client for it.
func routerAt(t *testing.T, device *igd) *upnp {
	t.Helper()
	server := httptest.NewServer(device)
	t.Cleanup(server.Close)
	location, err := url.Parse(server.URL + "/")
	if err != nil {
		t.Fatal(err)
	}
	return &upnp{location: location}
}

func TestRouterThatForwardsOnlyForEver(t *testing.T) {
	t.Parallel()
	device := &igd{refuse: func(_, lease string) bool { return lease != "0" }}
	r := routerAt(t, device)
	got, err := r.forward(t.Context(), 8080, 443, time.Hour)
	if want := netip.MustParseAddrPort("203.0.113.5:443"); err != nil || got != want {
		t.Fatalf("forwarded from %s, %v; want %s", got, err, want)
	}
	r.unmap(t.Context())
	want := []string{
		"GetExternalIPAddress", "AddPortMapping UDP 443 8080 127.0.0.1 3600", "AddPortMapping UDP 443 8080 127.0.0.1 0",
		"AddPortMapping TCP 443 8080 127.0.0.1 3600", "AddPortMapping TCP 443 8080 127.0.0.1 0",
		"DeletePortMapping UDP 443", "DeletePortMapping TCP 443",
	}
	if !slices.Equal(device.calls, want) {
		t.Errorf("asked %q, want %q", device.calls, want)
	}
}

// The port is somebody else's in TCP: nothing is left in UDP, and nothing of theirs is touched.
func TestRouterThatForwardsHalf(t *testing.T) {
	t.Parallel()
	device := &igd{refuse: func(protocol, _ string) bool { return protocol == "TCP" }}
	r := routerAt(t, device)
	if got, err := r.forward(t.Context(), 8080, 443, time.Hour); err == nil || !strings.Contains(err.Error(), "443 of TCP") {
		t.Errorf("forwarded from %s, %v; want an error that names the port", got, err)
	}
	var taken []string
	for _, call := range device.calls {
		if strings.HasPrefix(call, "Delete") {
			taken = append(taken, call)
		}
	}
	if !slices.Equal(taken, []string{"DeletePortMapping UDP 443"}) {
		t.Errorf("taken back: %q", taken)
	}
}

// choosy is a router that does what a test says.
type choosy struct {
	name   string
	answer func() (netip.AddrPort, error)
	asked  int
}

func (r *choosy) String() string { return r.name }

func (r *choosy) forward(context.Context, uint16, uint16, time.Duration) (netip.AddrPort, error) {
	r.asked++
	return r.answer()
}

func (*choosy) unmap(context.Context) {}

// Which way is used, and what is kept when none works: the Keeper's own rules, whatever the routers are.
func TestKeeperStaysWithTheRouterThatWorks(t *testing.T) {
	t.Parallel()
	at := func(address string) func() (netip.AddrPort, error) {
		return func() (netip.AddrPort, error) { return netip.MustParseAddrPort(address), nil }
	}
	silent := func() (netip.AddrPort, error) { return netip.AddrPort{}, errors.New("silence") }
	first, second, p := &choosy{name: "first", answer: silent}, &choosy{name: "second", answer: at("203.0.113.5:18080")}, &port{}
	k := &Keeper{cfg: Config{Every: time.Minute, Log: slog.New(slog.DiscardHandler)}, port: p, routers: []router{first, second}}
	k.round(t.Context())
	k.round(t.Context())
	if first.asked != 1 || second.asked != 2 {
		t.Errorf("asked %d and %d times; want the one that works, once it is known", first.asked, second.asked)
	}
	if s := k.Status(); s.Mapping != "second" || len(s.Errors) != 0 {
		t.Errorf("status %+v; that another way does not work is no fault", s)
	}
	second.answer = silent
	k.round(t.Context())
	if s := k.Status(); p.sets != 1 || !slices.Equal(p.public, addrs("203.0.113.5")) || p.number != 18080 || len(s.Errors) != 2 {
		t.Errorf("with a router that is silent for a while: public %v port %d, told %d times, %+v", p.public, p.number, p.sets, s)
	}
	second.answer = at("100.64.1.1:18080")
	k.round(t.Context())
	if s := k.Status(); !strings.Contains(strings.Join(s.Errors, " "), "behind another NAT") {
		t.Errorf("behind a provider's NAT: %+v", s)
	}
}
