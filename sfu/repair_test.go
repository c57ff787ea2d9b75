package sfu_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/interceptor/pkg/nack"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"confab/sfu"
)

// TestPacketsLostOnTheWayDownAreSentAgain drops packets in the receiver, which asks for them, and wants every one of them
// on the RTX stream.
func TestPacketsLostOnTheWayDownAreSentAgain(t *testing.T) {
	t.Parallel()
	room := newRoom(t, newServer(t))
	a, b := newClient(t, clientOptions{}), newClient(t, clientOptions{})
	dropped := map[uint16]bool{}
	seen := map[uint16]int{}
	a.drop = func(g *got) bool {
		if len(g.pay) < 500 {
			return false
		}
		seq := g.header.SequenceNumber
		seen[seq]++
		if seen[seq] == 1 && len(seen) > 10 && rand.IntN(10) == 0 {
			dropped[seq] = true
			go func() {
				_ = a.pc.WriteRTCP([]rtcp.Packet{&rtcp.TransportLayerNack{
					MediaSSRC: g.header.SSRC, Nacks: rtcp.NackPairsFromSequenceNumbers([]uint16{seq}),
				}})
			}()
			return true
		}
		return false
	}
	a.join(room, "a")
	b.join(room, "b")
	b.live(t.Context(), 'B')
	a.wait("fifty packets lost and back", func() bool {
		back := 0
		for seq := range dropped {
			if seen[seq] > 1 {
				back++
			}
		}
		return len(dropped) >= 50 && back == len(dropped)
	})
	a.mu.Lock()
	defer a.mu.Unlock()
	checkContinuity(t, a.packets)
	slot := a.leg.Stats().Slots[1]
	if slot.Retransmitted < 50 || slot.NACKs < slot.Retransmitted {
		t.Errorf("stats %+v", slot)
	}
}

// TestRequestsThatQueuedAreAnsweredOnce asks for each lost packet ten times at once, as do the requests that have gathered in
// the socket of a server that was stopped, and wants each packet once.
func TestRequestsThatQueuedAreAnsweredOnce(t *testing.T) {
	t.Parallel()
	room := newRoom(t, newServer(t))
	a, b := newClient(t, clientOptions{}), newClient(t, clientOptions{})
	const lost, times = 20, 10
	seen := map[uint16]int{}
	dropped := map[uint16]bool{}
	a.drop = func(g *got) bool {
		if len(g.pay) < 500 {
			return false
		}
		seq := g.header.SequenceNumber
		seen[seq]++
		if seen[seq] > 1 || len(dropped) == lost || seq%7 != 0 {
			return false
		}
		dropped[seq] = true
		go func() {
			request := &rtcp.TransportLayerNack{
				MediaSSRC: g.header.SSRC, Nacks: rtcp.NackPairsFromSequenceNumbers([]uint16{seq}),
			}
			_ = a.pc.WriteRTCP(slices.Repeat([]rtcp.Packet{request}, times)) // in one datagram: on a slow machine, too, at once
		}()
		return true
	}
	a.join(room, "a")
	b.join(room, "b")
	b.live(t.Context(), 'B')
	a.wait("all requests to arrive", func() bool {
		stats := a.leg.Stats().Slots
		return len(stats) > 1 && stats[1].NACKs == lost*times
	})
	if n := a.leg.Stats().Slots[1].Retransmitted; n != lost {
		t.Errorf("%d packets were sent again, want %d", n, lost)
	}
	a.wait("the packets", func() bool {
		back := 0
		for seq := range dropped {
			back += seen[seq] - 1
		}
		return back == lost
	})
}

