package sfu_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v4"

	"confab/sfu"
)

// simulcaster is a client that sends its camera in three layers.
type simulcaster struct {
	*client
	tracks   []*webrtc.TrackLocalStaticRTP
	sources  []*source
	mid, rid uint8 // header extension ids
	section  string
	most     int // layers that it sends at a time, the smallest of those that are wanted; 0 for all
}

var rids = []string{"q", "h", "f"}

// newSimulcaster joins a room with sound and a camera in three layers.
func newSimulcaster(t *testing.T, room *sfu.Room, id string) *simulcaster {
	t.Helper()
	s := &simulcaster{client: newClient(t, clientOptions{})}
	var err error
	s.leg, err = room.Join(id, s.client)
	must(t, err)
	var sender *webrtc.RTPSender
	for i, rid := range rids {
		track, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8}, "v", "s", webrtc.WithRTPStreamID(rid))
		must(t, err)
		s.tracks = append(s.tracks, track)
		s.sources = append(s.sources, &source{name: rid[0], seq: uint16(i * 1000), ts: uint32(i * 1e6), picture: uint16(i * 100)})
		if sender == nil {
			tr, err := s.pc.AddTransceiverFromTrack(track, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
			must(t, err)
			sender = tr.Sender()
		} else {
			must(t, sender.AddEncoding(track))
		}
	}
	s.offer()
	for _, rid := range rids {
		go func() {
			for {
				packets, _, err := sender.ReadSimulcastRTCP(rid)
				if err != nil {
					return
				}
				s.update(func() { s.rtcp = append(s.rtcp, packets...) })
			}
		}()
	}
	for _, e := range sender.GetParameters().HeaderExtensions {
		switch e.URI {
		case midURI:
			s.mid = uint8(e.ID)
		case "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id":
			s.rid = uint8(e.ID)
		}
	}
	s.section = s.pc.GetTransceivers()[0].Mid()
	s.wait("connection", func() bool { return s.state == sfu.StateGood && s.connected })
	return s
}

// film sends small pictures quickly.
func (s *simulcaster) film(ctx context.Context) {
	s.filmAt(ctx, 10*time.Millisecond, [3]int{1000, 2000, 4000})
}

