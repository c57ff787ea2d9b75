package relay

import (
	"fmt"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/stun/v4"

	"confab/sfu/wire"
)

// forbidden are addresses that a relay must not reach, in every form that an attacker might try.
var forbidden = []string{
	"127.0.0.2", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "192.0.0.8",
	"198.18.0.1", "224.0.0.1", "255.255.255.255", "8.8.8.8",
	"::", "::1", "fe80::1", "fc00::1", "ff02::1", "2001:4860:4860::8888",
	"::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a00:1", "2002:7f00:1::", "100::1",
}

func TestRelayReachesNothingElse(t *testing.T) {
	t.Parallel()
	for _, network := range []string{"udp", "tcp", "tls"} {
		t.Run(network, func(t *testing.T) {
			t.Parallel()
			m, _ := serve(t, func(w *wire.Config, _ *Config) {
				if network == "tls" {
					w.TLS = selfSigned(t)
				}
			})
			c := dial(t, m, network, "mallory", time.Now())
			c.allocate()
			var targets []netip.AddrPort
			for _, f := range forbidden {
				targets = append(targets, netip.AddrPortFrom(netip.MustParseAddr(f), at(m).Port()))
			}
			targets = append(targets, netip.AddrPortFrom(at(m).Addr(), 22)) // the right address, another port
			number := uint16(0x4000)
			for _, target := range targets {
				if code := errorCode(c.request(stun.MethodCreatePermission, peerAttr(target))); code != 403 {
					t.Errorf("a permission for %s: %d, want 403", target, code)
				}
				if code := errorCode(c.request(stun.MethodCreatePermission, peerAttr(at(m)), peerAttr(target))); code != 403 {
					t.Errorf("a permission for %s beside the SFU: %d, want 403", target, code)
				}
				if code := errorCode(c.request(stun.MethodChannelBind, channel(number), peerAttr(target))); code != 403 {
					t.Errorf("a channel to %s: %d, want 403", target, code)
				}
				number++
			}
			if code := errorCode(c.request(stun.MethodChannelBind, channel(0x4FF0), peerAttr(netip.AddrPortFrom(at(m).Addr(), 0)))); code != 403 {
				t.Errorf("a channel to port 0: %d, want 403", code)
			}
			if code := errorCode(c.request(stun.MethodCreatePermission)); code != 400 {
				t.Errorf("a permission for nobody: %d, want 400", code)
			}
		})
	}
}

// Data for another port of the right address, and for addresses without permission, must not come out anywhere.
func TestRelayedDataGoesNowhereElse(t *testing.T) {
	t.Parallel()
	m, _ := serve(t)
	trap, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer trap.Close() // a test
	trapAddr := trap.LocalAddr().(*net.UDPAddr).AddrPort()

	c := dial(t, m, "udp", "mallory", time.Now())
	c.allocate()
	if code := errorCode(c.request(stun.MethodCreatePermission, peerAttr(at(m)))); code != 0 {
		t.Fatalf("a permission for the SFU: %d", code)
	}
	if code := errorCode(c.request(stun.MethodChannelBind, channel(0x4001), peerAttr(at(m)))); code != 0 {
		t.Fatalf("a channel to the SFU: %d", code)
	}
	c.send(trapAddr, []byte("by indication"))
	c.send(netip.AddrPortFrom(netip.AddrFrom16(trapAddr.Addr().As16()), trapAddr.Port()), []byte("by a mapped address"))
	c.sendChannel(0x4002, []byte("by a channel that is not bound"))
	c.sendChannel(0x4001, []byte("to the SFU, nonsense"))
	// The server takes datagrams in order: once this is answered, the others were dealt with.
	if code := errorCode(c.request(stun.MethodRefresh, lifetime(time.Minute))); code != 0 {
		t.Fatalf("refresh: %d", code)
	}
	_ = trap.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	if n, from, err := trap.ReadFrom(make([]byte, 100)); err == nil {
		t.Errorf("%d bytes came out at %s, from %s", n, trapAddr, from)
	}
}

// Two relayed clients must not reach each other: that would be a free relay for anything.
func TestRelaysDoNotReachEachOther(t *testing.T) {
	t.Parallel()
	m, _ := serve(t)
	a, b := dial(t, m, "udp", "a", time.Now()), dial(t, m, "udp", "b", time.Now())
	a.allocate()
	var relayed stun.XORMappedAddress
	if err := relayed.GetFromAs(b.request(stun.MethodAllocate, transport(protocolUDP)), stun.AttrXORRelayedAddress); err != nil {
		t.Fatal(err)
	}
	ip, _ := netip.AddrFromSlice(relayed.IP)
	to := netip.AddrPortFrom(ip.Unmap(), uint16(relayed.Port))
	if code := errorCode(a.request(stun.MethodCreatePermission, peerAttr(to))); code != 403 {
		t.Errorf("a permission for another relayed client: %d, want 403", code)
	}
}

