package doctor

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"confab/internal/outside"
	"confab/sfu/wire"
)

// examineAddresses tells what clients will be offered, and where it comes from.
// With a server that runs, port is another one than its own, for which the router is then asked.
func (s Server) examineAddresses(ctx context.Context, r *report, port *wire.Mux, running bool) {
	host, _ := s.public()
	led := s.examineName(ctx, r, host)
	cfg := outside.Config{
		Addresses: s.PublicIPs, ExternalPort: s.PublicPort, Names: []string{host}, STUN: s.STUN, MapPort: s.MapPort,
	}
	if running {
		cfg.ExternalPort = 0 // the right one belongs to the server
	}
	ways := outside.Keep(ctx, cfg, port)
	defer ways.Close() // takes a mapping back
	known := ways.Status()
	s.examineMapping(r, known)
	seen := s.examineSeen(ctx, r, port)
	for _, a := range append(slices.Clone(s.PublicIPs), led...) {
		if family := sameFamily(seen, a); !slices.Contains(seen, a) && len(family) > 0 && !a.IsPrivate() {
			r.add(Finding{"public address", Warning, fmt.Sprintf("%s is offered to callers, but the internet sees this machine as %s", a, list(family)),
				"Correct CONFAB_PUBLIC_IP, or where the name in CONFAB_PUBLIC_URL leads to. (Where outgoing connections have an address of their own, all is well.)"})
		}
	}
	if running {
		port.SetPublic(known.Addresses, s.PublicPort)
	}
	offered := port.Addresses()
	if _, text, err := net.SplitHostPort(s.Listen); err == nil && running {
		number, _ := strconv.ParseUint(text, 10, 16) // it was good enough for Listen
		for i, a := range offered {
			if int(a.Port()) == port.Port() {
				offered[i] = netip.AddrPortFrom(a.Addr(), uint16(number))
			}
		}
	}
	tellOffered(r, offered)
}

// sameFamily picks the addresses of the same IP version.
func sameFamily(addrs []netip.Addr, as netip.Addr) []netip.Addr {
	return slices.DeleteFunc(slices.Clone(addrs), func(a netip.Addr) bool { return a.Is4() != as.Is4() })
}

// examineName finds out where the name in the public URL leads to, and returns that.
func (s Server) examineName(ctx context.Context, r *report, host string) (led []netip.Addr) {
	if _, err := netip.ParseAddr(host); err == nil || host == "localhost" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	found, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		r.add(Finding{"name", Failure, fmt.Sprintf("%s leads nowhere: %v", host, err), "Where the domain is administered, add an A record (and AAAA, for IPv6) with this machine's public address, or correct CONFAB_PUBLIC_URL or CONFAB_DOMAIN."})
		return nil
	}
	for _, a := range found {
		if a = a.Unmap(); !slices.Contains(led, a) {
			led = append(led, a)
		}
	}
	r.fine("name", "%s leads to %s", host, list(led))
	return slices.DeleteFunc(led, func(a netip.Addr) bool { return !a.IsGlobalUnicast() })
}

// examineSeen asks the STUN servers how the internet sees this machine.
func (s Server) examineSeen(ctx context.Context, r *report, port *wire.Mux) []netip.Addr {
	if len(s.STUN) == 0 {
		return nil
	}
	ways := outside.Keep(ctx, outside.Config{STUN: s.STUN}, unchanging{port})
	defer ways.Close()
	known := ways.Status()
	if len(known.Addresses) == 0 {
		r.add(Finding{"public address", Warning, "no STUN server has answered: " + strings.Join(known.Errors, "; "),
			"Check CONFAB_STUN and that UDP may leave this network, or set CONFAB_PUBLIC_IP."})
		return nil
	}
	r.fine("public address", "the internet sees this machine as %s", list(known.Addresses))
	return known.Addresses
}

// examineMapping tells what the router has answered.
func (s Server) examineMapping(r *report, known outside.Status) {
	switch {
	case !s.MapPort:
	case known.Mapping == "":
		r.add(Finding{"router", Failure, "it does not forward the port: " + strings.Join(known.Errors, "; "),
			"Allow UPnP, NAT-PMP or PCP in the router's settings, or forward the port there by hand, in UDP and TCP, and leave CONFAB_MAP_PORT out."})
	case len(known.Errors) > 0:
		r.add(Finding{"router", Warning, strings.Join(known.Errors, "; "),
			"The provider shares one address among several customers. Ask it for an address of your own, use IPv6, or a server elsewhere."})
	default:
		r.fine("router", "it forwards a port when it is asked to (%s)", known.Mapping)
	}
}

// unchanging lets a Keeper ask through a port without changing what the port offers.
type unchanging struct{ *wire.Mux }

func (unchanging) SetPublic([]netip.Addr, uint16) {}

func tellOffered(r *report, offered []netip.AddrPort) {
	var outward []netip.AddrPort
	for _, a := range offered {
		if a.Addr().IsGlobalUnicast() && !a.Addr().IsPrivate() {
			outward = append(outward, a)
		}
	}
	switch {
	case len(outward) > 0:
		r.fine("addresses", "callers outside use %s; all that is offered: %s", list(outward), list(offered))
	case slices.ContainsFunc(offered, func(a netip.AddrPort) bool { return !a.Addr().IsLoopback() }):
		r.add(Finding{"addresses", Warning, "only people in the same network can call: offered are " + list(offered),
			"If that is what you want, all is well. For calls with people outside set CONFAB_PUBLIC_IP or CONFAB_STUN, and forward the port in UDP and TCP."})
	default:
		r.add(Finding{"addresses", Warning, "only this machine itself can call: offered are " + list(offered),
			"Let CONFAB_LISTEN name no host, or one that others reach, and connect the machine to a network."})
	}
}

// list writes things as a person would.
func list[T fmt.Stringer](things []T) string {
	words := make([]string, len(things))
	for i, t := range things {
		words[i] = t.String()
	}
	return strings.Join(words, ", ")
}
