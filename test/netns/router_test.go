package netns

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A home router that forwards ports when it is asked to: miniupnpd, as in many real ones. It refuses to work behind an
// address that is set aside for documentation, so that its lab has others; nothing of them leaves the lab.
const (
	askedPublic = "25.1.1.10"
	askedLAN    = "10.0.2.0/24"
	// askedRules are those of a router that lets nothing in by itself. miniupnpd fills the chains that are empty.
	askedRules = "add table inet filter; " +
		"add chain inet filter forward { type filter hook forward priority 0; policy drop; }; add chain inet filter asked; " +
		"add chain inet filter pre { type nat hook prerouting priority -100; }; add chain inet filter asked_pre; " +
		"add chain inet filter post { type nat hook postrouting priority 100; }; add chain inet filter asked_post; " +
		"add rule inet filter forward ct state established,related accept; add rule inet filter forward iifname br-lan accept; " +
		"add rule inet filter forward jump asked; add rule inet filter pre jump asked_pre; " +
		"add rule inet filter post jump asked_post; add rule inet filter post oifname wan masquerade fully-random"
	// onlyNATPMP drops questions of version 2: those of PCP, which a router of before 2013 does not know.
	onlyNATPMP = "add chain inet filter in { type filter hook input priority 0; }; add rule inet filter in udp dport 5351 @th,64,8 2 drop"
)

// askable lets a router forward ports when it is asked to, until stop is called or the test ends.
func (h *host) askable(upnp, natPMP bool) (stop func()) {
	t := h.lab.t
	t.Helper()
	yes := map[bool]string{true: "yes", false: "no"}
	config := filepath.Join(t.TempDir(), "miniupnpd.conf")
	text := strings.Join([]string{
		"ext_ifname=wan", "listening_ip=br-lan", "port=0", "enable_upnp=" + yes[upnp], "enable_natpmp=" + yes[natPMP], "secure_mode=yes",
		"upnp_table_name=filter", "upnp_nat_table_name=filter", "upnp_forward_chain=asked", "upnp_nat_chain=asked_pre",
		"upnp_nat_postrouting_chain=asked_post", "uuid=00000000-0000-4000-8000-000000000001",
		"allow 1024-65535 " + askedLAN + " 1024-65535", "deny 0-65535 0.0.0.0/0 0-65535", "",
	}, "\n")
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	daemon := exec.Command("ip", "netns", "exec", h.ns, "miniupnpd", "-d", "-f", config, "-P", filepath.Join(t.TempDir(), "pid"))
	listens := &lines{want: "HTTP listening", seen: make(chan struct{})}
	if natPMP { // the last thing that it opens
		listens.want = "Listening for NAT-PMP/PCP"
	}
	daemon.Stderr, daemon.Stdout = listens, listens
	if err := daemon.Start(); err != nil {
		t.Fatal(err)
	}
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		_ = daemon.Process.Kill() // so that it takes nothing back
		_ = daemon.Wait()
	}
	t.Cleanup(func() {
		stop()
		if t.Failed() {
			t.Logf("miniupnpd: %s", listens.text.Bytes())
		}
	})
	select {
	case <-listens.seen:
	case <-time.After(20 * time.Second):
		t.Fatal("miniupnpd does not listen")
	}
	return stop
}

// lines is what a process prints; seen is closed when a line was.
type lines struct {
	want string
	seen chan struct{}
	text bytes.Buffer // owned by the goroutine that copies, until the process was waited for
	done bool
}

func (l *lines) Write(p []byte) (int, error) {
	l.text.Write(p)
	if !l.done && bytes.Contains(l.text.Bytes(), []byte(l.want)) {
		l.done = true
		close(l.seen)
	}
	return len(p), nil
}

// forwarded lists the ports that a router forwards.
func (h *host) forwarded() string {
	h.lab.t.Helper()
	out, err := exec.Command("ip", "netns", "exec", h.ns, "nft", "list", "chain", "inet", "filter", "asked_pre").CombinedOutput()
	if err != nil {
		h.lab.t.Fatalf("%v: %s", err, out)
	}
	var rules []string
	for _, line := range strings.Split(string(out), "\n") {
		if _, to, ok := strings.Cut(line, "dnat ip to "); ok {
			rules = append(rules, strings.TrimSpace(to))
		}
	}
	return strings.Join(rules, " ")
}

