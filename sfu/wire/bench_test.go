package wire

import (
	"fmt"
	"net/netip"
	"sync/atomic"
	"testing"
)

// sinks are sockets that are never read: the kernel drops what does not fit, after the sender has paid for it.
func sinks(b *testing.B, n int) (out []netip.AddrPort) {
	b.Helper()
	for range n {
		_, addr := receiver(b)
		out = append(out, addr)
	}
	return out
}

// BenchmarkSend compares the ways to send 1,200-byte packets to 20 receivers: one by one, as one batch that changes its
// destination with every packet (audio), and in runs (the packets of a video frame).
func BenchmarkSend(b *testing.B) {
	const receivers = 20
	for _, run := range []int{1, 4, 10, 40} {
		for _, way := range []string{"plain", "batch"} {
			b.Run(fmt.Sprintf("%s/run=%d", way, run), func(b *testing.B) {
				m := listen(b)
				to, packets := fanOut(sinks(b, receivers), run, 1200)
				plain := &plainSender{s: m.socket}
				before := m.Stats()
				b.SetBytes(1200)
				b.ReportAllocs()
				for b.Loop() {
					if way == "batch" {
						_, _ = m.WriteBatch(to, packets)
						continue
					}
					for i := range to {
						plain.add(to[i], netip.Addr{}, packets[i:i+1])
					}
					_, _ = plain.flush()
				}
				report(b, m, before)
			})
		}
	}
}

// BenchmarkCandidateWrite is what Pion pays for a packet that it sends itself.
func BenchmarkCandidateWrite(b *testing.B) {
	for _, writers := range []int{1, 4} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			m := listen(b)
			to := sinks(b, 4*writers)
			before := m.Stats()
			b.ReportAllocs()
			b.SetParallelism(writers)
			var legs atomic.Int32
			b.RunParallel(func(pb *testing.PB) {
				n := int(legs.Add(1))
				c := candidate(b, m, fmt.Sprint("leg", n), "127.0.0.1:1")
				p := make([]byte, 1200)
				for pb.Next() {
					_, _ = c.WriteToAddrPort(p, to[n%len(to)])
				}
			})
			report(b, m, before)
		})
	}
}

// BenchmarkReceive is the way of a packet from the socket to its leg.
func BenchmarkReceive(b *testing.B) {
	m := listen(b)
	c := candidate(b, m, "leg", "127.0.0.1:1")
	peer := netip.MustParseAddrPort("127.0.0.1:5000")
	m.ice.learn(c, peer)
	media := make([]byte, 1200)
	media[0] = 0x80
	buf := make([]byte, maxDatagram)
	b.ReportAllocs()
	for b.Loop() {
		p := m.pool.get()
		p.n, p.peer = copy(p.buf[:], media), peer
		m.receive(p)
		if _, _, err := c.ReadFromAddrPort(buf); err != nil {
			b.Fatal(err)
		}
	}
}

// fanOut makes one run of packets for each destination.
func fanOut(dst []netip.AddrPort, run, size int) (to []netip.AddrPort, packets [][]byte) {
	for _, d := range dst {
		for range run {
			to = append(to, d)
			packets = append(packets, make([]byte, size))
		}
	}
	return to, packets
}

// report gives the time and the system calls per packet.
func report(b *testing.B, m *Mux, before Stats) {
	b.Helper()
	after := m.Stats()
	packets := float64(after.PacketsOut - before.PacketsOut)
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/packets, "ns/packet")
	b.ReportMetric(float64(after.SendCalls-before.SendCalls)/packets, "syscalls/packet")
}