// TestPacketsLostOnTheWayUpAreAskedFor leaves packets out at the sender, which has them for whoever asks.
func TestPacketsLostOnTheWayUpAreAskedFor(t *testing.T) {
	t.Parallel()
	room := newRoom(t, newServer(t))
	responder, err := nack.NewResponderInterceptor()
	must(t, err)
	registry := &interceptor.Registry{}
	registry.Add(&lossy{})
	registry.Add(responder)
	a, b := newClient(t, clientOptions{}), newClient(t, clientOptions{registry: registry})
	a.join(room, "a")
	b.join(room, "b")
	b.live(t.Context(), 'B')
	a.wait("a long picture", func() bool { return len(a.on(a.slotOf("b", sfu.SourceCamera))) > 400 })
	time.Sleep(300 * time.Millisecond) // for the last ones that were lost to come again
	a.mu.Lock()
	defer a.mu.Unlock()
	packets := a.on(a.slotOf("b", sfu.SourceCamera))
	slices.SortStableFunc(packets, func(x, y got) int { return int(int16(x.header.SequenceNumber - y.header.SequenceNumber)) })
	checkContinuity(t, packets[:len(packets)-20])
	i := slices.IndexFunc(b.leg.Stats().Published, func(s sfu.TrackStats) bool { return s.Codec == "video/VP8" })
	if stats := b.leg.Stats().Published[i]; stats.NACKs == 0 || stats.Packets < 300 {
		t.Errorf("stats %+v", stats)
	}
}

// lossy loses one in ten packets of video the first time that they are sent.
type lossy struct{ interceptor.NoOp }

func (l *lossy) NewInterceptor(string) (interceptor.Interceptor, error) { return l, nil }

func (l *lossy) BindLocalStream(info *interceptor.StreamInfo, w interceptor.RTPWriter) interceptor.RTPWriter {
	if info.MimeType != webrtc.MimeTypeVP8 {
		return w
	}
	return lossyWriter{w, info.SSRC}
}

type lossyWriter struct {
	next interceptor.RTPWriter
	ssrc uint32
}

func (l lossyWriter) Write(h *rtp.Header, payload []byte, a interceptor.Attributes) (int, error) {
	if h.SSRC == l.ssrc && h.SequenceNumber%10 == 7 && payload[6]&1 == 1 {
		return len(payload), nil
	}
	return l.next.Write(h, payload, a)
}

// TestSlotsThatChangeHandsNeverBreakADecoder switches a picture between people at random, thousands of times.
func TestSlotsThatChangeHandsNeverBreakADecoder(t *testing.T) {
	t.Parallel()
	room := newRoom(t, newServer(t))
	a := newClient(t, clientOptions{recvVideo: 1})
	a.join(room, "a")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	const people, switches = 4, 200
	for i := range people {
		c := newClient(t, clientOptions{})
		c.join(room, fmt.Sprint("p", i))
		go c.film(ctx, &source{name: byte('0' + i), seq: uint16(i * 20_000), ts: rand.Uint32(), picture: uint16(i * 9000)}, 3*time.Millisecond)
	}
	r := rand.New(rand.NewPCG(1, 6))
	for n := range switches {
		first, second := r.IntN(people), r.IntN(people)
		a.leg.View([]sfu.Tile{
			{Leg: fmt.Sprint("p", first), Source: sfu.SourceCamera}, {Leg: fmt.Sprint("p", second), Source: sfu.SourceCamera},
		})
		if n%10 == 0 {
			a.wait("the picture asked for", func() bool {
				p := a.on(a.slotOf(fmt.Sprint("p", first), sfu.SourceCamera))
				return len(p) > 0 && whose(p[len(p)-1].pay) == byte('0'+first)
			})
		} else {
			time.Sleep(time.Duration(r.IntN(20)) * time.Millisecond) // a person who clicks around
		}
	}
	cancel()
	a.mu.Lock()
	defer a.mu.Unlock()
	changes, last := 0, byte(0)
	for _, p := range a.packets {
		if w := whose(p.pay); len(p.pay) > 1000 && w != last {
			changes, last = changes+1, w
		}
	}
	if changes < switches/10 {
		t.Errorf("only %d changes in %d packets", changes, len(a.packets))
	}
	checkContinuity(t, a.packets)
}