func TestLoopbackIsRefusedWhereThereIsANetwork(t *testing.T) {
	t.Parallel()
	public := netip.MustParseAddr("203.0.113.5")
	m, _ := serve(t, func(w *wire.Config, _ *Config) { w.PublicIPs, w.PublicPort = []netip.Addr{public}, 4443 })
	c := dial(t, m, "udp", "mallory", time.Now())
	c.allocate()
	if code := errorCode(c.request(stun.MethodCreatePermission, peerAttr(at(m)))); code != 403 {
		t.Errorf("a permission for loopback: %d, want 403", code)
	}
	for port, want := range map[uint16]int{4443: 0, 0: 0, uint16(m.Port()): 403} {
		if code := errorCode(c.request(stun.MethodCreatePermission, peerAttr(netip.AddrPortFrom(public, port)))); code != want {
			t.Errorf("a permission for %s port %d: %d, want %d", public, port, code, want)
		}
	}
}

func TestUnofferedKindsOfAllocation(t *testing.T) {
	t.Parallel()
	m, s := serve(t)
	cases := map[string]struct {
		attributes []stun.Setter
		want       int
	}{
		"TCP (RFC 6062)":     {[]stun.Setter{transport(6)}, 442},
		"SCTP":               {[]stun.Setter{transport(132)}, 442},
		"an even port":       {[]stun.Setter{transport(protocolUDP), raw{Type: stun.AttrEvenPort, Value: []byte{0x80}}}, 508},
		"a reserved port":    {[]stun.Setter{transport(protocolUDP), raw{Type: stun.AttrReservationToken, Value: make([]byte, 8)}}, 508},
		"IPv6":               {[]stun.Setter{transport(protocolUDP), raw{Type: stun.AttrRequestedAddressFamily, Value: []byte{familyIPv6, 0, 0, 0}}}, 440},
		"no protocol at all": {nil, 400},
		"no lifetime":        {[]stun.Setter{transport(protocolUDP), lifetime(0)}, 508},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			for _, network := range []string{"udp", "tcp"} {
				client := dial(t, m, network, "user", time.Now())
				if code := errorCode(client.request(stun.MethodAllocate, c.attributes...)); code != c.want {
					t.Errorf("over %s: %d, want %d", network, code, c.want)
				}
			}
		})
	}
	if n := s.Allocations(); n != 0 {
		t.Errorf("%d allocations were made", n)
	}
}

func TestFalseCredentials(t *testing.T) {
	t.Parallel()
	m, s := serve(t)
	spoil := map[string]func(*rawClient){
		"wrong password": func(c *rawClient) { c.password = "guess" },
		"expired": func(c *rawClient) {
			c.username, c.password = Credentials([]byte(testSecret), "user", -time.Second, time.Now())
		},
		"another secret": func(c *rawClient) {
			c.username, c.password = Credentials([]byte("guess"), "user", time.Hour, time.Now())
		},
		"no user": func(c *rawClient) {
			c.username, c.password = Credentials([]byte(testSecret), "", time.Hour, time.Now())
		},
		"no expiry":   func(c *rawClient) { c.username, c.password = "user", passwordOf([]byte(testSecret), "user") },
		"other realm": func(c *rawClient) { c.request(stun.MethodRefresh); c.realm = "elsewhere" },
	}
	for name, change := range spoil {
		t.Run(name, func(t *testing.T) {
			c := dial(t, m, "udp", "user", time.Now())
			change(c)
			if code := errorCode(c.request(stun.MethodAllocate, transport(protocolUDP))); code != 400 && code != 401 {
				t.Errorf("answered %d, want 400 or 401", code)
			}
		})
	}
	if n := s.Allocations(); n != 0 {
		t.Errorf("%d allocations were made", n)
	}
}

