package sfu

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/rtp"
	"github.com/pion/srtp/v3"

	"confab/sfu/packet"
	"confab/sfu/section"
)

// benchTransport is a socket that nobody connects to.
type benchTransport struct{ mux *ice.UDPMuxDefault }

func (b benchTransport) UDPMux() ice.UDPMux { return b.mux }
func (b benchTransport) TCPMux() ice.TCPMux { return nil }

func benchServer(tb testing.TB) *Server {
	tb.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		tb.Fatal(err)
	}
	mux := ice.NewUDPMuxDefault(ice.UDPMuxParams{UDPConn: conn})
	tb.Cleanup(func() { mux.Close() })
	s, err := New(Config{Transport: benchTransport{mux}})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { s.Close() })
	return s
}

// sink counts what comes out of a slot.
type sink struct{ packets atomic.Int64 }

func (s *sink) WriteRTP(*rtp.Header, []byte) (int, error) { s.packets.Add(1); return 0, nil }
func (s *sink) Write([]byte) (int, error)                 { s.packets.Add(1); return 0, nil }

// benchStage sets up one publishing leg and receivers whose packets end in a sink.
func benchStage(tb testing.TB, receivers int) (*uplink, *stream, *sink) {
	tb.Helper()
	room, err := benchServer(tb).NewRoom(nil)
	if err != nil {
		tb.Fatal(err)
	}
	publisher, err := room.Join("publisher", nil)
	if err != nil {
		tb.Fatal(err)
	}
	vp8 := section.Section{
		MID: "1", Kind: KindVideo, Codecs: []section.Codec{{MIME: "video/VP8", ClockRate: 90000, PayloadType: 96}},
		Extensions: map[string]uint8{"http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01": 3},
		SSRCs:      []uint32{7}, Direction: section.Direction{Send: true, Receive: true},
	}
	publisher.uplink.negotiated(section.Description{Sections: []section.Section{vp8}},
		section.Description{Sections: []section.Section{vp8}}, []TrackHint{{MID: "1"}})
	u := &publisher.uplink
	s := &stream{ssrc: 7}
	u.streams[7] = s
	out := &sink{}
	u.receive(s, benchPacket(0, true), time.Now())
	for i := range receivers {
		leg, err := room.Join(fmt.Sprint("receiver", i), nil)
		if err != nil {
			tb.Fatal(err)
		}
		slot := newSlot(leg, KindVideo, 0)
		slot.mid = "1"
		slot.formatAs(vp8)
		slot.bound, slot.ssrc = true, uint32(100+i)
		slot.out = &plainOutput{writer: out}
		leg.ready.Store(true)
		leg.mu.Lock()
		leg.slots = append(leg.slots, slot)
		leg.mu.Unlock()
	}
	room.changed()
	for l := publisher.publications()[0].all()[0]; !carriedBy(l, receivers); {
		u.receive(s, benchPacket(1, true), time.Now())
		time.Sleep(time.Millisecond)
	}
	return u, s, out
}

// carriedBy tells whether so many slots have begun with a layer.
func carriedBy(l *layer, n int) bool {
	slots := *l.subscribers.Load()
	return len(slots) == n && !slices.ContainsFunc(slots, func(s *slot) bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.current != l
	})
}

// passed returns how many packets have come out when everything that was gathered is sent.
func passed(u *uplink, out *sink) int64 {
	for _, b := range u.out.bursts {
		b.begin()
		b.end(true)
		b.mu.Lock()
		for b.sending {
			b.idle.Wait()
		}
		b.mu.Unlock()
	}
	return out.packets.Load()
}

func benchPacket(seq uint16, key bool) []byte {
	raw := packet.AppendHeader(nil, packet.Header{Sequence: seq, Timestamp: uint32(seq) * 3000, SSRC: 7, PayloadType: 96},
		[]packet.Element{{ID: 3, Data: []byte{byte(seq >> 8), byte(seq)}}})
	payload := make([]byte, 1200)
	copy(payload, []byte{0x90, 0xE0, 0x80 | byte(seq>>8)&0x7F, byte(seq), byte(seq), 0, 1})
	if key {
		payload[6] = 0
	}
	return append(raw, payload...)
}

// BenchmarkForward measures a packet's way from decryption to the last receiver's way out, without encryption and sending.
func BenchmarkForward(b *testing.B) {
	for _, receivers := range []int{1, 20, 100, 400} {
		b.Run(fmt.Sprint(receivers), func(b *testing.B) {
			u, s, out := benchStage(b, receivers)
			b.ReportAllocs()
			raws := make([][]byte, 1<<16) // every sequence number once
			for i := range raws {
				raws[i] = benchPacket(uint16(i), false)
			}
			n := uint16(2)
			before := passed(u, out)
			count := 0
			for b.Loop() {
				raws[n][1] |= 0x80 // a frame in one packet, so that nothing waits
				u.receive(s, raws[n], time.Now())
				n++
				count++
			}
			if got := int(passed(u, out) - before); got != count*receivers {
				b.Fatalf("%d packets in, %d out", count, got)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(count*receivers), "ns/forwarded")
		})
	}
}

// BenchmarkCold measures a packet of sound on its way from decryption to the transport, encryption included, when nothing of what
// it touches is left in the processor's caches: fifty times a second to 200 receivers, on a machine that does other work meanwhile,
// each packet finds memory like that.
func BenchmarkCold(b *testing.B) {
	const receivers = 200
	u, s, _ := benchStage(b, receivers)
	server := u.leg.room.server
	server.batch = discard{}
	keys := testKeys(srtp.ProtectionProfileAeadAes128Gcm)
	to := netip.MustParseAddrPort("192.0.2.1:5000")
	for _, slot := range *u.leg.publications()[0].all()[0].subscribers.Load() {
		k, err := newPathKeys(keys, keys)
		if err != nil {
			b.Fatal(err)
		}
		slot.leg.path.keys.Store(k)
		slot.leg.path.way.Store(&way{to: to})
		slot.mu.Lock()
		slot.open()
		slot.mu.Unlock()
	}
	flush := make([]byte, 64<<20)
	spent, count, seq := time.Duration(0), 0, uint16(2)
	for b.Loop() {
		for i := 0; i < len(flush); i += 64 {
			flush[i]++
		}
		raw := benchPacket(seq, false)[:120]
		raw[1] |= 0x80
		seq++
		count++
		began := time.Now()
		u.receive(s, raw, time.Now())
		spent += time.Since(began)
	}
	b.ReportMetric(float64(spent.Nanoseconds())/float64(count*receivers), "ns/forwarded")
}
