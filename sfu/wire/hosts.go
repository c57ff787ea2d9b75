package wire

import (
	"bufio"
	"encoding/hex"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// interfacesFor is how long a list of interface addresses is good: a burst of joins asks the kernel once.
	interfacesFor = 5 * time.Second
	// maxCandidates bounds what one description carries: each candidate costs each leg a goroutine and the client checks.
	maxCandidates = 16
	// rememberedOffers bounds the addresses that were offered once and still count as ours: legs made before an address
	// changed go on under the old one.
	rememberedOffers = 64
)

// hosts knows the addresses under which this server can be reached.
type hosts struct {
	bound netip.AddrPort
	log   *slog.Logger

	mu      sync.Mutex
	locals  localAddrs       // owned by mu
	read    time.Time        // owned by mu: when locals were read
	public  []netip.AddrPort // owned by mu
	history []netip.AddrPort // owned by mu: all that was offered, oldest first

	offered atomic.Pointer[map[netip.AddrPort]struct{}] // history, for lookups without a lock
}

// localAddrs are the addresses of this machine: those worth offering, and all.
type localAddrs struct {
	usable []netip.Addr
	all    []netip.Addr
}

func newHosts(bound netip.AddrPort, log *slog.Logger) *hosts {
	h := &hosts{bound: netip.AddrPortFrom(bound.Addr().Unmap(), bound.Port()), log: log}
	h.offered.Store(&map[netip.AddrPort]struct{}{})
	return h
}

// Addresses are the address and port pairs offered as candidates now: those of interfaces that lead somewhere, then the
// public ones. Loopback is offered while there is no public address, for a browser on the same machine, or when there is
// nothing else.
func (m *Mux) Addresses() []netip.AddrPort { return m.hosts.offer(time.Now()) }

// Offers tells whether an address and port pair is a candidate of this server, or was one recently: legs made before an
// address changed go on under the old one. The port 0 stands for any.
func (m *Mux) Offers(a netip.AddrPort) bool { return m.hosts.offers(a) }

// SetPublic replaces Config.PublicIPs and Config.PublicPort: legs that are made or restarted from now on offer the new
// addresses, the others live on.
func (m *Mux) SetPublic(ips []netip.Addr, port uint16) {
	if port == 0 {
		port = m.port
	}
	var public []netip.AddrPort
	for _, ip := range ips {
		if ip = ip.Unmap(); ip.IsValid() && !ip.IsUnspecified() && !ip.IsMulticast() {
			public = append(public, netip.AddrPortFrom(ip.WithZone(""), port))
		}
	}
	m.hosts.mu.Lock()
	defer m.hosts.mu.Unlock()
	m.hosts.public = public
}

func (h *hosts) offer(now time.Time) []netip.AddrPort {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.refresh(now)
	list := candidates(h.bound, h.locals.usable, h.public)
	h.remember(list)
	return list
}

// refresh reads the interfaces again if that is due. The caller holds mu.
func (h *hosts) refresh(now time.Time) {
	if !h.read.IsZero() && now.Sub(h.read) < interfacesFor {
		return
	}
	locals, err := readInterfaces()
	if err != nil {
		h.log.Warn("cannot read the addresses of network interfaces", "error", err)
	}
	h.locals, h.read = locals, now
}

// remember adds to history what is not in it. The caller holds mu.
func (h *hosts) remember(list []netip.AddrPort) {
	known := *h.offered.Load()
	fresh := slices.DeleteFunc(slices.Clone(list), func(a netip.AddrPort) bool { _, ok := known[a]; return ok })
	if len(fresh) == 0 {
		return
	}
	h.history = append(h.history, fresh...)
	if n := len(h.history) - rememberedOffers; n > 0 {
		h.history = slices.Delete(h.history, 0, n)
	}
	next := make(map[netip.AddrPort]struct{}, 2*len(h.history))
	for _, a := range h.history {
		next[a] = struct{}{}
		next[netip.AddrPortFrom(a.Addr(), 0)] = struct{}{}
	}
	h.offered.Store(&next)
}

// offers tells whether a was offered as a candidate; with port 0, whether its address was.
func (h *hosts) offers(a netip.AddrPort) bool {
	_, ok := (*h.offered.Load())[a]
	return ok
}

