package sfu_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"confab/sfu"
)

// detour lays a road before a port and returns what makes a client's answer lead over it.
func (r road) detour(t testing.TB, port int) func(string) string {
	t.Helper()
	there := r.lay(t, port)
	return func(answer string) string {
		return candidatePort.ReplaceAllString(answer, fmt.Sprintf("${1}%d${2}", there))
	}
}

// attempts is how often a test that measures time tries: a busy machine makes pictures stand still of its own, and not always
// when it is measured, while what is wrong here shows each time.
const attempts = 4

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
	for range attempts {
		before := viewer.picture()
		time.Sleep(watched) // what is measured is how the picture does over time
		after := viewer.picture()
		frozen := (after.Frozen - before.Frozen) / watched.Seconds()
		bits := float64(after.Bytes-before.Bytes) * 8 / watched.Seconds()
		t.Logf("frozen for %.2f %% of the time; %d frames, %.0f bit/s; %d packets lost, %d NACKs, %d PLIs", 100*frozen,
			after.FramesDecoded-before.FramesDecoded, bits, after.Lost-before.Lost, after.NACKs-before.NACKs, after.PLIs-before.PLIs)
		if bits < 500_000 || after.Lost == before.Lost {
			continue // a sender without time for its picture shows nothing
		}
		if frozen < 0.01 {
			return
		}
	}
	t.Error("frozen for 1 % of the time and more")
}

// TestChromiumNeverNoticesThatASlotChangesHands has Chromium watch one slot that goes to and fro between three senders, one of
// them with layers, and wants its decoder to go on and its picture never to stand still.
func TestChromiumNeverNoticesThatASlotChangesHands(t *testing.T) {
	room := newRoom(t, newServerOn(t, newWire(t)))
	b := openBrowser(t)
	vp8 := []string{"video/VP8"}
	small := part{Send: true, Width: 320, Height: 180, FPS: 15, Codecs: vp8, Encodings: []encoding{{MaxBitrate: 300_000}}}
	b.join(room, "a", small, nil)
	b.join(room, "b", small, nil)
	small.Encodings = []encoding{{RID: "q", ScaleDown: 2, MaxBitrate: 100_000}, {RID: "h", ScaleDown: 1, MaxBitrate: 300_000}}
	b.join(room, "c", small, nil)
	viewer := b.join(room, "viewer", part{Receive: 1, Codecs: vp8}, nil)
	show := func(who string) {
		viewer.leg.View([]sfu.Tile{{Leg: who, Source: sfu.SourceCamera, Height: 180}})
		viewer.until("slot told of "+who, patience, func() bool { return viewer.sees() == who })
		then := viewer.picture().FramesDecoded
		viewer.until("picture of "+who, patience, func() bool { return viewer.picture().FramesDecoded > then+5 })
	}
	people := []string{"a", "b", "c"}
	for _, who := range people { // encoders and the jitter buffer settle
		show(who)
	}
	const switches = 15
	for range attempts {
		before := viewer.picture()
		for i := range switches {
			show(people[i%len(people)])
		}
		after := viewer.picture()
		freezes, frames, keys := after.Freezes-before.Freezes, after.FramesDecoded-before.FramesDecoded, after.KeyFrames-before.KeyFrames
		t.Logf("%d frames, %d of them key frames, %d freezes of %.2f s, %d NACKs", frames, keys, freezes, after.Frozen-before.Frozen, after.NACKs)
		if frames < 5*switches || keys < switches || after.PLIs != 0 {
			t.Errorf("%d frames, %d key frames in %d switches; the decoder asked for %d", frames, keys, switches, after.PLIs)
		}
		if freezes == 0 {
			return
		}
	}
	t.Error("the picture stands still when its slot changes hands")
}

