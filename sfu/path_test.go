package sfu_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"regexp"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/interceptor/pkg/nack"
	"github.com/pion/webrtc/v4"

	"confab/sfu"
)

// road is a network path in one process: datagrams go through it with loss, delay, and a queue before a narrow place.
type road struct {
	loss  float64
	delay time.Duration
	down  int64         // bits per second toward the client; 0 for no limit
	width *atomic.Int64 // the same, where it changes
	cut   *atomic.Bool  // when set and true, nothing gets through
}

// lay puts a road before a server's port and returns the port at which clients reach it.
func (r road) lay(t testing.TB, server int) int {
	t.Helper()
	front, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	must(t, err)
	back, err := net.DialUDP("udp4", nil, &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: server})
	must(t, err)
	var wait sync.WaitGroup
	t.Cleanup(func() { front.Close(); back.Close(); wait.Wait() })
	var client sync.Map
	wait.Go(func() {
		r.carry(&wait, 0, func(b []byte) (int, error) {
			n, from, err := front.ReadFromUDPAddrPort(b)
			client.Store("addr", from)
			return n, err
		}, func(b []byte) { _, _ = back.Write(b) })
	})
	wait.Go(func() {
		r.carry(&wait, r.down, back.Read, func(b []byte) {
			if to, ok := client.Load("addr"); ok {
				_, _ = front.WriteToUDPAddrPort(b, to.(netip.AddrPort))
			}
		})
	})
	return front.LocalAddr().(*net.UDPAddr).Port
}

// carry moves datagrams one way until the socket closes.
func (r road) carry(wait *sync.WaitGroup, bits int64, read func([]byte) (int, error), write func([]byte)) {
	type datagram struct {
		raw []byte
		due time.Time
	}
	queue := make(chan datagram, 4096)
	wait.Go(func() {
		for d := range queue {
			time.Sleep(time.Until(d.due))
			write(d.raw)
		}
	})
	defer close(queue)
	buf := make([]byte, 2000)
	var free time.Time
	for {
		n, err := read(buf)
		if err != nil {
			return
		}
		now := time.Now()
		if rand.Float64() < r.loss || r.cut != nil && r.cut.Load() {
			continue
		}
		if free.Before(now) {
			free = now
		}
		const room = 400 * time.Millisecond // of queue
		if r.width != nil && bits > 0 {
			bits = r.width.Load()
		}
		if bits > 0 {
			if free.Sub(now) > room {
				continue
			}
			free = free.Add(time.Duration(float64(n*8) / float64(bits) * float64(time.Second)))
		}
		select {
		case queue <- datagram{slices.Clone(buf[:n]), free.Add(r.delay)}:
		default:
		}
	}
}

var candidatePort = regexp.MustCompile(`(a=candidate:.* udp .* 127\.0\.0\.1 )\d+( typ host)`)

// joinOver joins a room over a road.
func (c *client) joinOver(r road, port int, room *sfu.Room, id string) {
	c.t.Helper()
	there := r.lay(c.t, port)
	c.detour = func(sdp string) string {
		return candidatePort.ReplaceAllString(sdp, fmt.Sprintf("${1}%d${2}", there))
	}
	c.join(room, id)
}

func withFeedback(t *testing.T) clientOptions {
	registry := &interceptor.Registry{}
	return clientOptions{registry: registry, media: func(m *webrtc.MediaEngine) error {
		if err := m.RegisterDefaultCodecs(); err != nil {
			return err
		}
		generator, err := nack.NewGeneratorInterceptor()
		must(t, err)
		registry.Add(generator)
		return webrtc.ConfigureTWCCSender(m, registry)
	}}
}

