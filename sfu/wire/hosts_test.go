package wire

import (
	"net/netip"
	"slices"
	"testing"
	"time"
)

func addrs(list ...string) (out []netip.Addr) {
	for _, a := range list {
		out = append(out, netip.MustParseAddr(a))
	}
	return out
}

func addrPorts(list ...string) (out []netip.AddrPort) {
	for _, a := range list {
		out = append(out, netip.MustParseAddrPort(a))
	}
	return out
}

func TestCandidates(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		bound  string
		usable []netip.Addr
		public []netip.AddrPort
		want   []netip.AddrPort
	}{
		"LAN and this machine": {
			"[::]:8080", addrs("192.168.1.2", "fd00::2"), nil,
			addrPorts("192.168.1.2:8080", "[fd00::2]:8080", "127.0.0.1:8080"),
		},
		"no network": {"[::]:8080", nil, nil, addrPorts("127.0.0.1:8080")},
		"LAN and public, another port outside": {
			"[::]:8080", addrs("192.168.1.2"), addrPorts("203.0.113.5:443"), addrPorts("203.0.113.5:443", "192.168.1.2:8080"),
		},
		"public address on the interface": {
			"[::]:8080", addrs("203.0.113.5"), addrPorts("203.0.113.5:8080"), addrPorts("203.0.113.5:8080"),
		},
		"IPv4 only":              {"0.0.0.0:8080", addrs("192.168.1.2", "fd00::2"), nil, addrPorts("192.168.1.2:8080", "127.0.0.1:8080")},
		"one address":            {"192.168.1.2:8080", addrs("192.168.1.2", "10.0.0.1"), nil, addrPorts("192.168.1.2:8080")},
		"one address behind NAT": {"10.0.0.1:8080", addrs("10.0.0.1"), addrPorts("203.0.113.5:8080"), addrPorts("203.0.113.5:8080", "10.0.0.1:8080")},
		"loopback":               {"127.0.0.1:8080", addrs("192.168.1.2"), nil, addrPorts("127.0.0.1:8080")},
	}
	for name, c := range cases {
		if got := candidates(netip.MustParseAddrPort(c.bound), c.usable, c.public); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
	var many []netip.Addr
	for i := range 100 {
		many = append(many, netip.AddrFrom4([4]byte{10, 0, 0, byte(i)}))
	}
	got := candidates(netip.MustParseAddrPort("[::]:1"), many, addrPorts("203.0.113.5:1"))
	if len(got) != maxCandidates || got[0] != netip.MustParseAddrPort("203.0.113.5:1") {
		t.Errorf("of many addresses %v are offered", got)
	}
}

func TestCandidatesForTCP(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		offered []netip.AddrPort
		want    []netip.Addr
	}{
		"public and LAN": {addrPorts("203.0.113.5:443", "192.168.1.2:8080", "[fd00::2]:8080", "[fd00::3]:8080"), addrs("203.0.113.5", "fd00::2")},
		"LAN":            {addrPorts("192.168.1.2:8080", "10.0.0.1:8080", "127.0.0.1:8080"), addrs("192.168.1.2")},
		"no network":     {addrPorts("127.0.0.1:8080"), addrs("127.0.0.1")},
		"IPv6":           {addrPorts("[2001:db8::1]:8080", "127.0.0.1:8080"), addrs("2001:db8::1")},
		"nothing":        {nil, nil},
	} {
		if got := overTCP(c.offered); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestDeadEnds(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"eth0": false, "enp3s0": false, "wlan0": false, "en0": false, "br0": false, "br-lan": false, "vmbr0": false, "bond0": false,
		"tailscale0": false, "wg0": false, "tun0": false, "ppp0": false, "eth0.100": false, "Ethernet 2": false,
		"docker0": true, "docker_gwbridge": true, "br-0123456789ab": true, "veth12ab": true, "virbr0": true, "virbr0-nic": true,
		"lxcbr0": true, "podman1": true, "cni0": true, "cni-podman0": true, "flannel.1": true, "cali0123": true, "vmnet8": true,
		"vboxnet0": true, "kube-ipvs0": true, "dummy0": true,
	} {
		if got := deadEnd(name); got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

func TestWorthOffering(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]bool{
		"192.168.1.2": true, "203.0.113.5": true, "fd00::2": true, "2001:db8::1": true,
		"127.0.0.1": false, "::1": false, "169.254.1.1": false, "fe80::1": false, "224.0.0.1": false, "0.0.0.0": false,
	} {
		if got := worthOffering(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s: %v, want %v", address, got, want)
		}
	}
}

func TestPublicAddressesChange(t *testing.T) {
	t.Parallel()
	m := listen(t, func(c *Config) { c.PublicIPs = addrs("203.0.113.5", "::ffff:203.0.113.6", "0.0.0.0", "224.0.0.1") })
	port := uint16(m.Port())
	before := []netip.AddrPort{
		netip.AddrPortFrom(netip.MustParseAddr("203.0.113.5"), port), netip.AddrPortFrom(netip.MustParseAddr("203.0.113.6"), port), at(m),
	}
	if got := m.Addresses(); !slices.Equal(got, before) {
		t.Errorf("offered %v, want %v", got, before)
	}
	m.SetPublic(addrs("203.0.113.7"), 443)
	after := []netip.AddrPort{netip.MustParseAddrPort("203.0.113.7:443"), at(m)}
	if got := m.Addresses(); !slices.Equal(got, after) {
		t.Errorf("offered %v, want %v", got, after)
	}
	for _, a := range slices.Concat(before, after) {
		if !m.Offers(a) {
			t.Errorf("%s is forgotten", a)
		}
	}
	if m.Offers(netip.MustParseAddrPort("203.0.113.7:444")) {
		t.Error("another port counts as offered")
	}
}

func TestOldOffersAreBounded(t *testing.T) {
	t.Parallel()
	m := listen(t)
	for i := range 2 * rememberedOffers {
		m.SetPublic([]netip.Addr{netip.AddrFrom4([4]byte{203, 0, 113, byte(i)})}, 0)
		m.hosts.offer(time.Now())
	}
	if n := len(m.hosts.history); n != rememberedOffers {
		t.Errorf("%d old offers are kept, want %d", n, rememberedOffers)
	}
}