// TestChromiumSwitchesLayersOffAndOn has Chromium send three layers, and asks of its own account which it sends.
func TestChromiumSwitchesLayersOffAndOn(t *testing.T) {
	room := newRoom(t, newServerOn(t, newWire(t)))
	b := openBrowser(t)
	sender := b.join(room, "sender", part{Send: true, Width: 960, Height: 540, FPS: 10, Codecs: []string{"video/VP8"}, Encodings: []encoding{
		{RID: "q", ScaleDown: 4, MaxBitrate: 100_000}, {RID: "h", ScaleDown: 2, MaxBitrate: 300_000}, {RID: "f", ScaleDown: 1, MaxBitrate: 900_000},
	}}, nil)
	viewer := b.join(room, "viewer", part{Receive: 1, Codecs: []string{"video/VP8"}}, nil)
	show := func(lines int) time.Duration {
		t.Helper()
		viewer.leg.View([]sfu.Tile{{Leg: "sender", Source: sfu.SourceCamera, Height: lines}})
		return viewer.until(fmt.Sprint(lines, " lines"), patience, func() bool { return viewer.picture().FrameHeight == lines })
	}
	// only waits until just these layers are sent: half a second in which they grow and no others.
	only := func(rids ...string) {
		t.Helper()
		sender.until(fmt.Sprint("nothing but ", rids), patience, func() bool {
			before := sender.sent()
			time.Sleep(500 * time.Millisecond) // in which the others may not send
			for rid, n := range sender.sent() {
				if grows := n > before[rid]; grows != slices.Contains(rids, rid) {
					return false
				}
			}
			return true
		})
	}
	show(540)
	only("f")
	for lines, rid := range map[int]string{135: "q", 270: "h"} {
		soonest := patience
		for range attempts {
			if soonest = min(soonest, show(lines)); soonest <= time.Second {
				break
			}
			show(540)
			only("f")
		}
		if soonest > time.Second {
			t.Errorf("layer %s was off and is back after %v", rid, soonest)
		}
		t.Logf("%s is back after %v", rid, soonest)
		only(rid)
		show(540)
		only("f")
	}
	viewer.leg.View([]sfu.Tile{})
	only()
	began := viewer.picture().FramesDecoded
	viewer.leg.View(nil)
	viewer.until("a picture that was off", patience, func() bool { return viewer.picture().FramesDecoded > began })
	only("f")
	must(t, sender.leg.Mute(sfu.SourceCamera, true))
	only() // a muted camera costs nothing, not even on the way up
	before := sender.leg.Stats().Published
	must(t, sender.leg.Mute(sfu.SourceCamera, false))
	only("f")
	for i, layer := range sender.leg.Stats().Published {
		if n := layer.PLIs - before[i].PLIs; n > 10 {
			t.Errorf("%d key frames of %s were asked for to begin again", n, layer.RID)
		}
	}
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

// TestChromiumWithoutTheCodec has a Chromium that admits to VP8 alone watch senders of other codecs, which know VP8 as well.
func TestChromiumWithoutTheCodec(t *testing.T) {
	room := newRoom(t, newServerOn(t, newWire(t)))
	b := openBrowser(t)
	var known []string
	b.do(&known, "RTCRtpSender.getCapabilities('video').codecs.map(c => c.mimeType)")
	viewer := b.join(room, "viewer", part{Receive: 1, Codecs: []string{"video/VP8"}}, nil)
	for _, codec := range []string{"video/H264", "video/VP9", "video/AV1"} {
		if !slices.Contains(known, codec) {
			t.Logf("LEFT OUT: this Chromium cannot send %s", codec)
			continue
		}
		sender := b.join(room, codec, part{Send: true, Width: 320, Height: 180, FPS: 10, Codecs: []string{codec, "video/VP8"},
			Encodings: []encoding{{MaxBitrate: 300_000}}}, nil)
		viewer.leg.View([]sfu.Tile{{Leg: codec, Source: sfu.SourceCamera, Height: 180}})
		viewer.until("told that it cannot decode "+codec, patience, func() bool {
			viewer.mu.Lock()
			defer viewer.mu.Unlock()
			return slices.ContainsFunc(viewer.told, func(s sfu.Slot) bool { return s.Leg == codec && s.Undecodable })
		})
		sender.until("asked for VP8", patience, func() bool {
			sender.mu.Lock()
			defer sender.mu.Unlock()
			return slices.Equal(sender.codecs, []string{"video/VP8"})
		})
		viewer.until("the picture in VP8 instead of "+codec, patience, func() bool {
			return viewer.sees() == codec && viewer.slot(0).Undecodable == false && viewer.picture().MimeType == "video/VP8"
		})
		then := viewer.picture().FramesDecoded
		viewer.until("more of it", patience, func() bool { return viewer.picture().FramesDecoded > then+10 })
		must(t, sender.leg.Close())
	}
}

// TestChromiumDecodesLayersOfOneStream has Chromium send VP9 and AV1 in one stream of two spatial and three temporal layers,
// and Chromium watch it in sizes that come and go; without the dependency descriptor AV1 comes in its base layer.
func TestChromiumDecodesLayersOfOneStream(t *testing.T) {
	for _, codec := range []string{"video/VP9", "video/AV1"} {
		room := newRoom(t, newServerOn(t, newWire(t)))
		b := openBrowser(t)
		both := []string{codec, "video/VP8"}
		sender := b.join(room, "sender", part{Send: true, Width: 640, Height: 360, FPS: 10, Codecs: both,
			Encodings: []encoding{{MaxBitrate: 2_000_000, Scalability: "L2T3_KEY"}}}, nil) // room enough for the encoder to leave no layer out
		viewer := b.join(room, "viewer", part{Receive: 1, Descriptor: true, Codecs: both}, nil)
		plain := b.join(room, "plain", part{Receive: 1, Codecs: both}, nil)
		shows := func(p *person, height, lines int) {
			t.Helper()
			p.leg.View([]sfu.Tile{{Leg: "sender", Source: sfu.SourceCamera, Height: height}})
			p.until(fmt.Sprint(codec, " in ", lines, " lines"), patience, func() bool {
				picture := p.picture()
				return picture.MimeType == codec && picture.FrameHeight == lines
			})
			then := p.picture().FramesDecoded
			p.until("pictures", patience, func() bool { return p.picture().FramesDecoded > then+15 })
		}
		if mode := sender.stats("outbound-rtp")[0].Mode; mode != "" && mode != "L2T3_KEY" {
			t.Fatalf("%s is sent as %s", codec, mode)
		}
		base := 360
		if codec == "video/AV1" {
			base = 180
		}
		shows(plain, 360, base)
		for _, lines := range []int{360, 180, 360, 180, 360} {
			shows(viewer, lines, lines)
		}
		for _, p := range []rtpStats{viewer.picture(), plain.picture()} {
			t.Logf("%s: %+v", codec, p)
			if p.PLIs > 1 || p.NACKs > 0 {
				t.Errorf("%s: the decoder asked for %d key frames, and for %d packets again", codec, p.PLIs, p.NACKs)
			}
		}
	}
}