// TestANarrowPathGetsASmallerPicture has three layers of some 0.15, 0.5 and 1.8 Mbit/s go to a receiver with 0.8.
func TestANarrowPathGetsASmallerPicture(t *testing.T) {
	t.Parallel()
	mux := newWire(t)
	room := newRoom(t, newServerOn(t, mux))
	s := newSimulcaster(t, room, "s")
	narrow, wide := newClient(t, withFeedback(t)), newClient(t, withFeedback(t))
	narrow.joinOver(road{delay: 20 * time.Millisecond, down: 800_000}, mux.Port(), room, "narrow")
	wide.join(room, "wide")
	go s.filmAt(t.Context(), 33*time.Millisecond, [3]int{600, 2000, 7500})
	layer := func(c *client) byte {
		p := c.on(c.slotOf("s", sfu.SourceCamera))
		if len(p) == 0 {
			return 0
		}
		return whose(p[len(p)-1].pay)
	}
	wide.wait("the largest where there is room", func() bool { return layer(wide) == 'f' })
	narrow.wait("a smaller one where there is not", func() bool { l := layer(narrow); return l == 'h' || l == 'q' })
	narrow.wait("for some seconds", func() bool {
		p := narrow.on(narrow.slotOf("s", sfu.SourceCamera))
		last := p[len(p)-1].at
		i := slices.IndexFunc(p, func(g got) bool { return last.Sub(g.at) < 3*time.Second })
		return last.Sub(p[0].at) > 6*time.Second && !slices.ContainsFunc(p[i:], func(g got) bool { return whose(g.pay) == 'f' })
	})
	stats := narrow.leg.Stats()
	if stats.DownlinkBPS < 300_000 || stats.DownlinkBPS > 1_600_000 { // it may have grown a little toward what is wanted
		t.Errorf("800 kbit/s are estimated at %d", stats.DownlinkBPS)
	}
	if unlimited := wide.leg.Stats().DownlinkBPS; unlimited < 1_200_000 { // what is sent, or an estimate
		t.Errorf("loopback is estimated at %d", unlimited)
	}
}

// TestThePictureFollowsThePath has a path that narrows, widens and narrows again under three layers of some 0.15, 0.5 and 1.8
// Mbit/s: the picture has to be smaller soon, larger soon, and not to go up and down between.
func TestThePictureFollowsThePath(t *testing.T) {
	mux := newWire(t)
	server := newServerOn(t, mux)
	room := newRoom(t, server)
	const narrow, wide = 800_000, 8_000_000
	var width atomic.Int64
	width.Store(wide)
	s := newSimulcaster(t, room, "s")
	a := newClient(t, withFeedback(t))
	a.joinOver(road{delay: 20 * time.Millisecond, down: wide, width: &width}, mux.Port(), room, "a")
	go s.filmAt(t.Context(), 33*time.Millisecond, [3]int{600, 2000, 7500})
	// firsts returns the packets that came for the first time and in order: what is sent again tells of the past.
	firsts := func(packets []got) (out []got) {
		for _, g := range packets {
			if len(g.pay) > 0 && (len(out) == 0 || int16(g.header.SequenceNumber-out[len(out)-1].header.SequenceNumber) > 0) {
				out = append(out, g)
			}
		}
		return out
	}
	last := func() byte {
		p := firsts(a.on(a.slotOf("s", sfu.SourceCamera)))
		if len(p) == 0 {
			return 0
		}
		return whose(p[len(p)-1].pay)
	}
	until := func(what string, want func(byte) bool) time.Duration {
		t.Helper()
		began := time.Now()
		a.wait(what, func() bool { return want(last()) })
		return time.Since(began)
	}
	largest := func(l byte) bool { return l == 'f' }
	smaller := func(l byte) bool { return l == 'h' || l == 'q' }
	until("the largest where there is room", largest)
	soonest := patience
	for range 2 {
		width.Store(narrow)
		if took := until("a smaller one where there is not", smaller); took > 4*time.Second {
			t.Errorf("down after %v", took)
		} else {
			t.Logf("down after %v", took)
		}
		// Eight seconds on the narrow path, in which it may try once.
		from := 0
		a.wait("the count", func() bool { from = len(a.packets); return true })
		began := time.Now()
		a.wait("a while", func() bool { return time.Since(began) > 8*time.Second })
		a.mu.Lock()
		changes, was := 0, byte('h')
		for _, g := range firsts(a.packets[from:]) {
			if w := whose(g.pay); w == 'f' && was != 'f' {
				changes++
				was = w
			} else if w == 'h' || w == 'q' {
				was = w
			}
		}
		a.mu.Unlock()
		if changes > 1 {
			t.Errorf("up and down again %d times on a narrow path", changes)
		}
		width.Store(wide)
		took := until("the largest when there is room again", largest)
		t.Logf("up after %v, %d packets of padding in all", took, server.Totals().Padding)
		if took > 10*time.Second {
			t.Errorf("up after %v", took)
		}
		soonest = min(soonest, took)
	}
	// A busy machine's pauses look like a path that is still narrow, and are waited out; not each time, though.
	if soonest > 5*time.Second {
		t.Errorf("up after %v at best", soonest)
	}
	padding := server.Totals().Padding
	if padding == 0 {
		t.Error("nothing was tried before the picture grew")
	}
}

