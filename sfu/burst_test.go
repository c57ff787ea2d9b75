package sfu

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/rtp"
	"github.com/pion/srtp/v3"
	"github.com/pion/webrtc/v4"

	"confab/sfu/packet"
	"confab/sfu/srtpkeys"
)

// capture is a BatchWriter that keeps what it is given.
type capture struct {
	mu      sync.Mutex
	batches [][]datagram
	refuse  int // datagrams to refuse at the end of the next batch
}

type datagram struct {
	to  netip.AddrPort
	raw []byte
}

func (c *capture) WriteBatch(to []netip.AddrPort, packets [][]byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	batch := make([]datagram, len(to))
	for i := range to {
		batch[i] = datagram{to[i], bytes.Clone(packets[i])}
	}
	c.batches = append(c.batches, batch)
	if c.refuse > 0 {
		return len(to) - c.refuse, errors.New("full")
	}
	return len(to), nil
}

// testKeys are those of one side, with a profile.
func testKeys(profile srtp.ProtectionProfile) srtpkeys.Keys {
	salt := 14
	if profile == srtp.ProtectionProfileAeadAes128Gcm {
		salt = 12
	}
	return srtpkeys.Keys{Key: bytes.Repeat([]byte{1}, 16), Salt: bytes.Repeat([]byte{2}, salt), Profile: profile}
}

// newTestOutput makes the way past Pion for one slot.
func newTestOutput(t testing.TB, k srtpkeys.Keys, to netip.AddrPort, ssrc, rtxSSRC uint32) *directOutput {
	t.Helper()
	keys, err := newPathKeys(k, k)
	if err != nil {
		t.Fatal(err)
	}
	var p path
	p.keys.Store(keys)
	p.way.Store(&way{to: to})
	o := &directOutput{}
	if direct, err := p.open(o, ssrc, rtxSSRC); !direct {
		t.Fatalf("it is Pion that sends: %v", err)
	}
	return o
}

// encrypting is what stands behind Pion's TrackLocalWriter: an SRTP session with the same keys.
type encrypting struct {
	context *srtp.Context
	out     [][]byte
}

func (e *encrypting) WriteRTP(h *rtp.Header, payload []byte) (int, error) {
	raw, err := (&rtp.Packet{Header: *h, Payload: payload}).Marshal()
	if err != nil {
		return 0, err
	}
	encrypted, err := e.context.EncryptRTP(nil, raw, nil)
	e.out = append(e.out, encrypted)
	return len(encrypted), err
}

func (e *encrypting) Write([]byte) (int, error) { return 0, errors.ErrUnsupported }

// TestBothWaysOutGiveTheSamePackets sends one slot's streams, over a wrap of their sequence numbers, through Pion's way and past it.
func TestBothWaysOutGiveTheSamePackets(t *testing.T) {
	t.Parallel()
	for name, profile := range map[string]srtp.ProtectionProfile{
		"GCM": srtp.ProtectionProfileAeadAes128Gcm, "CM": srtp.ProtectionProfileAes128CmHmacSha1_80,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			keys := testKeys(profile)
			context, err := srtp.CreateContext(keys.Key, keys.Salt, keys.Profile)
			if err != nil {
				t.Fatal(err)
			}
			captured := &capture{}
			server := &Server{batch: captured}
			pion := &encrypting{context: context}
			plain := &plainOutput{writer: pion}
			to := netip.MustParseAddrPort("192.0.2.1:5000")
			const media, repairs = 9, 10
			direct := newTestOutput(t, keys, to, media, repairs)
			b := newBurst(server)
			for i := range 3000 {
				payload := bytes.Repeat([]byte{byte(i)}, 1+i%1300)
				elements := []packet.Element{{ID: uint8(i % 3), Data: []byte{1, 2}}}
				h := packet.Header{Sequence: uint16(64_000 + i), Timestamp: uint32(i), SSRC: media, PayloadType: 96, Marker: i%5 == 4}
				if i%7 == 6 {
					h.SSRC, h.Sequence = repairs, uint16(65_500+i/7)
				}
				build := func() (raw []byte, head int) {
					raw = packet.AppendHeader(b.reserve(maxHeader+len(payload)), h, elements)
					return append(raw, payload...), len(raw)
				}
				b.begin()
				raw, head := build()
				plain.send(b, raw, head)
				raw, head = build()
				direct.send(b, raw, head)
				b.end(h.Marker)
			}
			b.close()
			var sent [][]byte
			for _, batch := range captured.batches {
				for _, d := range batch {
					if d.to != to {
						t.Fatalf("sent to %v", d.to)
					}
					sent = append(sent, d.raw)
				}
			}
			if len(sent) != len(pion.out) {
				t.Fatalf("%d packets past Pion, %d through it", len(sent), len(pion.out))
			}
			for i := range sent {
				if !bytes.Equal(sent[i], pion.out[i]) {
					t.Fatalf("packet %d differs: %x, through Pion %x", i, sent[i], pion.out[i])
				}
			}
			if totals := server.counters.packetsOut.Load(); totals != 6000 {
				t.Errorf("%d packets counted", totals)
			}
		})
	}
}

// put adds a packet of a slot to a burst.
func put(b *burst, p *place, to netip.AddrPort, content string) {
	raw := append(b.reserve(len(content)), content...)
	b.add(p, to, raw)
}