// own tells whether a is an address of this machine, so that packets can leave from it.
func (h *hosts) own(a netip.Addr) bool {
	if a.IsLoopback() || a == h.bound.Addr() {
		return true
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.refresh(time.Now())
	return slices.Contains(h.locals.all, a)
}

// candidates decides what to offer, given the address listened on, the usable addresses of interfaces and the public
// ones.
func candidates(bound netip.AddrPort, usable []netip.Addr, public []netip.AddrPort) []netip.AddrPort {
	var list []netip.AddrPort
	add := func(a netip.AddrPort) {
		if !slices.Contains(list, a) && len(list) < maxCandidates {
			list = append(list, a)
		}
	}
	for _, a := range public { // first, so that the bound never cuts them
		add(a)
	}
	if !bound.Addr().IsUnspecified() {
		add(bound)
		return list
	}
	for _, a := range usable {
		if a.Is4() || bound.Addr().Is6() {
			add(netip.AddrPortFrom(a, bound.Port()))
		}
	}
	if len(public) == 0 {
		add(netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), bound.Port()))
	}
	return list
}

// deadEnd matches the names of interfaces whose addresses lead to containers or virtual machines on this machine only.
// Bridges that people make themselves (br0, br-lan, vmbr0) carry a LAN and are kept; Docker names its own br-<12 hex>.
func deadEnd(name string) bool {
	return deadEndNames.MatchString(name)
}

var deadEndNames = regexp.MustCompile(
	`^(docker\d*|docker_gwbridge|br-[0-9a-f]{12}|veth.*|virbr\d+.*|vnet\d+|lxcbr\d+|lxdbr\d+|incusbr\d+|podman\d+|cni[-\d].*|` +
		`cbr\d+|flannel.*|cali.*|cilium.*|lxc[0-9a-f_].*|kube-.*|nodelocaldns|weave|vmnet\d+|vboxnet\d+|dummy\d+|ifb\d+)$`)

// readInterfaces lists the addresses of the interfaces that are up.
func readInterfaces() (localAddrs, error) {
	interfaces, err := net.Interfaces()
	if err != nil {
		return localAddrs{}, err
	}
	passing := passingIPv6()
	var out localAddrs
	for _, i := range interfaces {
		if i.Flags&net.FlagUp == 0 {
			continue
		}
		addrs, err := i.Addrs()
		if err != nil {
			continue // gone meanwhile
		}
		for _, a := range addrs {
			ipnet, ok := a.(*net.IPNet)
			if !ok {
				continue
			}
			ip, _ := netip.AddrFromSlice(ipnet.IP)
			ip = ip.Unmap()
			out.all = append(out.all, ip)
			if i.Flags&net.FlagLoopback == 0 && !deadEnd(i.Name) && worthOffering(ip) && !slices.Contains(passing, ip) {
				out.usable = append(out.usable, ip)
			}
		}
	}
	// IPv4 first: it is what relayed clients have, and what is left when the list is cut.
	slices.SortStableFunc(out.usable, func(a, b netip.Addr) int { return a.BitLen() - b.BitLen() })
	return out, nil
}

// worthOffering tells whether somebody else can reach an address at all: no link-local one (it is meaningless without a
// zone), no loopback, no multicast.
func worthOffering(ip netip.Addr) bool {
	return ip.IsGlobalUnicast() && !ip.IsLinkLocalUnicast()
}

// passingIPv6 lists IPv6 addresses that are about to go or not there yet (temporary, deprecated, tentative or duplicate):
// a server is asked for under its stable ones. Only Linux tells; elsewhere the list is empty.
func passingIPv6() []netip.Addr {
	const passingFlags = 0x01 | 0x08 | 0x20 | 0x40 // IFA_F_TEMPORARY, DADFAILED, DEPRECATED, TENTATIVE
	f, err := os.Open("/proc/net/if_inet6")
	if err != nil {
		return nil
	}
	defer f.Close() // only read
	var out []netip.Addr
	for lines := bufio.NewScanner(f); lines.Scan(); {
		// address, interface, prefix length, scope, flags, name; all numbers hexadecimal
		fields := strings.Fields(lines.Text())
		if len(fields) < 6 {
			continue
		}
		flags, err := strconv.ParseUint(fields[4], 16, 32)
		raw, rawErr := hex.DecodeString(fields[0])
		ip, ok := netip.AddrFromSlice(raw)
		if err == nil && rawErr == nil && ok && flags&passingFlags != 0 {
			out = append(out, ip)
		}
	}
	return out
}
