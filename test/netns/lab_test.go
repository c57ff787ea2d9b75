// Package netns holds calls over networks as they are outside: behind NAT, behind firewalls, over IPv6 only, over links that
// lose and delay, while addresses change. Each test builds its networks out of Linux network namespaces, virtual cables and
// nftables, and runs server and clients as processes inside them. It needs root and a Linux that allows namespaces; where
// it does not, each test says loudly that it was left out.
package netns

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
)

// lab is a set of hosts and the cables between them. It goes away with its test.
type lab struct {
	t      *testing.T
	prefix string
}

var labs atomic.Int32 // numbers the labs of this process, whose namespaces share one list of names

// newLab prepares a lab, or returns nil where there can be none.
func newLab(t *testing.T) *lab {
	t.Helper()
	l := &lab{t: t, prefix: fmt.Sprintf("confab%d-%d-", os.Getpid(), labs.Add(1))}
	if err := possible(l.prefix); err != nil {
		l.leaveOut(fmt.Errorf("this machine allows no network namespaces: %w", err))
		return nil
	}
	return l
}

// leaveOut says loudly that the test was not made.
func (l *lab) leaveOut(why error) {
	message := fmt.Sprintf("LEFT OUT: %s was not tested: %v", l.t.Name(), why)
	fmt.Fprintln(os.Stderr, "\n"+message)
	l.t.Log(message)
}

// possible tries everything that labs are made of.
func possible(prefix string) error {
	probe := prefix + "probe"
	defer exec.Command("ip", "netns", "del", probe).Run() // there may be none
	for _, command := range [][]string{
		{"ip", "netns", "add", probe},
		{"ip", "-n", probe, "link", "add", "one", "type", "veth", "peer", "name", "two"},
		{"ip", "-n", probe, "link", "add", "three", "type", "bridge"},
		{"ip", "netns", "exec", probe, "nft", "add table ip probe; add chain ip probe c { type nat hook postrouting priority 100; }"},
	} {
		if out, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w: %s", strings.Join(command, " "), err, out)
		}
	}
	return nil
}

// must runs a command.
func (l *lab) must(command ...string) {
	l.t.Helper()
	if out, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
		l.t.Fatalf("%s: %v: %s", strings.Join(command, " "), err, out)
	}
}

// host is a machine: a namespace.
type host struct {
	lab *lab
	ns  string
}

func (l *lab) host(name string) *host {
	l.t.Helper()
	h := &host{lab: l, ns: l.prefix + name}
	l.must("ip", "netns", "add", h.ns)
	l.t.Cleanup(func() { l.must("ip", "netns", "del", h.ns) })
	// Otherwise IPv6 begins to work seconds after a cable is plugged in, when nobody else turned out to have the address.
	h.run("sh", "-c", "echo 0 > /proc/sys/net/ipv6/conf/default/accept_dad")
	h.ip("link", "set", "lo", "up")
	return h
}

// ip runs ip(8) for the host.
func (h *host) ip(args ...string) {
	h.lab.t.Helper()
	h.lab.must(append([]string{"ip", "-n", h.ns}, args...)...)
}

// run runs a command on the host.
func (h *host) run(command ...string) {
	h.lab.t.Helper()
	h.lab.must(append([]string{"ip", "netns", "exec", h.ns}, command...)...)
}

// router makes the host pass packets on.
func (h *host) router() *host {
	h.lab.t.Helper()
	h.run("sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward; echo 1 > /proc/sys/net/ipv6/conf/all/forwarding")
	return h
}

// nft loads rules into the host's firewall.
func (h *host) nft(rules ...string) {
	h.lab.t.Helper()
	h.run("nft", strings.Join(rules, "; "))
}

// via sets the default route.
func (h *host) via(gateway string) *host {
	h.lab.t.Helper()
	family := "-4"
	if strings.Contains(gateway, ":") {
		family = "-6"
	}
	h.ip(family, "route", "add", "default", "via", gateway)
	return h
}

// end is one end of a cable: a host, what the network card is called there, and its address with prefix length.
type end struct {
	host    *host
	card    string
	address string // may be empty: a port of a bridge
}

// cable connects two hosts.
func (l *lab) cable(a, b end) {
	l.t.Helper()
	l.must("ip", "link", "add", a.card, "netns", a.host.ns, "type", "veth", "peer", "name", b.card, "netns", b.host.ns)
	for _, e := range []end{a, b} {
		e.host.ip("link", "set", e.card, "up")
	}
	for _, e := range []end{a, b} {
		if e.address != "" {
			e.host.address(e.card, e.address)
		}
	}
}

// address gives a card an address.
func (h *host) address(card, address string) {
	h.lab.t.Helper()
	args := []string{"address", "add", address, "dev", card}
	if strings.Contains(address, ":") {
		args = append(args, "nodad") // otherwise the address takes seconds to become usable
	}
	h.ip(args...)
}

// bridge connects cards of a host into one network, in which the host itself may have an address.
func (h *host) bridge(name, address string, cards ...string) {
	h.lab.t.Helper()
	h.ip("link", "add", name, "type", "bridge")
	for _, c := range cards {
		h.ip("link", "set", c, "master", name)
	}
	h.ip("link", "set", name, "up")
	if address != "" {
		h.address(name, address)
	}
}
