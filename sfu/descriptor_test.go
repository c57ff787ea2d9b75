package sfu_test

import (
	"strings"
	"testing"

	"github.com/pion/webrtc/v4"
)

// TestWhereTheDescriptorIsWanted: browsers that send VP8 with the dependency descriptor leave picture ids and temporal layers out
// of its payload, and number frames in the descriptor through all layers of a simulcast. So it is agreed upon only where AV1 is
// sent, and where a client receives whatever comes.
func TestWhereTheDescriptorIsWanted(t *testing.T) {
	t.Parallel()
	codecs := map[string]webrtc.RTPCodecParameters{
		"VP8": {RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8, ClockRate: 90000}, PayloadType: 96},
		"AV1": {RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeAV1, ClockRate: 90000}, PayloadType: 45},
	}
	room := newRoom(t, newServerOn(t, newWire(t)))
	for name, c := range map[string]struct {
		order []string
		sends bool
		want  bool
	}{
		"sends VP8":                {[]string{"VP8", "AV1"}, true, false},
		"sends AV1":                {[]string{"AV1", "VP8"}, true, true},
		"receives, VP8 at best":    {[]string{"VP8", "AV1"}, false, true},
		"receives, AV1 or nothing": {[]string{"AV1"}, false, true},
	} {
		client := newClient(t, clientOptions{media: func(m *webrtc.MediaEngine) error {
			for _, name := range c.order {
				if err := m.RegisterCodec(codecs[name], webrtc.RTPCodecTypeVideo); err != nil {
					return err
				}
			}
			return m.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: descriptorURI}, webrtc.RTPCodecTypeVideo)
		}})
		direction := webrtc.RTPTransceiverDirectionRecvonly
		if c.sends {
			direction = webrtc.RTPTransceiverDirectionSendonly
		}
		_, err := client.pc.AddTransceiverFromKind(webrtc.RTPCodecTypeVideo, webrtc.RTPTransceiverInit{Direction: direction})
		must(t, err)
		client.leg, err = room.Join(name, client)
		must(t, err)
		if got := strings.Contains(client.offer(), descriptorURI); got != c.want {
			t.Errorf("who %s: the descriptor is agreed upon: %v", name, got)
		}
	}
	leg, err := room.Join("rings", nil)
	must(t, err)
	ring, err := leg.RingOffer(t.Context())
	must(t, err)
	again, err := leg.RingOffer(t.Context())
	if err != nil || ring != again || strings.Contains(ring, descriptorURI) {
		t.Errorf("the ring's offer has the descriptor, or changes: %v", err)
	}
}
