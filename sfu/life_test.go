package sfu_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v4"

	"confab/sfu"
)

func TestRingOfferThenOffersOfTheClient(t *testing.T) {
	t.Parallel()
	room := newRoom(t, newServer(t))
	a := newClient(t, clientOptions{})
	a.join(room, "a")
	a.live(t.Context(), 'A')

	b := newClient(t, clientOptions{})
	leg, err := room.Join("first", nil)
	must(t, err)
	if err := leg.Answer(t.Context(), "v=0", nil); !errors.Is(err, sfu.ErrNoOffer) {
		t.Errorf("an answer before the offer: %v", err)
	}
	ring, err := leg.RingOffer(t.Context())
	must(t, err)
	if again, err := leg.RingOffer(t.Context()); err != nil || again != ring {
		t.Errorf("the same offer again: %v", err)
	}
	if n := strings.Count(ring, "\r\nm="); n != 2 || !strings.Contains(ring, "a=candidate:") || strings.Count(ring, "a=sendrecv") != 2 {
		t.Errorf("the ring offer has %d sections:\n%s", n, ring)
	}
	if _, err := leg.Offer(t.Context(), ring, nil); !errors.Is(err, sfu.ErrOfferPending) {
		t.Errorf("an offer against the ring: %v", err)
	}
	must(t, leg.Close())
	b.answerRing(room, "b")
	b.live(t.Context(), 'B')
	sees := func(me *client, peer string, name byte) {
		me.wait("picture of "+peer, func() bool {
			p := me.on(me.slotOf(peer, sfu.SourceCamera))
			return len(p) > 0 && whose(p[len(p)-1].pay) == name
		})
	}
	sees(a, "b", 'B')
	sees(b, "a", 'A')

	b.addReceiver(webrtc.RTPCodecTypeVideo)
	b.offer()
	c := newClient(t, clientOptions{})
	c.join(room, "c")
	c.live(t.Context(), 'C')
	sees(b, "c", 'C')
	sees(b, "a", 'A')
}

