package wire

import (
	"context"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/stun/v4"
)

func TestMappedAddressIsThatOfThePort(t *testing.T) {
	t.Parallel()
	for _, host := range []string{"127.0.0.1", "::1"} {
		server := listen(t, func(c *Config) { c.Listen = net.JoinHostPort(host, "0") }) // answers STUN, as any of ours
		m := listen(t, func(c *Config) { c.Listen = net.JoinHostPort(host, "0") })
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		got, err := m.Mapped(ctx, netip.AddrPortFrom(netip.MustParseAddr(host), uint16(server.Port())))
		cancel()
		if want := netip.AddrPortFrom(netip.MustParseAddr(host), uint16(m.Port())); err != nil || got != want {
			t.Errorf("mapped to %s, %v; want %s", got, err, want)
		}
	}
}

func TestSTUNServerThatIsSilent(t *testing.T) {
	t.Parallel()
	m := listen(t)
	silent, addr := receiver(t)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := m.Mapped(ctx, addr)
		done <- err
	}()
	first := receive(t, silent)
	// Answers from elsewhere, and answers that say nothing, are not believed.
	forged := appendBindingAnswer(nil, first, netip.MustParseAddrPort("203.0.113.66:66"))
	other, _ := receiver(t)
	empty := stun.MustBuild(&stun.Message{TransactionID: [12]byte(first[8:20])}, stun.BindingSuccess)
	if _, err := other.WriteToUDPAddrPort(forged, at(m)); err != nil {
		t.Fatal(err)
	}
	if _, err := silent.WriteToUDPAddrPort(empty.Raw, at(m)); err != nil {
		t.Fatal(err)
	}
	if second := receive(t, silent); string(second) != string(first) {
		t.Errorf("asked again with %x, want %x", second, first)
	}
	cancel()
	if err := <-done; err == nil {
		t.Error("there is an address although nobody answered")
	}
	if n := len(m.inquiries.waiting); n != 0 {
		t.Errorf("%d requests are left", n)
	}
}

// FuzzXORMapped decodes the attribute in any message that passes for STUN, and compares with Pion.
func FuzzXORMapped(f *testing.F) {
	request := message(stun.MethodBinding, stun.ClassRequest)
	f.Add(appendBindingAnswer(nil, request, netip.MustParseAddrPort("203.0.113.5:4443")))
	f.Add(appendBindingAnswer(nil, request, netip.MustParseAddrPort("[2001:db8::5]:4443")))
	f.Fuzz(func(t *testing.T, p []byte) {
		if classify(p) != classMedia || !isSTUN(p) {
			return
		}
		got, ok := xorMapped(p)
		m := &stun.Message{Raw: p}
		var want stun.XORMappedAddress
		if err := m.Decode(); err != nil || want.GetFrom(m) != nil || !ok {
			return
		}
		if ip, _ := netip.AddrFromSlice(want.IP); ip.Unmap() != got.Addr() || want.Port != int(got.Port()) {
			t.Errorf("%s, Pion says %s", got, want)
		}
	})
}
