package media

import (
	"encoding/binary"
	"net"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/transport/v5/packetio"
)

// packet is a received one: its RTP sequence number, who sent it and its number there.
type packet struct {
	sequence  uint16
	publisher int
	number    uint32
}

func (p packet) raw(at time.Duration) []byte {
	b := make([]byte, 100)
	b[0] = 0x80
	binary.BigEndian.PutUint16(b[2:], p.sequence)
	stamp{p.publisher, p.number, at}.put(b)
	return b
}

func TestIntakeCounts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name                       string
		packets                    []packet
		received, lost, duplicates int64
	}{
		{"all", []packet{{1, 0, 1}, {2, 0, 2}, {3, 0, 3}}, 3, 0, 0},
		{"unmeasured ones", []packet{{1, 0, 0}, {2, 0, 0}, {3, 0, 1}}, 1, 0, 0},
		{"a gap", []packet{{1, 0, 1}, {4, 0, 4}}, 2, 2, 0},
		{"a gap at the wrap", []packet{{65535, 0, 1}, {1, 0, 3}}, 2, 1, 0},
		{"late, not lost", []packet{{1, 0, 1}, {3, 0, 3}, {2, 0, 2}}, 3, 0, 0},
		{"twice", []packet{{1, 0, 1}, {2, 0, 2}, {2, 0, 2}}, 2, 0, 1},
		{"twice as another packet", []packet{{1, 0, 1}, {2, 0, 1}}, 1, 0, 1},
		{"a slot that changes hands", []packet{{1, 0, 8}, {2, 1, 8}, {3, 1, 9}}, 3, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			in := newIntake(time.Now(), new(arrivals), new(delays), func() {})
			s := in.buffer(packetio.RTPBufferPacket, 1)
			for _, p := range c.packets {
				_, _ = s.Write(p.raw(0)) // it always refuses to keep the packet
			}
			if in.received != c.received || in.lost != c.lost || in.duplicates != c.duplicates {
				t.Errorf("%d received, %d lost, %d twice; want %d, %d, %d",
					in.received, in.lost, in.duplicates, c.received, c.lost, c.duplicates)
			}
			if !in.opened {
				t.Error("the first packet was not told of")
			}
		})
	}
}

func TestIntakeMeasuresFromTheStampToTheSocket(t *testing.T) {
	t.Parallel()
	now := time.Now()
	var came arrivals
	var all delays
	all.begin(now, 2)
	in := newIntake(now.Add(-time.Hour), &came, &all, func() {})
	s := in.buffer(packetio.RTPBufferPacket, 1)
	unknown, known := packet{1, 0, 1}.raw(time.Hour-2*time.Second), packet{2, 0, 2}.raw(time.Hour)
	came.note(known, now.Add(1500*time.Millisecond))
	_, _ = s.Write(unknown) // it always refuses to keep the packet
	_, _ = s.Write(known)
	_, each := all.result()
	if got := each[0]; got.Count != 1 || got.Max < 2000 || got.Max > 12000 {
		t.Errorf("a packet sent two seconds ago took %v", got)
	}
	if got := each[1]; got.Count != 1 || got.Max < 1499 || got.Max > 1501 {
		t.Errorf("a packet that came to the socket after a second and a half took %v", got)
	}
}

// What a receiver does between two reads does not count.
func TestArrivalIsWhenThePacketCame(t *testing.T) {
	t.Parallel()
	conn, err := roomy{ear: &ear{}}.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close() // a test
	s := conn.(*socket)
	p := packet{7, 0, 1}.raw(0)
	buf := make([]byte, 200)
	for attempt := 0; ; attempt++ { // the kernel begins to look at its clock a little after it was asked to
		before := time.Now()
		if _, err := s.WriteTo(p, conn.LocalAddr()); err != nil {
			t.Fatal(err)
		}
		after := time.Now()
		time.Sleep(10 * time.Millisecond) // as if busy
		n, _, err := s.ReadFromAddrPort(buf)
		if err != nil {
			t.Fatal(err)
		}
		at := s.ear.came.of(buf[:n], time.Now())
		if runtime.GOOS != "linux" || !at.Before(before) && !at.After(after) {
			break
		}
		if attempt == 100 {
			t.Fatalf("the packet came %v after it was sent, which took %v", at.Sub(before), after.Sub(before))
		}
	}
	if other := s.ear.came.of(packet{8, 0, 1}.raw(0), time.Time{}); !other.IsZero() {
		t.Errorf("a packet that never came, came at %v", other)
	}
}

func TestIntakeHearsRequestsForKeyFrames(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		packet rtcp.Packet
		asks   int
	}{
		"PLI":    {&rtcp.PictureLossIndication{MediaSSRC: 7}, 1},
		"FIR":    {&rtcp.FullIntraRequest{MediaSSRC: 7, FIR: []rtcp.FIREntry{{SSRC: 7}}}, 1},
		"report": {&rtcp.ReceiverReport{SSRC: 7}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asked := 0
			in := newIntake(time.Now(), new(arrivals), new(delays), func() { asked++ })
			raw, err := c.packet.Marshal()
			if err != nil {
				t.Fatal(err)
			}
			_, _ = in.buffer(packetio.RTCPBufferPacket, 7).Write(raw) // it always refuses to keep the packet
			if asked != c.asks {
				t.Errorf("asked %d times, want %d", asked, c.asks)
			}
		})
	}
}

// The bytes are those of a real encoder's packets: 15-bit picture id, and a key frame of 1280 × 720.
func TestVP8IsWhatAServerLooksFor(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		first, key bool
		want       []byte
	}{
		"key frame begins":   {true, true, []byte{0x90, 0x80, 0x81, 0x02, 0x10, 0, 0, 0x9D, 0x01, 0x2A, 0x00, 0x05, 0xD0, 0x02}},
		"other frame begins": {true, false, []byte{0x90, 0x80, 0x81, 0x02, 0x11}},
		"frame goes on":      {false, false, []byte{0x80, 0x80, 0x81, 0x02}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := make([]byte, 14)
			vp8(b, 0x102, c.first, c.key)
			if want := append(slices.Clone(c.want), make([]byte, len(b)-len(c.want))...); !slices.Equal(b, want) {
				t.Errorf("% x, want % x", b, want)
			}
		})
	}
}

func TestConfigIsChecked(t *testing.T) {
	t.Parallel()
	good := Config{Kind: Video, Publishers: 1, Subscribers: 1, Size: 1200, Rate: 250, Joining: 1, Duration: time.Second}
	if err := good.check(); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*Config){
		"kind":           func(c *Config) { c.Kind = "smell" },
		"nobody sends":   func(c *Config) { c.Publishers = 0 },
		"nobody hears":   func(c *Config) { c.Subscribers = 0 },
		"too many":       func(c *Config) { c.Subscribers = maxLegs },
		"nobody listens": func(c *Config) { c.Deaf = 1 },
		"more than all":  func(c *Config) { c.Deaf = 2 },
		"too small":      func(c *Config) { c.Size = minSize - 1 },
		"too large":      func(c *Config) { c.Size = maxSize + 1 },
		"no rate":        func(c *Config) { c.Rate = 0 },
		"too long":       func(c *Config) { c.Duration = 1000 * time.Hour },
		"silent cameras": func(c *Config) { c.Quiet = 1 },
	} {
		c := good
		spoil(&c)
		if c.check() == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