func TestPacketsOfAFrameGoOutInRuns(t *testing.T) {
	t.Parallel()
	captured := &capture{}
	b := newBurst(&Server{batch: captured})
	defer b.close()
	places := make([]place, 3)
	for n := range 4 {
		b.begin()
		for i := range places {
			put(b, &places[i], netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, byte(i)}), 1), fmt.Sprint(i, "-", n))
		}
		b.end(n == 3)
	}
	if len(captured.batches) != 1 {
		t.Fatalf("%d batches", len(captured.batches))
	}
	for i, d := range captured.batches[0] {
		if want := fmt.Sprint(i/4, "-", i%4); string(d.raw) != want {
			t.Errorf("packet %d is %s, want %s", i, d.raw, want)
		}
	}
}

func TestAFrameThatDoesNotEndWaitsAMillisecond(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		captured := &capture{}
		sent := func() int {
			captured.mu.Lock()
			defer captured.mu.Unlock()
			return len(captured.batches)
		}
		b := newBurst(&Server{batch: captured})
		var p place
		to := netip.MustParseAddrPort("192.0.2.1:5000")
		b.begin()
		put(b, &p, to, "a")
		b.end(false)
		time.Sleep(burstDelay - time.Microsecond)
		synctest.Wait()
		if sent() != 0 {
			t.Error("sent too early")
		}
		time.Sleep(time.Microsecond)
		synctest.Wait()
		if sent() != 1 {
			t.Error("not sent")
		}
		b.begin()
		put(b, &p, to, "b")
		b.end(false)
		b.close()
		time.Sleep(time.Second)
		if sent() != 1 {
			t.Error("sent after close")
		}
	})
}

func TestWhatTheSocketRefusesIsCounted(t *testing.T) {
	t.Parallel()
	captured := &capture{refuse: 2}
	server := &Server{batch: captured}
	b := newBurst(server)
	defer b.close()
	var p place
	b.begin()
	for range 5 {
		put(b, &p, netip.MustParseAddrPort("192.0.2.1:5000"), "x")
	}
	b.end(true)
	if out, lost := server.counters.packetsOut.Load(), server.counters.sendErrors.Load(); out != 3 || lost != 2 {
		t.Errorf("%d sent, %d lost", out, lost)
	}
}

// BenchmarkDirect measures encryption and gathering of a packet, without the system call.
func BenchmarkDirect(b *testing.B) {
	server := &Server{batch: discard{}}
	const ssrc = 9
	direct := newTestOutput(b, testKeys(srtp.ProtectionProfileAeadAes128Gcm), netip.MustParseAddrPort("192.0.2.1:5000"), ssrc, 0)
	burst := newBurst(server)
	defer burst.close()
	payload := make([]byte, 1200)
	seq := uint16(0)
	b.ReportAllocs()
	for b.Loop() {
		seq++
		burst.begin()
		raw := packet.AppendHeader(burst.reserve(maxHeader+len(payload)), packet.Header{Sequence: seq, SSRC: ssrc}, nil)
		direct.send(burst, append(raw, payload...), len(raw))
		burst.end(seq%10 == 0)
	}
}

type discard struct{}

func (discard) WriteBatch(to []netip.AddrPort, _ [][]byte) (int, error) { return len(to), nil }

func TestOutputsFollowThePath(t *testing.T) {
	t.Parallel()
	pair := func(p webrtc.ICEProtocol) *webrtc.ICECandidatePair {
		return webrtc.NewICECandidatePair(&webrtc.ICECandidate{Address: "192.0.2.2", Protocol: p},
			&webrtc.ICECandidate{Address: "192.0.2.1", Port: 5000, Protocol: p})
	}
	udp, tcp := pair(webrtc.ICEProtocolUDP), pair(webrtc.ICEProtocolTCP)
	conns := &countedConns{}
	var p path
	direct := func() bool {
		direct, err := p.open(&directOutput{}, 9, 10)
		if err != nil {
			t.Error(err)
		}
		return direct
	}
	if direct() {
		t.Error("without keys and a way it is not Pion that sends")
	}
	k := testKeys(srtp.ProtectionProfileAeadAes128Gcm)
	keys, err := newPathKeys(k, k)
	if err != nil {
		t.Fatal(err)
	}
	p.keys.Store(keys)
	if err := p.selected(tcp, "u", conns); err != nil {
		t.Errorf("a leg cannot begin with TCP: %v", err)
	}
	if direct() {
		t.Error("over TCP it is not Pion that sends")
	}
	if err := p.selected(udp, "u", conns); err != nil {
		t.Errorf("a leg cannot go from TCP to UDP: %v", err)
	}
	if !direct() {
		t.Error("over UDP it is Pion that sends")
	}
	if err := p.selected(tcp, "u", conns); err != nil {
		t.Errorf("a leg with encrypted streams cannot go on over TCP: %v", err)
	}
	if err := p.selected(tcp, "u", nil); !errors.Is(err, ErrTransport) {
		t.Errorf("without ICE-TCP: %v", err)
	}
	if err := p.close(); err != nil || conns.open != 0 {
		t.Errorf("%d connections are held after close, %v", conns.open, err)
	}
	if err := p.selected(tcp, "u", conns); err != nil || conns.open != 0 {
		t.Errorf("%d connections are held by a closed path, %v", conns.open, err)
	}
}

// countedConns is an ICE-TCP mux that knows how many of its connections are in use.
type countedConns struct {
	ice.TCPMux
	open int
}

func (c *countedConns) GetConnByUfrag(string, bool, net.IP) (net.PacketConn, error) {
	c.open++
	return countedConn{of: c}, nil
}

type countedConn struct {
	net.PacketConn
	of *countedConns
}

func (c countedConn) Close() error {
	c.of.open--
	return nil
}