func TestPeopleComeAndGoWithoutNegotiation(t *testing.T) {
	t.Parallel()
	room := newRoom(t, newServer(t))
	a := newClient(t, clientOptions{recvAudio: 2, recvVideo: 2})
	a.join(room, "a")
	negotiations := 0
	a.pc.OnSignalingStateChange(func(webrtc.SignalingState) { negotiations++ })
	for round, name := range []byte{'B', 'C', 'D', 'E'} {
		ctx, cancel := context.WithCancel(t.Context())
		id := string(name)
		b := newClient(t, clientOptions{})
		b.join(room, id)
		b.live(ctx, name)
		a.wait(fmt.Sprintf("picture of %s in round %d", id, round), func() bool {
			p := a.on(a.slotOf(id, sfu.SourceCamera))
			return len(p) > 0 && whose(p[len(p)-1].pay) == name
		})
		cancel()
		must(t, b.leg.Close())
		a.wait(id+" gone", func() bool { return a.slotOf(id, sfu.SourceCamera) == "" })
	}
	if negotiations != 0 {
		t.Errorf("%d negotiations", negotiations)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	checkContinuity(t, a.packets)
}

// checkContinuity wants what a decoder wants of each stream: no sequence number twice, timestamps that never run
// backwards, picture ids that go on by one with each timestamp, and key frames at each change of source. A loaded machine's
// kernel drops packets of a client's socket; more than one gap in a hundred packets is not the kernel's.
func checkContinuity(t *testing.T, packets []got) {
	t.Helper()
	streams := map[uint32][]got{}
	for _, p := range packets {
		streams[p.header.SSRC] = append(streams[p.header.SSRC], p)
	}
	for _, stream := range streams {
		gaps := 0
		slices.SortStableFunc(stream, func(a, b got) int { return int(int16(a.header.SequenceNumber - b.header.SequenceNumber)) })
		for i := 1; i < len(stream); i++ {
			was, is := stream[i-1], stream[i]
			if step := is.header.SequenceNumber - was.header.SequenceNumber; step != 1 {
				if gaps++; step == 0 || gaps > len(stream)/100 {
					t.Fatalf("%s: sequence goes from %d to %d", is.mid, was.header.SequenceNumber, is.header.SequenceNumber)
				}
				continue
			}
			if int32(is.header.Timestamp-was.header.Timestamp) < 0 {
				t.Fatalf("%s: time goes from %d to %d", is.mid, was.header.Timestamp, is.header.Timestamp)
			}
			if len(is.pay) < 1000 || len(was.pay) < 1000 {
				continue
			}
			step := (picture(is) - picture(was)) & 0x7FFF
			if want := uint16(0); is.header.Timestamp != was.header.Timestamp {
				want = 1
				if step != want {
					t.Fatalf("%s: picture goes from %d to %d at packet %d", is.mid, picture(was), picture(is), i)
				}
			}
			if whose(is.pay) != whose(was.pay) && is.pay[6]&1 != 0 {
				t.Fatalf("%s: %c begins without a key frame", is.mid, whose(is.pay))
			}
		}
	}
}

func picture(g got) uint16 { return uint16(g.pay[2]&0x7F)<<8 | uint16(g.pay[3]) }

func TestMuteStopsAtOnceAndResumesWithAKeyFrame(t *testing.T) {
	t.Parallel()
	room := newRoom(t, newServer(t))
	a, b := newClient(t, clientOptions{}), newClient(t, clientOptions{})
	a.join(room, "a")
	b.join(room, "b")
	b.live(t.Context(), 'B')
	video := func() []got { return a.on(a.slotOf("b", sfu.SourceCamera)) }
	a.wait("picture", func() bool { return len(video()) > 10 })
	must(t, b.leg.Mute(sfu.SourceCamera, true))
	// What was on its way when Mute returned has arrived when sound that was sent later has.
	sounds := func() int { return len(a.on(a.slotOf("b", sfu.SourceMicrophone))) }
	var then, before int
	a.wait("sound", func() bool { then = sounds(); return then > 0 })
	a.wait("more sound", func() bool { before = len(video()); return sounds() > then+3 })
	a.wait("much more sound", func() bool { return sounds() > then+20 })
	a.mu.Lock()
	after := len(video())
	a.mu.Unlock()
	if after != before {
		t.Errorf("%d packets of a muted camera", after-before)
	}
	b.wait("track muted", func() bool {
		return slices.ContainsFunc(b.tracks, func(tr sfu.Track) bool { return tr.Source == sfu.SourceCamera && tr.Muted })
	})
	must(t, b.leg.Mute(sfu.SourceCamera, false))
	a.wait("picture again", func() bool { return len(video()) > after+10 })
	a.mu.Lock()
	defer a.mu.Unlock()
	if first := video()[after]; first.pay[6]&1 != 0 {
		t.Error("the picture resumed without a key frame")
	}
	checkContinuity(t, a.packets)
	if err := b.leg.Mute(sfu.SourceScreen, true); !errors.Is(err, sfu.ErrUnknownTrack) {
		t.Errorf("muting what is not there: %v", err)
	}
}

// TestWhoJoinsMutedIsNotHeard mutes before the first packet.
func TestWhoJoinsMutedIsNotHeard(t *testing.T) {
	t.Parallel()
	room := newRoom(t, newServer(t))
	a, b := newClient(t, clientOptions{}), newClient(t, clientOptions{})
	a.join(room, "a")
	b.join(room, "b")
	must(t, b.leg.Mute(sfu.SourceMicrophone, true))
	b.live(t.Context(), 'B')
	a.wait("picture", func() bool { return len(a.on(a.slotOf("b", sfu.SourceCamera))) > 20 })
	b.wait("track muted", func() bool {
		return slices.ContainsFunc(b.tracks, func(tr sfu.Track) bool { return tr.Source == sfu.SourceMicrophone && tr.Muted })
	})
	sounds := func() int { return len(a.on(a.slotOf("b", sfu.SourceMicrophone))) }
	a.mu.Lock()
	n := sounds()
	a.mu.Unlock()
	if n > 0 {
		t.Errorf("%d packets of somebody who joined muted", n)
	}
	must(t, b.leg.Mute(sfu.SourceMicrophone, false))
	a.wait("sound", func() bool { return sounds() > 10 })
}

func TestICERestartKeepsTheCall(t *testing.T) {
	t.Parallel()
	room := newRoom(t, newServer(t))
	a, b := newClient(t, clientOptions{}), newClient(t, clientOptions{})
	a.join(room, "a")
	b.join(room, "b")
	b.live(t.Context(), 'B')
	video := func() []got { return a.on(a.slotOf("b", sfu.SourceCamera)) }
	a.wait("picture", func() bool { return len(video()) > 10 })
	offer, err := a.pc.CreateOffer(&webrtc.OfferOptions{ICERestart: true})
	must(t, err)
	must(t, a.pc.SetLocalDescription(offer))
	answer, err := a.leg.Offer(t.Context(), a.pc.LocalDescription().SDP, nil)
	must(t, err)
	if !strings.Contains(answer, "a=candidate:") {
		t.Error("the answer has no candidates")
	}
	must(t, a.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}))
	before := 0
	a.wait("count", func() bool { before = len(video()); return true })
	a.wait("picture after the restart", func() bool { return len(video()) > before+100 })
}

