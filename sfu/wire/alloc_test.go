//go:build !race

// The race detector makes sync.Pool forget at random, so allocations are counted without it.

package wire

import (
	"net/netip"
	"testing"
)

func TestHotPathsDoNotAllocate(t *testing.T) {
	m := listen(t)
	_, addr := receiver(t)
	c := candidate(t, m, "leg", "127.0.0.1:1")
	to, packets := []netip.AddrPort{addr, addr, addr}, [][]byte{make([]byte, 1200), make([]byte, 1200), make([]byte, 100)}
	media := []byte{0x80, 1, 2, 3}
	buf := make([]byte, maxDatagram)
	for name, do := range map[string]func(){
		"WriteBatch":      func() { _, _ = m.WriteBatch(to, packets) },
		"WriteToAddrPort": func() { _, _ = c.WriteToAddrPort(media, addr) },
		"receive": func() {
			p := m.pool.get()
			p.n, p.peer = copy(p.buf[:], media), addr
			m.receive(p)
			_, _, _ = c.ReadFromAddrPort(buf)
		},
	} {
		do() // fills the pools
		if n := testing.AllocsPerRun(200, do); n >= 1 {
			t.Errorf("%s allocates %.1f times a packet", name, n)
		}
	}
}
