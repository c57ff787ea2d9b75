package outside

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"
	"net"
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

// gatewayAt serves NAT-PMP (RFC 6886) on an address of loopback, and tells what it was asked.
func gatewayAt(t *testing.T, address string) (net.IP, <-chan string) {
	t.Helper()
	ip := net.ParseIP(address)
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: ip, Port: 5351})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	asked := make(chan string, 100)
	go func() {
		buf := make([]byte, 100)
		for {
			n, from, err := c.ReadFromUDP(buf)
			if err != nil {
				return
			}
			answer := []byte{0, 128 + buf[1], 0, 0, 0, 0, 0, 1}
			if n == 2 {
				answer = append(answer, 203, 0, 113, 5)
			} else {
				internal, external := binary.BigEndian.Uint16(buf[4:]), binary.BigEndian.Uint16(buf[6:])
				seconds := binary.BigEndian.Uint32(buf[8:])
				asked <- fmt.Sprintf("%s %d %d %d", map[byte]string{1: "UDP", 2: "TCP"}[buf[1]], internal, external, seconds)
				if external == 8080 {
					external = 18080 // taken by somebody else
				}
				answer = binary.BigEndian.AppendUint16(answer, internal)
				answer = binary.BigEndian.AppendUint16(answer, external)
				answer = binary.BigEndian.AppendUint32(answer, seconds)
			}
			_, _ = c.WriteToUDP(answer, from)
		}
	}()
	return ip, asked
}

func TestPortMappingByNATPMP(t *testing.T) {
	t.Parallel()
	ip, asked := gatewayAt(t, "127.0.53.51")
	r := &natPMP{gateway: ip}
	ctx, cancel := context.WithTimeout(t.Context(), mapFor)
	defer cancel()
	got, err := r.forward(ctx, 8080, 8080, time.Hour)
	if want := netip.MustParseAddrPort("203.0.113.5:18080"); err != nil || got != want {
		t.Fatalf("forwarded from %s, %v; want %s", got, err, want)
	}
	r.unmap(ctx)
	for _, want := range []string{"UDP 8080 8080 3600", "TCP 8080 18080 3600", "UDP 8080 0 0", "TCP 8080 0 0"} {
		if got := <-asked; got != want {
			t.Errorf("asked %q, want %q", got, want)
		}
	}
}

// igd is a router that speaks UPnP IGD.
type igd struct {
	mu       sync.Mutex
	calls    []string
	noLeases bool
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
	if d.noLeases && field("NewLeaseDuration") != "0" && action == "AddPortMapping" {
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = io.WriteString(w, `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault><faultcode>s:Client</faultcode>
			<faultstring>UPnPError</faultstring></s:Fault></s:Body></s:Envelope>`)
		return
	}
	_, _ = fmt.Fprintf(w, `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><u:%sResponse
		xmlns:u="urn:schemas-upnp-org:service:WANIPConnection:1"><NewExternalIPAddress>203.0.113.5</NewExternalIPAddress></u:%sResponse>
		</s:Body></s:Envelope>`, action, action)
}

func TestPortMappingByUPnP(t *testing.T) {
	t.Parallel()
	for _, noLeases := range []bool{false, true} {
		device := &igd{noLeases: noLeases}
		server := httptest.NewServer(device)
		defer server.Close()
		location, err := url.Parse(server.URL + "/")
		if err != nil {
			t.Fatal(err)
		}
		r := &upnp{location: location}
		ctx, cancel := context.WithTimeout(t.Context(), mapFor)
		defer cancel()
		got, err := r.forward(ctx, 8080, 443, time.Hour)
		if want := netip.MustParseAddrPort("203.0.113.5:443"); err != nil || got != want {
			t.Fatalf("forwarded from %s, %v; want %s", got, err, want)
		}
		r.unmap(ctx)
		lease := "3600"
		want := []string{"GetExternalIPAddress"}
		for _, protocol := range []string{"UDP", "TCP"} {
			want = append(want, "AddPortMapping "+protocol+" 443 8080 127.0.0.1 "+lease)
			if noLeases {
				want = append(want, "AddPortMapping "+protocol+" 443 8080 127.0.0.1 0")
			}
		}
		want = append(want, "DeletePortMapping UDP 443", "DeletePortMapping TCP 443")
		if !slices.Equal(device.calls, want) {
			t.Errorf("asked %q, want %q", device.calls, want)
		}
	}
}

// The Keeper takes the mapping's port and address, renews it, and takes it back.
func TestKeeperMapsThePort(t *testing.T) {
	t.Parallel()
	ip, asked := gatewayAt(t, "127.0.53.52")
	p := &port{}
	k := &Keeper{
		cfg:  Config{Every: 20 * time.Millisecond, Log: slog.New(slog.DiscardHandler)},
		port: p, routers: []router{&natPMP{gateway: ip}}, done: make(chan struct{}),
	}
	k.round(t.Context())
	if want := addrs("203.0.113.5"); !slices.Equal(p.public, want) || p.number != 18080 {
		t.Errorf("public %v port %d, want %v port 18080", p.public, p.number, want)
	}
	if s := k.Status(); s.Mapping != "NAT-PMP" {
		t.Errorf("status %+v", s)
	}
	ctx, cancel := context.WithCancel(t.Context())
	k.cancel = cancel
	go k.run(ctx)
	for range 4 { // the first round and one more
		<-asked
	}
	k.Close()
	var last string
	for len(asked) > 0 {
		last = <-asked
	}
	if last != "TCP 8080 0 0" {
		t.Errorf("the last thing asked was %q, want the mapping to be taken back", last)
	}
}