// filmAt sends the layers that are wanted until the context ends, in frames of so many bytes.
func (s *simulcaster) filmAt(ctx context.Context, every time.Duration, bytes [3]int) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	ssrcs := map[uint32]int{}
	for i, e := range s.pc.GetSenders()[0].GetParameters().Encodings {
		ssrcs[uint32(e.SSRC)] = i
	}
	key := []bool{true, true, true}
	sent := []bool{true, true, true}
	seen := 0
	for n := 0; ; n++ {
		s.mu.Lock()
		active, told := s.layers[s.section]
		for ; seen < len(s.rtcp); seen++ {
			if pli, ok := s.rtcp[seen].(*rtcp.PictureLossIndication); ok {
				key[ssrcs[pli.MediaSSRC]] = true
			}
		}
		s.mu.Unlock()
		sending := 0
		for i, track := range s.tracks {
			on := (!told || slices.Contains(active, rids[i])) && (s.most == 0 || sending < s.most)
			if on {
				sending++
			}
			if on && !sent[i] {
				key[i] = true
			}
			sent[i] = on
			if !on {
				continue
			}
			for _, p := range s.sources[i].frame(key[i], 1+bytes[i]/1024) {
				_ = p.SetExtension(s.mid, []byte(s.section))
				_ = p.SetExtension(s.rid, []byte(rids[i]))
				if track.WriteRTP(p) != nil {
					return
				}
			}
			key[i] = false
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func TestLayersFollowTheTile(t *testing.T) {
	t.Parallel()
	room := newRoom(t, newServerOn(t, newWire(t)))
	s := newSimulcaster(t, room, "s")
	a := newClient(t, clientOptions{})
	a.join(room, "a")
	go s.film(t.Context())
	show := func(height int, layer byte) time.Duration {
		t.Helper()
		began := time.Now()
		a.leg.View([]sfu.Tile{{Leg: "s", Source: sfu.SourceCamera, Width: height * 16 / 9, Height: height}})
		a.wait("layer "+string(layer), func() bool {
			p := a.on(a.slotOf("s", sfu.SourceCamera))
			return len(p) > 0 && whose(p[len(p)-1].pay) == layer
		})
		return time.Since(began)
	}
	active := func(what string, want ...string) {
		t.Helper()
		s.wait(what, func() bool { got, told := s.layers[s.section]; return told && slices.Equal(got, want) })
	}
	show(720, 'f')
	active("only the largest is sent", "f")
	if took := show(180, 'q'); took > time.Second {
		t.Errorf("a layer that was off took %v", took)
	}
	active("only the smallest is sent", "q")
	if took := show(720, 'f'); took > time.Second {
		t.Errorf("a layer that was off took %v", took)
	}
	show(360, 'h')
	a.leg.View([]sfu.Tile{})
	active("nothing is sent when nobody watches")
	show(720, 'f')
	a.mu.Lock()
	defer a.mu.Unlock()
	checkContinuity(t, a.packets)
	if published := s.leg.Stats().Published; len(published) != 3 || published[2].RID != "f" {
		t.Errorf("published %+v", published)
	}
}

// TestASenderOfOneLayerAtATime has a sender that leaves larger layers out while a smaller one is active, as browsers do with small
// cameras: the layer that is wanted is there within a second all the same.
func TestASenderOfOneLayerAtATime(t *testing.T) {
	t.Parallel()
	room := newRoom(t, newServerOn(t, newWire(t)))
	s := newSimulcaster(t, room, "s")
	s.most = 1
	a := newClient(t, clientOptions{})
	a.join(room, "a")
	go s.film(t.Context())
	for i, c := range []struct {
		height int
		layer  byte
	}{{720, 'f'}, {180, 'q'}, {720, 'f'}, {360, 'h'}, {720, 'f'}} {
		began := time.Now()
		a.leg.View([]sfu.Tile{{Leg: "s", Source: sfu.SourceCamera, Height: c.height}})
		a.wait("layer "+string(c.layer), func() bool {
			p := a.on(a.slotOf("s", sfu.SourceCamera))
			return len(p) > 0 && whose(p[len(p)-1].pay) == c.layer
		})
		if took := time.Since(began); i > 0 && took > time.Second {
			t.Errorf("layer %c took %v", c.layer, took)
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	checkContinuity(t, a.packets)
}

// TestALayerThatDriesUpIsReplaced has the sender stop its largest layer, as browsers do when they run short of CPU, while somebody
// else watches the smallest.
func TestALayerThatDriesUpIsReplaced(t *testing.T) {
	t.Parallel()
	room := newRoom(t, newServerOn(t, newWire(t)))
	s := newSimulcaster(t, room, "s")
	a, b := newClient(t, clientOptions{}), newClient(t, clientOptions{})
	a.join(room, "a")
	b.join(room, "b")
	b.leg.View([]sfu.Tile{{Leg: "s", Source: sfu.SourceCamera, Height: 180}})
	ctx, cancel := context.WithCancel(t.Context())
	var filming sync.WaitGroup
	filming.Go(func() { s.film(ctx) })
	shows := func(c *client, layer byte) func() bool {
		return func() bool {
			p := c.on(c.slotOf("s", sfu.SourceCamera))
			return len(p) > 0 && whose(p[len(p)-1].pay) == layer
		}
	}
	a.wait("the largest", shows(a, 'f'))
	b.wait("the smallest", shows(b, 'q'))
	cancel()
	filming.Wait()
	s.most = 1
	ctx, cancel = context.WithCancel(t.Context())
	defer cancel()
	go s.film(ctx)
	a.wait("the smallest instead", shows(a, 'q'))
}

func TestCodecsThatSomebodyCannotDecode(t *testing.T) {
	t.Parallel()
	room := newRoom(t, newServerOn(t, newWire(t)))
	only := func(mime string, pt webrtc.PayloadType, fmtp string) func(*webrtc.MediaEngine) error {
		return func(m *webrtc.MediaEngine) error {
			if err := m.RegisterCodec(webrtc.RTPCodecParameters{
				RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2}, PayloadType: 111,
			}, webrtc.RTPCodecTypeAudio); err != nil {
				return err
			}
			return m.RegisterCodec(webrtc.RTPCodecParameters{
				RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: mime, ClockRate: 90000, SDPFmtpLine: fmtp}, PayloadType: pt,
			}, webrtc.RTPCodecTypeVideo)
		}
	}
	both := newClient(t, clientOptions{})
	both.join(room, "both")
	h264 := newClient(t, clientOptions{media: only(webrtc.MimeTypeH264, 106, "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f")})
	h264.video, _ = webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeH264, SDPFmtpLine: "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f"}, "v", "s")
	h264.join(room, "h264")
	both.live(t.Context(), 'B') // VP8
	h264.wait("told that it cannot decode", func() bool {
		return slices.ContainsFunc(h264.slots, func(s sfu.Slot) bool { return s.Leg == "both" && s.Kind == sfu.KindVideo && s.Undecodable })
	})
	both.wait("asked for H.264", func() bool {
		return slices.ContainsFunc(both.tracks, func(tr sfu.Track) bool {
			return tr.Kind == sfu.KindVideo && slices.Equal(both.codecs[tr.MID], []string{"video/H264"})
		})
	})
	// For three seconds of sound nobody watches; the sender is not asked to fall silent, or its new codec would never come.
	h264.wait("sound all the same", func() bool { return len(h264.on(h264.slotOf("both", sfu.SourceMicrophone))) > 150 })
	both.mu.Lock()
	for mid, active := range both.layers {
		if len(active) == 0 {
			t.Errorf("section %s is asked to send nothing", mid)
		}
	}
	both.mu.Unlock()
	h264.mu.Lock()
	defer h264.mu.Unlock()
	if n := len(h264.on(h264.slotOf("both", sfu.SourceCamera))); n != 0 {
		t.Errorf("%d packets that cannot be decoded", n)
	}
}
