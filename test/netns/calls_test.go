package netns

import (
	"net/netip"
	"testing"
	"time"
)

// The internet of all tests is one router, "core", with a network for each who is connected to it.
const (
	serverPublic = "203.0.113.10"
	friendPublic = "192.0.2.50"
	homePublic   = "198.51.100.30"
)

// connected plugs a host into the internet: a cable to core, which takes the first address of its network.
func (l *lab) connected(core *host, name, address, gateway string) *host {
	l.t.Helper()
	h := l.host(name)
	l.cable(end{core, name, gateway}, end{h, "wan", address})
	prefix := netip.MustParsePrefix(gateway)
	return h.via(prefix.Addr().String())
}

// home is a network behind a router that translates its addresses, with one client in it. Rules say how.
func (l *lab) home(core *host, rules ...string) (router, client *host) {
	l.t.Helper()
	router = l.connected(core, "home", homePublic+"/24", "198.51.100.1/24").router()
	client = l.host("client")
	l.cable(end{router, "lan", "10.0.1.1/24"}, end{client, "lan", "10.0.1.2/24"})
	client.via("10.0.1.1")
	router.nft(rules...)
	return router, client
}

// Rules of routers and firewalls.
const (
	natTable = "add table ip nat; add chain ip nat post { type nat hook postrouting priority 100; }; " +
		"add chain ip nat pre { type nat hook prerouting priority -100; }"
	// symmetric gives every pair of addresses a port of its own, by chance: what is learned by STUN helps nobody.
	symmetric = natTable + "; add rule ip nat post oifname wan masquerade fully-random"
	firewall  = "add table ip wall; add chain ip wall pass { type filter hook forward priority 0; }"
	noUDP     = firewall + "; add rule ip wall pass meta l4proto udp drop"
	only443   = firewall + "; add rule ip wall pass ct state established accept; add rule ip wall pass tcp dport 443 accept; " +
		"add rule ip wall pass drop"
)

// talk waits until both hear each other, and reports how long it took.
func talk(t *testing.T, processes ...*process) {
	t.Helper()
	for _, p := range processes {
		e := p.wait("media")
		t.Logf("%s: connected in %d ms, %s", p.name, e.ConnectMS, e.Way)
	}
}

// A client that is well or badly connected talks to a friend who is well connected; the server has a public address.
func TestClientBehind(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		rules  string
		server serverConfig
		client clientConfig
	}{
		"a symmetric NAT":                  {symmetric, serverConfig{Listen: ":8080"}, clientConfig{UDP: true}},
		"a symmetric NAT, relayed":         {symmetric, serverConfig{Listen: ":8080"}, clientConfig{TURN: "turn:" + serverPublic + ":8080?transport=udp"}},
		"a firewall without UDP":           {symmetric + "; " + noUDP, serverConfig{Listen: ":8080"}, clientConfig{UDP: true, TCP: true}},
		"a firewall without UDP, relayed":  {symmetric + "; " + noUDP, serverConfig{Listen: ":8080"}, clientConfig{TURN: "turn:" + serverPublic + ":8080?transport=tcp"}},
		"a firewall with 443 only":         {symmetric + "; " + only443, serverConfig{Listen: ":443", TLS: true}, clientConfig{UDP: true, TCP: true}},
		"a firewall with 443 only, by TLS": {symmetric + "; " + only443, serverConfig{Listen: ":443", TLS: true}, clientConfig{TURN: "turns:" + serverPublic + ":443?transport=tcp"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t)
			if l == nil {
				return
			}
			core := l.host("core").router()
			server := l.connected(core, "server", serverPublic+"/24", "203.0.113.1/24")
			friend := l.connected(core, "friend", friendPublic+"/24", "192.0.2.1/24")
			_, client := l.home(core, c.rules)
			server.start("server", c.server).wait("ready")
			c.client.Server, c.client.HTTPS, c.client.Leg = serverPublic+c.server.Listen, c.server.TLS, "client"
			talk(t, client.start("client", c.client),
				friend.start("client", clientConfig{Server: c.client.Server, HTTPS: c.server.TLS, Leg: "friend", UDP: true}))
		})
	}
}