// TestPicturesSurviveALossyPath sends 1 Mbit/s of video over 5 % loss each way and 100 ms, and counts complete frames.
func TestPicturesSurviveALossyPath(t *testing.T) {
	t.Parallel()
	mux := newWire(t)
	room := newRoom(t, newServerOn(t, mux))
	bad := road{loss: 0.05, delay: 50 * time.Millisecond}
	responder, err := nack.NewResponderInterceptor()
	must(t, err)
	sends := clientOptions{registry: &interceptor.Registry{}}
	sends.registry.Add(responder)
	a, b := newClient(t, withFeedback(t)), newClient(t, sends)
	a.joinOver(bad, mux.Port(), room, "a")
	b.joinOver(bad, mux.Port(), room, "b")
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Second)
	defer cancel()
	b.film(ctx, &source{name: 'B'}, 16*time.Millisecond)
	camera := ""
	a.wait("a slot", func() bool { camera = a.slotOf("b", sfu.SourceCamera); return camera != "" })
	time.Sleep(600 * time.Millisecond) // what is on its way or asked for again
	a.mu.Lock()
	defer a.mu.Unlock()
	frames := map[uint32]int{}
	first, last := uint32(1<<31), uint32(0)
	for _, g := range a.on(camera) {
		n := frameNumber(g)
		frames[n]++
		first, last = min(first, n), max(last, n)
	}
	whole := 0
	for _, packets := range frames {
		if packets >= 2 {
			whole++
		}
	}
	if total := int(last - first + 1); total < 300 || whole < total*99/100 {
		t.Errorf("%d of %d frames came whole; %+v", whole, total, a.leg.Stats())
	}
}

func frameNumber(g got) uint32 {
	return uint32(g.pay[8])<<24 | uint32(g.pay[9])<<16 | uint32(g.pay[10])<<8 | uint32(g.pay[11])
}

// TestMediaGoesOnOverTCPWhenUDPIsLost has a client lose UDP in mid-call and restart ICE: it comes back over TCP, with the same
// streams, though their packets were encrypted past Pion before.
func TestMediaGoesOnOverTCPWhenUDPIsLost(t *testing.T) {
	t.Parallel()
	port := newWire(t)
	room := newRoom(t, newServerOn(t, port))
	both := clientOptions{networks: []webrtc.NetworkType{webrtc.NetworkTypeUDP4, webrtc.NetworkTypeTCP4}}
	a, b := newClient(t, both), newClient(t, clientOptions{})
	var cut atomic.Bool
	a.joinOver(road{cut: &cut}, port.Port(), room, "a")
	b.join(room, "b")
	b.live(t.Context(), 'B')
	video := func() []got { return a.on(a.slotOf("b", sfu.SourceCamera)) }
	a.wait("picture over UDP", func() bool { return len(video()) > 20 })

	cut.Store(true)
	a.offerWith(&webrtc.OfferOptions{ICERestart: true})
	before := 0
	a.wait("the count", func() bool { before = len(video()); return true })
	a.wait("picture over TCP", func() bool { return len(video()) > before+50 })
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		t.Errorf("the leg was closed: %v", a.closedFor)
	}
}