// The server asks for credentials with its realm and a nonce; a nonce that is not its own, or no more, is told from wrong
// credentials, and comes with a new one (RFC 8489, section 9.2.4).
func TestNonces(t *testing.T) {
	t.Parallel()
	m, _ := serve(t)
	for _, network := range []string{"udp", "tcp"} {
		c := dial(t, m, network, "user", time.Now())
		first := c.roundTrip(stun.MustBuild(stun.TransactionID, stun.NewType(stun.MethodAllocate, stun.ClassRequest), transport(protocolUDP)))
		var realm stun.Realm
		var nonce stun.Nonce
		if code := errorCode(first); code != 401 || realm.GetFrom(first) != nil || nonce.GetFrom(first) != nil || len(nonce) == 0 {
			t.Fatalf("over %s, without credentials: %d, realm %q, nonce %q; want 401 with both", network, code, realm, nonce)
		}
		c.realm, c.nonce = realm.String(), "made up"
		stale := c.request(stun.MethodAllocate, transport(protocolUDP))
		if code := errorCode(stale); code != 438 || nonce.GetFrom(stale) != nil {
			t.Fatalf("over %s, with a nonce that is made up: %d, want 438 and a new one", network, code)
		}
		c.nonce = nonce.String()
		c.allocate()
	}
}

// A flood of Allocates without credentials must not make anything, and must not be answered without end.
func TestFloodOfAllocates(t *testing.T) {
	t.Parallel()
	m, s := serve(t)
	c := dial(t, m, "udp", "user", time.Now())
	const flood = 5 * requestsPerNetwork
	for i := range flood {
		p := stun.MustBuild(stun.TransactionID, stun.NewType(stun.MethodAllocate, stun.ClassRequest), transport(protocolUDP))
		if _, err := c.conn.Write(p.Raw); err != nil {
			t.Fatal(err)
		}
		if i%100 == 0 { // keeps the socket's buffer from being what bounds
			_, _ = c.read(time.Millisecond)
		}
	}
	answers := 0
	for {
		if _, err := c.read(200 * time.Millisecond); err != nil {
			break
		}
		answers++
	}
	if limit := 3 * requestsPerNetwork; answers > limit { // the flood may touch three seconds
		t.Errorf("%d of %d were answered, want at most %d", answers, flood, limit)
	}
	if n := s.Allocations(); n != 0 {
		t.Errorf("%d allocations were made", n)
	}
}

func TestStreamsOfOneNetworkAreBounded(t *testing.T) {
	t.Parallel()
	m, s := serve(t)
	self := wire.ClientNetwork(&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	count := func(n int) {
		s.streams.mu.Lock()
		defer s.streams.mu.Unlock()
		s.streams.per[self] += n
	}
	count(maxStreamsPer) // as if they were there
	conn, err := net.Dial("tcp", hostPort(m))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close() // a test
	if _, err := conn.Write(stun.MustBuild(stun.TransactionID, stun.NewType(stun.MethodAllocate, stun.ClassRequest)).Raw); err != nil {
		t.Fatal(err)
	}
	_ = conn.SetReadDeadline(time.Now().Add(5 * time.Second))
	if n, err := conn.Read(make([]byte, 100)); err == nil {
		t.Errorf("one more stream is answered with %d bytes", n)
	} else if ne, ok := err.(net.Error); ok && ne.Timeout() {
		t.Error("one more stream is kept")
	}
	count(-maxStreamsPer)
	dial(t, m, "tcp", "user", time.Now()).allocate()
}

func TestNonsenseOnAStream(t *testing.T) {
	t.Parallel()
	m, _ := serve(t)
	long := stun.MustBuild(stun.TransactionID, stun.NewType(stun.MethodAllocate, stun.ClassRequest)).Raw
	long[2], long[3] = 0xFF, 0xFC
	cases := map[string][]byte{
		"a message that is too long": long,
		"no message": append(stun.MustBuild(stun.TransactionID,
			stun.NewType(stun.MethodRefresh, stun.ClassRequest)).Raw, 0xFF, 0xFF, 0xFF, 0xFF),
	}
	for name, bytes := range cases {
		t.Run(name, func(t *testing.T) {
			conn, err := net.Dial("tcp", hostPort(m))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close() // a test
			if _, err := conn.Write(bytes); err != nil {
				t.Fatal(err)
			}
			_ = conn.SetReadDeadline(time.Now().Add(5 * time.Second))
			buf := make([]byte, 1000)
			for err == nil {
				_, err = conn.Read(buf)
			}
			if ne, ok := err.(net.Error); ok && ne.Timeout() {
				t.Error("the server keeps the stream")
			}
		})
	}
}

func ExampleCredentials() {
	username, password := Credentials([]byte("secret"), "0190b5a0", time.Hour, time.Unix(1_700_000_000, 0))
	fmt.Println(username, password) // the same as: printf %s "$username" | openssl dgst -sha1 -hmac secret -binary | base64
	// Output: 1700003600:0190b5a0 CQf5Dmm2gbcJ49Zjwwl2rBN8CMs=
}
