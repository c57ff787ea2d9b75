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

const descriptorURI = "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension"

// TestFrameNumbersOfAV1GoOn switches a slot between two cameras in AV1, whose frames are numbered in the dependency
// descriptor, of two temporal layers each.
func TestFrameNumbersOfAV1GoOn(t *testing.T) {
	t.Parallel()
	av1 := func(m *webrtc.MediaEngine) error {
		if err := only(webrtc.RTPCodecTypeVideo, webrtc.RTPCodecParameters{
			RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeAV1, ClockRate: 90000}, PayloadType: 45})(m); err != nil {
			return err
		}
		return m.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: descriptorURI}, webrtc.RTPCodecTypeVideo)
	}
	room := newRoom(t, newServerOn(t, newWire(t)))
	join := func(id string) *client {
		c := newClient(t, clientOptions{media: av1})
		var err error
		c.video, err = webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeAV1, ClockRate: 90000}, "v", "s")
		must(t, err)
		c.join(room, id)
		return c
	}
	a, b, c := join("a"), join("b"), join("c")
	go b.filmAV1(t.Context(), 'b', 500)
	go c.filmAV1(t.Context(), 'c', 60_000)
	for _, leg := range []string{"b", "c", "b"} {
		a.leg.View([]sfu.Tile{{Leg: leg, Source: sfu.SourceCamera, Height: 360}})
		a.wait("picture of "+leg, func() bool {
			p := a.on(a.slotOf(leg, sfu.SourceCamera))
			return len(p) > 30 && p[len(p)-1].pay[1] == leg[0] && p[len(p)-20].pay[1] == leg[0]
		})
	}
	id := descriptorID(a.pc)
	a.mu.Lock()
	defer a.mu.Unlock()
	packets := a.on(a.slotOf("b", sfu.SourceCamera))
	frame := func(g got) uint16 { return binary.BigEndian.Uint16(g.header.GetExtension(id)[1:]) }
	for i := 1; i < len(packets); i++ {
		if step := frame(packets[i]) - frame(packets[i-1]); step != 1 {
			t.Fatalf("frame goes from %d to %d", frame(packets[i-1]), frame(packets[i]))
		}
		if key := len(packets[i].header.GetExtension(id)) > 3; packets[i].pay[1] != packets[i-1].pay[1] && !key {
			t.Fatal("a source begins without a key frame")
		}
	}
}

func descriptorID(pc *webrtc.PeerConnection) uint8 {
	for _, s := range pc.GetSenders() {
		for _, e := range s.GetParameters().HeaderExtensions {
			if e.URI == descriptorURI {
				return uint8(e.ID)
			}
		}
	}
	return 0
}

// filmAV1 sends frames of one packet, with descriptors, until the context ends.
func (c *client) filmAV1(ctx context.Context, name byte, number uint16) {
	id := descriptorID(c.pc)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	seen, key := 0, true
	for n := uint16(0); ; n++ {
		descriptor := binary.BigEndian.AppendUint16([]byte{0xC0 | byte(n&1)}, number+n)
		first := byte(0x10)
		if key {
			// A structure follows; offset 0, two decode targets, templates of temporal layers 0 and 1.
			descriptor[0] = 0xC0
			descriptor = append(descriptor, 0x80, 0x00, 0x1C)
			first |= 0x08
		}
		p := &rtp.Packet{
			Header:  rtp.Header{Version: 2, SequenceNumber: number + n, Timestamp: uint32(n) * 3000, Marker: true},
			Payload: append([]byte{first, name}, make([]byte, 300)...),
		}
		if err := p.SetExtension(id, descriptor); err != nil || c.video.WriteRTP(p) != nil {
			return
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
