package sfu_test

import (
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"confab/sfu"
)

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
		for range 2 { // a machine without time is forgiven once
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

// TestChromiumDecodesLayersOfOneStream has Chromium send VP9 and AV1 in one stream of three spatial and three temporal layers,
// and Chromium watch it in sizes that come and go; without the dependency descriptor AV1 comes in its base layer. The picture
// never stands still.
func TestChromiumDecodesLayersOfOneStream(t *testing.T) {
	for _, codec := range []string{"video/VP9", "video/AV1"} {
		room := newRoom(t, newServerOn(t, newWire(t)))
		b := openBrowser(t)
		both := []string{codec, "video/VP8"}
		sender := b.join(room, "sender", part{Send: true, Width: 1024, Height: 576, FPS: 8, Codecs: both,
			Encodings: []encoding{{MaxBitrate: 2_000_000, Scalability: "L3T3_KEY"}}}, nil) // room enough for the encoder to leave no layer out
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
			p.until("pictures", patience, func() bool { return p.picture().FramesDecoded > then+10 })
		}
		if mode := sender.stats("outbound-rtp")[0].Mode; mode != "" && mode != "L3T3_KEY" {
			t.Fatalf("%s is sent as %s", codec, mode)
		}
		base := 576
		if codec == "video/AV1" {
			base = 144
		}
		shows(plain, 576, base)
		shows(viewer, 576, 576)
		standsStill(t, viewer, plain, func() {
			for _, lines := range []int{144, 576, 288, 576} {
				shows(viewer, lines, lines)
			}
		})
		for _, p := range []rtpStats{viewer.picture(), plain.picture()} {
			t.Logf("%s: %+v", codec, p)
			if p.PLIs > 1 || p.NACKs > 0 {
				t.Errorf("%s: the decoder asked for %d key frames, and for %d packets again", codec, p.PLIs, p.NACKs)
			}
		}
	}
}

// TestChromiumGetsWhatItsPathBears has Chromium watch three layers over a path that becomes too narrow even for the smallest, and
// wide again: it gets fewer pictures of that one, which it decodes without a pause, and then the largest within seconds. A control
// watches the smallest all the time, on a path with room.
func TestChromiumGetsWhatItsPathBears(t *testing.T) {
	port := newWire(t)
	room := newRoom(t, newServerOn(t, port))
	b := openBrowser(t)
	vp8 := []string{"video/VP8"}
	// What the smallest layer has at once depends on what the encoder takes the others to cost; left alone it has all of this.
	const smallest = 200_000
	const wide, narrow = 10_000_000, smallest * 7 / 10
	sender := b.join(room, "sender", part{Send: true, Width: 960, Height: 540, FPS: 20, Share: 0.2, Codecs: vp8, Encodings: []encoding{
		{RID: "q", ScaleDown: 4, MaxBitrate: smallest, Scalability: "L1T3"}, {RID: "h", ScaleDown: 2, MaxBitrate: 500_000, Scalability: "L1T3"},
		{RID: "f", ScaleDown: 1, MaxBitrate: 1_200_000, Scalability: "L1T3"},
	}}, nil)
	var width atomic.Int64
	width.Store(wide)
	viewer := b.join(room, "viewer", part{Receive: 1, Codecs: vp8},
		road{delay: 20 * time.Millisecond, down: wide, width: &width}.detour(t, port.Port()))
	control := b.join(room, "control", part{Receive: 1, Codecs: vp8}, nil)
	viewer.leg.View([]sfu.Tile{{Leg: "sender", Source: sfu.SourceCamera, Height: 540}})
	control.leg.View([]sfu.Tile{{Leg: "sender", Source: sfu.SourceCamera, Height: 135}})
	control.until("the smallest", patience, func() bool { return control.picture().FrameHeight == 135 && control.picture().FramesDecoded > 50 })
	viewer.until("the largest", patience, func() bool { return viewer.picture().FrameHeight == 540 && viewer.picture().FramesDecoded > 50 })
	soonest := patience
	for range 2 {
		width.Store(narrow)
		viewer.until("the smallest on a narrow path", patience, func() bool { return viewer.picture().FrameHeight == 135 })
		// share watches for a while, and returns how many of the control's pictures come.
		share := func(d time.Duration) float64 {
			mine, others := viewer.picture(), control.picture()
			time.Sleep(d) // what is measured is how many come over time
			return float64(viewer.picture().FramesDecoded-mine.FramesDecoded) / float64(control.picture().FramesDecoded-others.FramesDecoded)
		}
		fewer := func(of float64) bool { return of > 0.15 && of < 0.8 }
		viewer.until("fewer pictures", patience, func() bool { return fewer(share(time.Second)) })
		standsStill(t, viewer, control, func() {
			of := share(4 * time.Second)
			t.Logf("%.0f %% of the pictures of a layer of %d bit/s", 100*of, sender.leg.Stats().Published[0].BitsPerSec)
			if !fewer(of) {
				t.Errorf("%.0f %% of the pictures", 100*of)
			}
		})
		width.Store(wide)
		took := viewer.until("the largest when there is room again", patience, func() bool { return viewer.picture().FrameHeight == 540 })
		t.Logf("the largest is back after %v", took)
		if soonest = min(soonest, took); soonest < 5*time.Second {
			return
		}
	}
	t.Errorf("the largest is back after %v at best", soonest)
}