func TestBadDescriptionsAreRefusedAndHarmless(t *testing.T) {
	t.Parallel()
	room := newRoom(t, newServer(t))
	good := newClient(t, clientOptions{})
	good.addSenders()
	offer, err := good.pc.CreateOffer(nil)
	must(t, err)
	sections := strings.Split(offer.SDP, "m=")
	thousand := sections[0]
	for i := range 1000 {
		thousand += strings.Replace("m="+sections[1], "a=mid:0", fmt.Sprintf("a=mid:%d", i), 1)
	}
	without := func(line string) string {
		lines := strings.Split(offer.SDP, "\r\n")
		return strings.Join(slices.DeleteFunc(lines, func(l string) bool { return strings.HasPrefix(l, line) }), "\r\n")
	}
	for name, sdp := range map[string]string{
		"empty":               "",
		"no SDP":              "hello",
		"no sections":         sections[0],
		"a thousand":          thousand,
		"no mid":              without("a=mid"),
		"no ufrag":            without("a=ice-ufrag"),
		"no password":         without("a=ice-pwd"),
		"no fingerprint":      without("a=fingerprint"),
		"short fingerprint":   strings.ReplaceAll(offer.SDP, "a=fingerprint:sha-256 ", "a=fingerprint:sha-512 "),
		"weak fingerprint":    strings.ReplaceAll(offer.SDP, "a=fingerprint:sha-256 ", "a=fingerprint:md5 "),
		"no bundle":           without("a=group"),
		"no formats known":    strings.ReplaceAll(strings.ReplaceAll(offer.SDP, "opus", "sopu"), "OPUS", "sopu"),
		"formats without map": without("a=rtpmap"),
		"cut off":             offer.SDP[:len(offer.SDP)/2],
		"same mid twice":      strings.ReplaceAll(offer.SDP, "a=mid:1", "a=mid:0"),
		"bad extmap":          strings.Replace(offer.SDP, "a=extmap:1 ", "a=extmap:x ", 1),
		"strange kind":        strings.Replace(offer.SDP, "m=video", "m=smell", 1),
	} {
		c := newClient(t, clientOptions{})
		leg, err := room.Join(name, c)
		must(t, err)
		if _, err := leg.Offer(t.Context(), sdp, nil); !errors.Is(err, sfu.ErrBadSDP) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		// The leg is as it was: a good offer works.
		c.leg = leg
		c.addSenders()
		c.offer()
		c.wait(name+": connection", func() bool { return c.state == sfu.StateGood })
		must(t, leg.Close())
	}
}

func TestCandidates(t *testing.T) {
	t.Parallel()
	room := newRoom(t, newServer(t))
	leg, err := room.Join("a", nil)
	must(t, err)
	for _, ok := range []string{
		"", "candidate:1 1 udp 2130706431 192.0.2.1 4000 typ host",
		"candidate:1 1 udp 2130706431 6f9a1b1e-0000-0000-0000-000000000000.local 4000 typ host generation 0",
		"candidate:1 1 tcp 1518280447 192.0.2.1 9 typ host tcptype active",
	} {
		if err := leg.AddCandidate(ok); err != nil {
			t.Errorf("%q: %v", ok, err)
		}
	}
	for _, bad := range []string{"candidate:", "hello", "candidate:1 1 udp x 192.0.2.1 4000 typ host", strings.Repeat("candidate ", 500)} {
		if err := leg.AddCandidate(bad); bad != "candidate:" && !errors.Is(err, sfu.ErrBadCandidate) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	must(t, leg.Close())
	if err := leg.AddCandidate(""); !errors.Is(err, sfu.ErrClosed) {
		t.Errorf("after close: %v", err)
	}
}

func FuzzCandidate(f *testing.F) {
	f.Add("candidate:1 1 udp 2130706431 192.0.2.1 4000 typ host generation 0")
	f.Add("candidate:1 1 tcp 1518280447 2001:db8::1 9 typ srflx raddr 10.0.0.1 rport 9 tcptype active")
	f.Fuzz(func(t *testing.T, text string) {
		if err := sfu.CheckCandidate(text); err != nil && !errors.Is(err, sfu.ErrBadCandidate) {
			t.Fatal(err)
		}
	})
}

func TestRequestsForKeyFramesAreMerged(t *testing.T) {
	t.Parallel()
	room := newRoom(t, newServer(t))
	a := newClient(t, clientOptions{})
	a.join(room, "a")
	receivers := make([]*client, 4)
	for i := range receivers {
		receivers[i] = newClient(t, clientOptions{})
		receivers[i].join(room, fmt.Sprint("r", i))
	}
	a.live(t.Context(), 'A')
	for _, r := range receivers {
		r.wait("picture", func() bool { return len(r.on(r.slotOf("a", sfu.SourceCamera))) > 5 })
	}
	count := func() (n int) {
		for _, p := range a.rtcp {
			if _, ok := p.(*rtcp.PictureLossIndication); ok {
				n++
			}
		}
		return n
	}
	began := time.Now()
	var before int
	a.wait("count", func() bool { before = count(); return true })
	for time.Since(began) < 1100*time.Millisecond {
		for _, r := range receivers {
			r.mu.Lock()
			p := r.on(r.slotOf("a", sfu.SourceCamera))
			r.mu.Unlock()
			must(t, r.pc.WriteRTCP([]rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: p[0].header.SSRC}}))
		}
		time.Sleep(10 * time.Millisecond) // the pace of four decoders that complain without end
	}
	took := time.Since(began)
	a.mu.Lock()
	defer a.mu.Unlock()
	n := count() - before
	if most := int(took/(300*time.Millisecond)) + 2; n > most || n < 2 {
		t.Errorf("%d requests reached the sender in %v", n, took)
	}
}