// askedLab is a house with such a router, a server and a mate in it, and a friend outside; nil where there can be none.
func askedLab(t *testing.T) (router, server, mate, friend *host) {
	t.Helper()
	l := newLab(t)
	if l == nil {
		return nil, nil, nil, nil
	}
	out, err := exec.Command("miniupnpd", "--version").CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte("nftables")) {
		l.leaveOut(fmt.Errorf("there is no miniupnpd for nftables (Debian: miniupnpd-nftables): %v", err))
		return nil, nil, nil, nil
	}
	core := l.host("core").router()
	friend = l.connected(core, "friend", friendPublic+"/24", "192.0.2.1/24")
	router = l.connected(core, "router", askedPublic+"/24", "25.1.1.1/24").router()
	server, mate = l.host("server"), l.host("mate")
	l.cable(end{router, "port1", ""}, end{server, "lan", "10.0.2.2/24"})
	l.cable(end{router, "port2", ""}, end{mate, "lan", "10.0.2.3/24"})
	router.bridge("br-lan", "10.0.2.1/24", "port1", "port2")
	server.via("10.0.2.1")
	mate.via("10.0.2.1")
	router.nft(askedRules)
	return router, server, mate, friend
}

// The router is asked to forward the port, in each language that routers understand, and the forwarding is taken back.
func TestRouterThatIsAsked(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		upnp, natPMP bool
		rules        string
		want         string
	}{
		"by PCP":     {false, true, "", "PCP"},
		"by NAT-PMP": {false, true, onlyNATPMP, "NAT-PMP"},
		"by UPnP":    {true, false, "", "UPnP"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			router, server, mate, friend := askedLab(t)
			if router == nil {
				return
			}
			if c.rules != "" {
				router.nft(c.rules)
			}
			router.askable(c.upnp, c.natPMP)
			confab := server.start("server", serverConfig{Listen: ":8080", MapPort: true})
			if got, want := confab.wait("ready").Detail, c.want+" "+askedPublic+":8080"; got != want {
				t.Fatalf("forwarded by %s, want %s", got, want)
			}
			talk(t,
				friend.start("client", clientConfig{Server: askedPublic + ":8080", Leg: "friend", UDP: true}),
				mate.start("client", clientConfig{Server: "10.0.2.2:8080", Leg: "mate", UDP: true}))
			confab.end()
			if left := router.forwarded(); left != "" {
				t.Errorf("still forwarded after the server has ended: %s", left)
			}
		})
	}
}

// The port outside belongs to another machine of the house already: the router gives another, which is offered then.
func TestRouterThatGivesAnotherPort(t *testing.T) {
	t.Parallel()
	router, server, mate, friend := askedLab(t)
	if router == nil {
		return
	}
	router.askable(false, true)
	if got, want := mate.start("server", serverConfig{Listen: ":8080", MapPort: true}).wait("ready").Detail, "PCP "+askedPublic+":8080"; got != want {
		t.Fatalf("the first is forwarded by %s, want %s", got, want)
	}
	got := server.start("server", serverConfig{Listen: ":8080", MapPort: true}).wait("ready").Detail
	at, ok := strings.CutPrefix(got, "PCP ")
	if !ok || !strings.HasPrefix(at, askedPublic+":") || at == askedPublic+":8080" {
		t.Fatalf("the second is forwarded by %s, want PCP and another port", got)
	}
	talk(t,
		friend.start("client", clientConfig{Server: at, Leg: "friend", UDP: true}),
		mate.start("client", clientConfig{Server: "10.0.2.2:8080", Leg: "mate", UDP: true}))
}

// The router is switched off and on, and has forgotten everything: it is asked again.
func TestRouterThatForgets(t *testing.T) {
	t.Parallel()
	router, server, _, _ := askedLab(t)
	if router == nil {
		return
	}
	stop := router.askable(false, true)
	server.start("server", serverConfig{Listen: ":8080", MapPort: true, Every: time.Second}).wait("ready")
	before := router.forwarded()
	stop()
	router.nft("flush chain inet filter asked; flush chain inet filter asked_pre")
	router.askable(false, true)
	deadline := time.After(30 * time.Second)
	for router.forwarded() != before {
		select {
		case <-deadline:
			t.Fatalf("forwarded are %q, want %q again", router.forwarded(), before)
		case <-time.After(100 * time.Millisecond):
		}
	}
}
