package sfu_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"

	"confab/sfu"
	codecs "confab/sfu/codec"
)

// detour lays a road before a port and returns what makes a client's answer lead over it.
func (r road) detour(t testing.TB, port int) func(string) string {
	t.Helper()
	there := r.lay(t, port)
	return func(answer string) string {
		return candidatePort.ReplaceAllString(answer, fmt.Sprintf("${1}%d${2}", there))
	}
}

// attempts is how often a test that measures time tries: a busy machine makes pictures stand still of its own.
const attempts = 4

// standsStill fails if a viewer's picture stands still in a window. A machine without time makes pictures stand still as well, those
// of a control too, who watches the same senders and for whom nothing changes: as often is forgiven, and once more for each
// further window, of which there are a few at most.
func standsStill(t *testing.T, viewer, control *person, window func()) {
	t.Helper()
	before, others := viewer.freezes(), control.freezes()
	for i := range attempts {
		window()
		stood, too := viewer.freezes()-before, control.freezes()-others
		t.Logf("the picture has stood still %d times, the control's %d times", stood, too)
		if stood <= too+i {
			return
		}
	}
	t.Error("the picture stands still")
}

// TestALossyCallDoesNotFreeze has Chromium send 1 Mbit/s of VP8 and Chromium watch it, each over a path that loses 5 % each
// way and takes 100 ms there and back, and wants the picture to stand still for less than 1 % of the time.
//
// It is alone while it runs, as are all that measure time.
func TestALossyCallDoesNotFreeze(t *testing.T) {
	port := newWire(t)
	room := newRoom(t, newServerOn(t, port))
	b := openBrowser(t)
	bad := road{loss: 0.05, delay: 50 * time.Millisecond}
	vp8 := []string{"video/VP8"}
	b.join(room, "sender", part{Send: true, Share: 1, Codecs: vp8, Encodings: []encoding{{MaxBitrate: 1_000_000}}}, bad.detour(t, port.Port()))
	viewer := b.join(room, "viewer", part{Send: true, Width: 160, Height: 96, FPS: 10, Receive: 1, Codecs: vp8}, bad.detour(t, port.Port()))
	viewer.until("a picture", patience, func() bool { return viewer.picture().FramesDecoded > 200 })
	const watched = 20 * time.Second
	total, stood := 0.0, 0.0 // seconds
	for range attempts {
		before := viewer.picture()
		time.Sleep(watched) // what is measured is how the picture does over time
		after := viewer.picture()
		bits := float64(after.Bytes-before.Bytes) * 8 / watched.Seconds()
		t.Logf("frozen for %.2f s of %v; %d frames, %.0f bit/s; %d packets lost, %d NACKs, %d PLIs", after.Frozen-before.Frozen, watched,
			after.FramesDecoded-before.FramesDecoded, bits, after.Lost-before.Lost, after.NACKs-before.NACKs, after.PLIs-before.PLIs)
		if bits < 500_000 || after.Lost == before.Lost {
			continue // a sender without time for its picture shows nothing
		}
		total, stood = total+watched.Seconds(), stood+after.Frozen-before.Frozen
		if stood/total < 0.01 {
			return
		}
	}
	t.Errorf("frozen for %.2f s of %.0f s", stood, total)
}

// TestChromiumNeverNoticesThatASlotChangesHands has Chromium watch one slot that goes to and fro between three senders, one of
// them with layers, and wants its decoder to go on and its picture never to stand still.
func TestChromiumNeverNoticesThatASlotChangesHands(t *testing.T) {
	room := newRoom(t, newServerOn(t, newWire(t)))
	b := openBrowser(t)
	vp8 := []string{"video/VP8"}
	small := part{Send: true, Width: 320, Height: 180, FPS: 10, Codecs: vp8, Encodings: []encoding{{MaxBitrate: 300_000}}}
	b.join(room, "a", small, nil)
	b.join(room, "b", small, nil)
	small.Encodings = []encoding{{RID: "q", ScaleDown: 2, MaxBitrate: 100_000}, {RID: "h", ScaleDown: 1, MaxBitrate: 300_000}}
	b.join(room, "c", small, nil)
	viewer := b.join(room, "viewer", part{Receive: 1, Codecs: vp8}, nil)
	control := b.join(room, "control", part{Receive: 3, Codecs: vp8}, nil) // watches all, so that nobody's layers are switched off
	show := func(who string) {
		viewer.leg.View([]sfu.Tile{{Leg: who, Source: sfu.SourceCamera, Height: 180}})
		viewer.until("slot told of "+who, patience, func() bool { return viewer.sees() == who })
		then := viewer.picture().FramesDecoded
		viewer.until("picture of "+who, patience, func() bool { return viewer.picture().FramesDecoded > then+3 })
	}
	people := []string{"a", "b", "c"}
	for _, who := range people { // encoders and the jitter buffer settle
		show(who)
	}
	control.until("all pictures", patience, func() bool {
		return !slices.ContainsFunc(control.stats("inbound-rtp"), func(s rtpStats) bool { return s.FramesDecoded < 30 })
	})
	const switches = 15
	standsStill(t, viewer, control, func() {
		before := viewer.picture()
		for i := range switches {
			show(people[i%len(people)])
		}
		after := viewer.picture()
		frames, keys := after.FramesDecoded-before.FramesDecoded, after.KeyFrames-before.KeyFrames
		asked := after.PLIs - before.PLIs // not while encoders and the jitter buffer settled
		t.Logf("%d frames, %d of them key frames, %d NACKs", frames, keys, after.NACKs-before.NACKs)
		if frames < 4*switches || keys < switches || asked != 0 {
			t.Errorf("%d frames, %d key frames in %d switches; the decoder asked for %d", frames, keys, switches, asked)
		}
	})
}