// The server is at home itself, behind a router; one client is in the same house, the other outside. They must meet.
func TestServerBehind(t *testing.T) {
	t.Parallel()
	const inside = "10.0.2.2"
	cases := map[string]struct {
		rules   string
		server  serverConfig
		outside string // host:port under which the server is known outside
		relay   string // how the one outside is relayed; empty: directly
		tcp     bool   // directly, but not over UDP
	}{
		"1:1 NAT": {
			natTable + "; add rule ip nat pre iifname wan ip daddr " + serverPublic + " dnat to " + inside +
				"; add rule ip nat post oifname wan ip saddr " + inside + " snat to " + serverPublic,
			serverConfig{Listen: ":8080", PublicIPs: []netip.Addr{netip.MustParseAddr(serverPublic)}}, serverPublic + ":8080", "", false,
		},
		"a forwarded port, address by STUN": {
			symmetric + "; add rule ip nat pre iifname wan udp dport 8080 dnat to " + inside + ":8080" +
				"; add rule ip nat pre iifname wan tcp dport 8080 dnat to " + inside + ":8080",
			serverConfig{Listen: ":8080", STUN: []string{friendPublic + ":3478"}}, serverPublic + ":8080", "", false,
		},
		"a forwarded port with another number": {
			symmetric + "; add rule ip nat pre iifname wan udp dport 4443 dnat to " + inside + ":8080" +
				"; add rule ip nat pre iifname wan tcp dport 4443 dnat to " + inside + ":8080",
			serverConfig{Listen: ":8080", PublicIPs: []netip.Addr{netip.MustParseAddr(serverPublic)}, PublicPort: 4443},
			serverPublic + ":4443", "", false,
		},
		"a forwarded port, over TCP": {
			symmetric + "; add rule ip nat pre iifname wan tcp dport 4443 dnat to " + inside + ":8080",
			serverConfig{Listen: ":8080", PublicIPs: []netip.Addr{netip.MustParseAddr(serverPublic)}, PublicPort: 4443},
			serverPublic + ":4443", "", true,
		},
		"a forwarded port, relayed": {
			symmetric + "; add rule ip nat pre iifname wan udp dport 4443 dnat to " + inside + ":8080" +
				"; add rule ip nat pre iifname wan tcp dport 4443 dnat to " + inside + ":8080",
			serverConfig{Listen: ":8080", PublicIPs: []netip.Addr{netip.MustParseAddr(serverPublic)}, PublicPort: 4443},
			serverPublic + ":4443", "turn:" + serverPublic + ":4443?transport=udp", false,
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t)
			if l == nil {
				return
			}
			core := l.host("core").router()
			friend := l.connected(core, "friend", friendPublic+"/24", "192.0.2.1/24")
			friend.start("server", serverConfig{Listen: ":3478"}).wait("ready") // a STUN server somewhere outside
			router := l.connected(core, "router", serverPublic+"/24", "203.0.113.1/24").router()
			server, mate := l.host("server"), l.host("mate")
			l.cable(end{router, "port1", ""}, end{server, "lan", inside + "/24"})
			l.cable(end{router, "port2", ""}, end{mate, "lan", "10.0.2.3/24"})
			router.bridge("br-lan", "10.0.2.1/24", "port1", "port2")
			server.via("10.0.2.1")
			mate.via("10.0.2.1")
			router.nft(c.rules)
			server.start("server", c.server).wait("ready")
			talk(t,
				friend.start("client", clientConfig{Server: c.outside, Leg: "friend", UDP: c.relay == "" && !c.tcp, TCP: c.tcp, TURN: c.relay}),
				mate.start("client", clientConfig{Server: inside + ":8080", Leg: "mate", UDP: true}))
		})
	}
}

// The provider gives the house another address, as many do every night. Who calls afterwards is offered the new one.
func TestServerAddressChanges(t *testing.T) {
	t.Parallel()
	const inside, next = "10.0.2.2", "203.0.113.77"
	l := newLab(t)
	if l == nil {
		return
	}
	core := l.host("core").router()
	friend := l.connected(core, "friend", friendPublic+"/24", "192.0.2.1/24")
	friend.start("server", serverConfig{Listen: ":3478"}).wait("ready") // a STUN server somewhere outside
	router := l.connected(core, "router", serverPublic+"/24", "203.0.113.1/24").router()
	server := l.host("server")
	l.cable(end{router, "lan", "10.0.2.1/24"}, end{server, "lan", inside + "/24"})
	server.via("10.0.2.1")
	router.nft(symmetric + "; add rule ip nat pre iifname wan meta l4proto { tcp, udp } th dport 8080 dnat to " + inside)
	confab := server.start("server", serverConfig{Listen: ":8080", STUN: []string{friendPublic + ":3478"}, Every: time.Second})
	if got := confab.wait("ready").Detail; got != serverPublic+":0" {
		t.Fatalf("the public address is %s", got)
	}
	router.ip("address", "flush", "dev", "wan")
	router.address("wan", next+"/24")
	router.via("203.0.113.1")
	moved := time.Now()
	for deadline := time.After(30 * time.Second); ; {
		confab.tell("what is known?")
		if confab.wait("ready").Detail == next+":0" {
			break
		}
		select {
		case <-deadline:
			t.Fatal("the new address is not noticed")
		case <-time.After(50 * time.Millisecond):
		}
	}
	t.Logf("noticed after %s", time.Since(moved).Round(time.Millisecond))
	talk(t,
		friend.start("client", clientConfig{Server: next + ":8080", Leg: "friend", UDP: true}),
		friend.start("client", clientConfig{Server: next + ":8080", Leg: "other", UDP: true}))
}