// TestNothingIsLeftOfLegsThatWent has a thousand legs join, connect, send and leave.
func TestNothingIsLeftOfLegsThatWent(t *testing.T) {
	const rounds, atOnce = 20, 50
	server := newServer(t)
	room := newRoom(t, server)
	cycle := func() {
		var wait sync.WaitGroup
		for i := range atOnce {
			wait.Go(func() {
				c := newClient(t, clientOptions{closesItself: true})
				c.join(room, fmt.Sprint(i))
				for _, p := range (&source{name: 'x'}).frame(true, 3) {
					_ = c.video.WriteRTP(p)
				}
				must(t, c.leg.Close())
				must(t, c.leg.Close())
				must(t, c.pc.GracefulClose())
				c.wait("closed", func() bool { return c.closed && c.closedFor == nil })
			})
		}
		wait.Wait()
	}
	cycle()
	before, heap, files := runtime.NumGoroutine(), heapNow(), descriptors(t)
	for range rounds {
		cycle()
	}
	settle(t, before)
	if now := heapNow(); now > heap+8<<20 {
		t.Errorf("the heap grew from %d to %d KB over %d legs", heap>>10, now>>10, rounds*atOnce)
	}
	if now := descriptors(t); now > files+2 {
		t.Errorf("%d descriptors, were %d", now, files)
	}
	if totals := server.Totals(); totals.Legs != 0 || totals.Panics != 0 {
		t.Errorf("totals %+v", totals)
	}
}

// TestClosingWhileConnecting closes legs at any moment of their beginning, and wants it done soon.
func TestClosingWhileConnecting(t *testing.T) {
	t.Parallel()
	server := newServerOn(t, newWire(t))
	room := newRoom(t, server)
	var wait sync.WaitGroup
	for i := range 24 {
		wait.Go(func() {
			c := newClient(t, clientOptions{})
			var err error
			c.leg, err = room.Join(fmt.Sprint(i), c)
			must(t, err)
			c.addSenders()
			if i%4 > 0 {
				c.offer()
			}
			time.Sleep(time.Duration(i) * 4 * time.Millisecond) // into the handshake, or beyond
			began := time.Now()
			must(t, c.leg.Close())
			if took := time.Since(began); took > 10*time.Second {
				t.Errorf("closing took %v", took)
			}
			if _, err := c.leg.Offer(t.Context(), "", nil); !errors.Is(err, sfu.ErrClosed) {
				t.Errorf("an offer to a closed leg: %v", err)
			}
		})
	}
	wait.Wait()
	if n := server.Totals().Legs; n != 0 {
		t.Errorf("%d legs are left", n)
	}
}

// settle waits until there are no more goroutines than before: the last ones of a closed socket end a little later.
func settle(t *testing.T, before int) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for runtime.NumGoroutine() > before+2 {
		if time.Now().After(deadline) {
			buf := make([]byte, 1<<20)
			t.Fatalf("%d goroutines, were %d\n%s", runtime.NumGoroutine(), before, buf[:runtime.Stack(buf, true)])
		}
		runtime.Gosched()
	}
}

// descriptors counts the files and sockets that the process has open, where the system tells.
func descriptors(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if errors.Is(err, os.ErrNotExist) {
		return 0
	}
	must(t, err)
	return len(entries)
}

func heapNow() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
