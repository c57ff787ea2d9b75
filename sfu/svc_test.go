package sfu_test

import (
	"context"
	"encoding/binary"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"confab/sfu"
)

// svc makes pictures of VP9 in three spatial layers that depend on each other at key frames only, in one stream.
type svc struct {
	seq, picture uint16
	ts           uint32
	tl0          byte
}

// superframe returns the next picture, one packet a layer. The last byte but one tells the layer.
func (v *svc) superframe(key bool) []*rtp.Packet {
	v.picture = (v.picture + 1) & 0x7FFF
	v.ts += 3000
	v.tl0++
	var out []*rtp.Packet
	for layer := range byte(3) {
		first := byte(0x80 | 0x20 | 0x08 | 0x04) // picture id, layers, begin and end of frame
		if !key {
			first |= 0x40 // predicted
		}
		depends := byte(0)
		if key && layer > 0 {
			depends = 1
		}
		pay := []byte{first, 0x80 | byte(v.picture>>8), byte(v.picture), layer<<1 | depends, v.tl0, 0xEE, layer, 0}
		v.seq++
		out = append(out, &rtp.Packet{
			Header:  rtp.Header{Version: 2, SequenceNumber: v.seq, Timestamp: v.ts, Marker: layer == 2},
			Payload: append(pay, make([]byte, 200<<layer)...),
		})
	}
	return out
}

func only(kind webrtc.RTPCodecType, codecs ...webrtc.RTPCodecParameters) func(*webrtc.MediaEngine) error {
	return func(m *webrtc.MediaEngine) error {
		others := webrtc.RTPCodecParameters{RTPCodecCapability: webrtc.RTPCodecCapability{
			MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2}, PayloadType: 111}
		if err := m.RegisterCodec(others, webrtc.RTPCodecTypeAudio); err != nil {
			return err
		}
		if kind == webrtc.RTPCodecTypeAudio {
			vp8 := webrtc.RTPCodecParameters{RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8, ClockRate: 90000}, PayloadType: 96}
			if err := m.RegisterCodec(vp8, webrtc.RTPCodecTypeVideo); err != nil {
				return err
			}
		}
		for _, c := range codecs {
			if err := m.RegisterCodec(c, kind); err != nil {
				return err
			}
		}
		return nil
	}
}

func TestSpatialLayersOfOneStream(t *testing.T) {
	t.Parallel()
	vp9 := only(webrtc.RTPCodecTypeVideo, webrtc.RTPCodecParameters{
		RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP9, ClockRate: 90000, SDPFmtpLine: "profile-id=0"}, PayloadType: 98})
	room := newRoom(t, newServerOn(t, newWire(t)))
	s, a := newClient(t, clientOptions{media: vp9}), newClient(t, clientOptions{media: vp9})
	for _, c := range []*client{s, a} {
		var err error
		c.video, err = webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{
			MimeType: webrtc.MimeTypeVP9, ClockRate: 90000, SDPFmtpLine: "profile-id=0"}, "v", "s")
		must(t, err)
	}
	s.join(room, "s")
	a.join(room, "a")
	go s.filmLayers(t.Context(), &svc{seq: 100, ts: 5, picture: 9})
	show := func(height int, top byte) {
		t.Helper()
		a.leg.View([]sfu.Tile{{Leg: "s", Source: sfu.SourceCamera, Height: height}})
		// Twenty pictures in a row, each with just the layers up to the top, and the marker on it.
		a.wait("layers of the tile", func() bool {
			p := a.on(a.slotOf("s", sfu.SourceCamera))
			if len(p) < 100 {
				return false
			}
			for _, g := range p[len(p)-20*int(top+1):] {
				if layer := g.pay[6]; layer > top || g.header.Marker != (layer == top) {
					return false
				}
			}
			return p[len(p)-1].pay[6] == top || p[len(p)-2].pay[6] == top || p[len(p)-3].pay[6] == top
		})
	}
	show(720, 2)
	show(180, 0)
	show(360, 1)
	show(720, 2)
	a.mu.Lock()
	defer a.mu.Unlock()
	packets := a.on(a.slotOf("s", sfu.SourceCamera))
	for i := 1; i < len(packets); i++ {
		was, is := packets[i-1], packets[i]
		if step := is.header.SequenceNumber - was.header.SequenceNumber; step != 1 {
			t.Fatalf("sequence goes from %d to %d", was.header.SequenceNumber, is.header.SequenceNumber)
		}
		number := func(g got) uint16 { return binary.BigEndian.Uint16(g.pay[1:]) & 0x7FFF }
		if step := number(is) - number(was); step > 1 {
			t.Fatalf("picture goes from %d to %d", number(was), number(is))
		}
	}
}

// filmLayers sends superframes until the context ends, key frames as they are asked for.
func (c *client) filmLayers(ctx context.Context, v *svc) {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	seen, key := 0, true
	for {
		for _, p := range v.superframe(key) {
			if c.video.WriteRTP(p) != nil {
				return
			}
		}
		key = false
		c.mu.Lock()
		for ; seen < len(c.rtcp); seen++ {
			if _, ok := c.rtcp[seen].(*rtcp.PictureLossIndication); ok {
				key = true
			}
		}
		c.mu.Unlock()
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// TestRedundancyIsTakenOffWhereItIsNotTaken sends RED to one who takes it and to one who does not.
func TestRedundancyIsTakenOffWhereItIsNotTaken(t *testing.T) {
	t.Parallel()
	red := webrtc.RTPCodecCapability{MimeType: "audio/red", ClockRate: 48000, Channels: 2, SDPFmtpLine: "111/111"}
	both := only(webrtc.RTPCodecTypeAudio, webrtc.RTPCodecParameters{RTPCodecCapability: red, PayloadType: 63})
	room := newRoom(t, newServerOn(t, newWire(t)))
	s, takes := newClient(t, clientOptions{media: both}), newClient(t, clientOptions{media: both})
	plain := newClient(t, clientOptions{media: only(webrtc.RTPCodecTypeAudio)})
	var err error
	s.audio, err = webrtc.NewTrackLocalStaticRTP(red, "a", "s")
	must(t, err)
	s.join(room, "s")
	takes.join(room, "takes")
	plain.join(room, "plain")
	go func() {
		for n := uint16(0); t.Context().Err() == nil; n++ {
			p := &rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: n, Timestamp: uint32(n) * 960}}
			p.Payload = append([]byte{0x80 | 111, 0, 0, 3, 111}, "oldnew"...)
			if s.audio.WriteRTP(p) != nil {
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
	}()
	for _, c := range []struct {
		client *client
		pt     uint8
		pay    string
	}{{takes, 63, string([]byte{0x80 | 111, 0, 0, 3, 111}) + "oldnew"}, {plain, 111, "new"}} {
		c.client.wait("sound", func() bool {
			p := c.client.on(c.client.slotOf("s", sfu.SourceMicrophone))
			return len(p) > 10 && p[10].header.PayloadType == c.pt && string(p[10].pay) == c.pay
		})
	}
}