func TestIPv6Only(t *testing.T) {
	t.Parallel()
	const server6 = "[2001:db8:1::10]:8080"
	for name, relayed := range map[string]string{
		"directly": "", "relayed over UDP": "turn:" + server6 + "?transport=udp", "relayed over TCP": "turn:" + server6 + "?transport=tcp",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t)
			if l == nil {
				return
			}
			core := l.host("core").router()
			server := l.connected(core, "server", "2001:db8:1::10/64", "2001:db8:1::1/64")
			friend := l.connected(core, "friend", "2001:db8:2::10/64", "2001:db8:2::1/64")
			client := l.connected(core, "client", "2001:db8:3::10/64", "2001:db8:3::1/64")
			server.start("server", serverConfig{Listen: ":8080"}).wait("ready")
			talk(t,
				client.start("client", clientConfig{Server: server6, Leg: "client", UDP: relayed == "", TURN: relayed}),
				friend.start("client", clientConfig{Server: server6, Leg: "friend", UDP: true}))
		})
	}
}

// A phone leaves the house: its address changes while it talks, and it restarts ICE.
func TestAddressChangesDuringTheCall(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	if l == nil {
		return
	}
	core := l.host("core").router()
	server := l.connected(core, "server", serverPublic+"/24", "203.0.113.1/24")
	friend := l.connected(core, "friend", friendPublic+"/24", "192.0.2.1/24")
	_, phone := l.home(core, symmetric)
	server.start("server", serverConfig{Listen: ":8080"}).wait("ready")
	caller := phone.start("client", clientConfig{Server: serverPublic + ":8080", Leg: "phone", UDP: true})
	callee := friend.start("client", clientConfig{Server: serverPublic + ":8080", Leg: "friend", UDP: true})
	talk(t, caller, callee)

	phone.ip("address", "flush", "dev", "lan")
	l.cable(end{core, "mobile", "100.64.7.1/24"}, end{phone, "mobile", "100.64.7.2/24"})
	phone.ip("link", "set", "lan", "down")
	phone.via("100.64.7.1")
	moved := time.Now()
	caller.tell("restart")
	talk(t, caller)
	t.Logf("a second of speech arrived %s after the move", time.Since(moved).Round(time.Millisecond))
	callee.tell("restart") // counts anew what comes from the phone
	talk(t, callee)
}

// Five packets of a hundred are lost on the way to and from the client, and each takes 100 ms: 200 ms there and back.
func TestSlowAndLossyLink(t *testing.T) {
	t.Parallel()
	for name, relayed := range map[string]string{
		"directly": "", "relayed over UDP": "turn:" + serverPublic + ":8080?transport=udp",
		"relayed over TCP": "turn:" + serverPublic + ":8080?transport=tcp",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t)
			if l == nil {
				return
			}
			core := l.host("core").router()
			server := l.connected(core, "server", serverPublic+"/24", "203.0.113.1/24")
			friend := l.connected(core, "friend", friendPublic+"/24", "192.0.2.1/24")
			link, client := l.host("link"), l.host("client")
			l.cable(end{core, "slow", "198.51.100.1/24"}, end{link, "one", ""})
			l.cable(end{link, "two", ""}, end{client, "wan", homePublic + "/24"})
			client.via("198.51.100.1")
			link.slow(slowConfig{Cards: [2]string{"one", "two"}, Delay: 100 * time.Millisecond, Loss: 0.05, Seed: 1},
				end{host: core, card: "slow"}, end{host: client, card: "wan"})
			server.start("server", serverConfig{Listen: ":8080"}).wait("ready")
			talk(t,
				client.start("client", clientConfig{Server: serverPublic + ":8080", Leg: "client", UDP: relayed == "", TURN: relayed}),
				friend.start("client", clientConfig{Server: serverPublic + ":8080", Leg: "friend", UDP: true}))
		})
	}
}