// sees returns whose picture the first slot carries.
func (p *person) sees() string {
	return p.slot(0).Leg
}

// slot returns what a slot carries.
func (p *person) slot(i int) sfu.Slot {
	p.mu.Lock()
	defer p.mu.Unlock()
	if i >= len(p.slots) {
		return sfu.Slot{}
	}
	return p.slots[i]
}

// sent returns the packets that somebody has sent, by layer.
func (p *person) sent() map[string]int {
	p.browser.t.Helper()
	out := map[string]int{}
	for _, s := range p.stats("outbound-rtp") {
		out[s.RID] = s.Sent
	}
	return out
}

// TestChromiumWithoutTheCodec has a Chromium send a codec that another one watches, until a client of Pion's joins that knows VP8
// alone: it is told that it cannot decode, the sender is asked for what all can, and both see the picture in VP8.
func TestChromiumWithoutTheCodec(t *testing.T) {
	server := newServerOn(t, newWire(t))
	b := openBrowser(t)
	var known []string
	b.do(&known, "RTCRtpSender.getCapabilities('video').codecs.map(c => c.mimeType)")
	vp8 := only(webrtc.RTPCodecTypeVideo, webrtc.RTPCodecParameters{
		RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8, ClockRate: 90000}, PayloadType: 96})
	for _, codec := range []string{"video/H264", "video/VP9", "video/AV1"} {
		if !slices.Contains(known, codec) {
			t.Logf("LEFT OUT: this Chromium cannot send %s", codec)
			continue
		}
		room := newRoom(t, server)
		both := []string{codec, "video/VP8"}
		sender := b.join(room, codec+" sender", part{Send: true, Width: 320, Height: 180, FPS: 10, Codecs: both, Encodings: []encoding{{MaxBitrate: 300_000}}}, nil)
		viewer := b.join(room, codec+" viewer", part{Receive: 1, Codecs: both}, nil)
		viewer.until("the picture in "+codec, patience, func() bool { return viewer.picture().MimeType == codec && viewer.picture().FramesDecoded > 5 })
		plain := newClient(t, clientOptions{media: vp8})
		plain.join(room, "plain")
		plain.wait("told that it cannot decode "+codec, func() bool {
			return slices.ContainsFunc(plain.told, func(told slotTelling) bool {
				return slices.ContainsFunc(told.slots, func(s sfu.Slot) bool { return s.Leg == sender.name && s.Undecodable })
			})
		})
		sender.until("asked for VP8", patience, func() bool {
			sender.mu.Lock()
			defer sender.mu.Unlock()
			return slices.Equal(sender.codecs, []string{"video/VP8"})
		})
		plain.wait("the picture in VP8", func() bool {
			p := plain.on(plain.slotOf(sender.name, sfu.SourceCamera))
			return len(p) > 20 && !slices.ContainsFunc(plain.slots, func(s sfu.Slot) bool { return s.Undecodable })
		})
		plain.mu.Lock()
		first := plain.on(plain.slotOf(sender.name, sfu.SourceCamera))[0]
		plain.mu.Unlock()
		if info, err := codecs.Parse(codecs.VP8, first.pay, nil); err != nil || !info.Key || first.header.PayloadType != 96 {
			t.Errorf("the picture begins with %+v, payload type %d, %v", info, first.header.PayloadType, err)
		}
		viewer.until("the picture in VP8", patience, func() bool { return viewer.picture().MimeType == "video/VP8" })
		then := viewer.picture().FramesDecoded
		viewer.until("more of it", patience, func() bool { return viewer.picture().FramesDecoded > then+10 })
	}
}
