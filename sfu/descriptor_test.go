package sfu_test

import (
	"encoding/binary"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"

	"confab/sfu"
)

// TestNoDescriptorWithVP8: browsers number the frames of all simulcast layers through in VP8's dependency descriptors, so
// passing those of one layer on makes a decoder wait for frames that never come. VP8 goes by its own picture ids.
func TestNoDescriptorWithVP8(t *testing.T) {
	t.Parallel()
	vp8 := func(m *webrtc.MediaEngine) error {
		if err := only(webrtc.RTPCodecTypeVideo, webrtc.RTPCodecParameters{
			RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8, ClockRate: 90000}, PayloadType: 96})(m); err != nil {
			return err
		}
		return m.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: descriptorURI}, webrtc.RTPCodecTypeVideo)
	}
	room := newRoom(t, newServerOn(t, newWire(t)))
	sender, receiver := newClient(t, clientOptions{media: vp8}), newClient(t, clientOptions{media: vp8})
	sender.join(room, "sender")
	receiver.join(room, "receiver")
	id := descriptorID(sender.pc)
	if id == 0 || descriptorID(receiver.pc) == 0 {
		t.Fatal("the descriptor was not negotiated, so this shows nothing")
	}

	go func() {
		src := &source{name: 'V'}
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for n := uint16(0); ; n += 3 { // as if two other layers had the numbers between
			for _, p := range src.frame(n%30 == 0, 1) {
				descriptor := binary.BigEndian.AppendUint16([]byte{0xC0}, n)
				if p.SetExtension(id, descriptor) != nil || sender.video.WriteRTP(p) != nil {
					return
				}
			}
			select {
			case <-t.Context().Done():
				return
			case <-tick.C:
			}
		}
	}()
	receiver.wait("pictures", func() bool { return len(receiver.on(receiver.slotOf("sender", sfu.SourceCamera))) > 20 })
	receiver.mu.Lock()
	defer receiver.mu.Unlock()
	for _, p := range receiver.on(receiver.slotOf("sender", sfu.SourceCamera)) {
		if data := p.header.GetExtension(descriptorID(receiver.pc)); data != nil {
			t.Fatalf("a packet of VP8 came with the descriptor %x", data)
		}
	}
}
