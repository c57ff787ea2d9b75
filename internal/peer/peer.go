// Package peer tells at which network address the other side of a request is, behind reverse proxies too.
package peer

import (
	"bytes"
	"net/netip"
	"strings"

	"github.com/gofiber/fiber/v2"
)

// key is where the address lies among a request's locals.
type key struct{}

// Middleware finds the address out and keeps it for Address. X-Forwarded-For is believed as far as trusted proxies
// wrote it: it is read from its end, and the first address that is none of theirs is the client. What stands before
// that is whatever the client claimed.
func Middleware(trusted []netip.Prefix) fiber.Handler {
	return func(c *fiber.Ctx) error {
		addr, _ := netip.AddrFromSlice(c.Context().RemoteIP())
		c.Locals(key{}, client(addr.Unmap(), forwarded(c), trusted))
		return c.Next()
	}
}

// forwarded is all of X-Forwarded-For: a proxy may add a line of its own rather than to the client's (RFC 9110, section 5.3).
func forwarded(c *fiber.Ctx) string {
	return string(bytes.Join(c.Request().Header.PeekAll(fiber.HeaderXForwardedFor), []byte(",")))
}

// Address is what Middleware found.
func Address(c *fiber.Ctx) netip.Addr {
	addr, _ := c.Locals(key{}).(netip.Addr)
	return addr
}

// Network is the part of an address by which strangers are counted: all of an IPv4 address, and of an IPv6 address the
// /64 that a household or a machine has to itself.
func Network(a netip.Addr) string {
	if a.Is6() {
		if p, err := a.WithZone("").Prefix(64); err == nil {
			return p.String()
		}
	}
	return a.String()
}

func client(remote netip.Addr, forwarded string, trusted []netip.Prefix) netip.Addr {
	hops := strings.Split(forwarded, ",")
	at := remote
	for i := len(hops) - 1; i >= 0 && within(at, trusted); i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		at = hop.Unmap()
	}
	return at
}

func within(a netip.Addr, prefixes []netip.Prefix) bool {
	for _, p := range prefixes {
		if p.Contains(a) {
			return true
		}
	}
	return false
}
