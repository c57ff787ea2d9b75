package sfu_test

import (
	"context"
	"encoding/binary"
	"io"
	"log/slog"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"confab/sfu"
)

// patience bounds every wait for something that must happen, on a machine that does much else besides.
const patience = time.Minute

// udpTransport is the plainest transport: Pion's own mux over a loopback socket.
type udpTransport struct{ mux *ice.UDPMuxDefault }

func (u udpTransport) UDPMux() ice.UDPMux { return u.mux }
func (u udpTransport) TCPMux() ice.TCPMux { return nil }

func newTransport(t testing.TB) udpTransport {
	t.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	mux := ice.NewUDPMuxDefault(ice.UDPMuxParams{UDPConn: conn})
	t.Cleanup(func() { mux.Close() })
	return udpTransport{mux}
}

func newServer(t testing.TB) *sfu.Server {
	t.Helper()
	return newServerOn(t, newTransport(t))
}

func newServerOn(t testing.TB, transport sfu.Transport) *sfu.Server {
	t.Helper()
	s, err := sfu.New(sfu.Config{Transport: transport, Loopback: true, Log: slog.New(slog.NewTextHandler(testWriter{t}, nil))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// testWriter sends the server's log to the test's.
type testWriter struct{ t testing.TB }

func (w testWriter) Write(b []byte) (int, error) {
	w.t.Logf("%s", b)
	return len(b), nil
}

func newRoom(t testing.TB, s *sfu.Server) *sfu.Room {
	t.Helper()
	r, err := s.NewRoom(nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// got is a packet that a client received, and on which section.
type got struct {
	mid    string
	header rtp.Header
	pay    []byte
	at     time.Time
}

// client is a participant: a PeerConnection without interceptors, so that the test sees what is on the wire.
type client struct {
	t     testing.TB
	leg   *sfu.Leg
	pc    *webrtc.PeerConnection
	audio *webrtc.TrackLocalStaticRTP
	video *webrtc.TrackLocalStaticRTP

	mu        sync.Mutex // owns the fields below
	packets   []got
	rtcp      []rtcp.Packet
	slots     []sfu.Slot
	wanted    sfu.Wanted
	told      []slotTelling
	tracks    []sfu.Track
	state     sfu.State
	layers    map[string][]string
	codecs    map[string][]string
	connected bool // by the client's own account
	closed    bool
	closedFor error
	changed   chan struct{} // closed and replaced at every change
	drop      func(*got) bool
	detour    func(answer string) string // nil for none; set before join
}

// slotTelling is one call of LegHandler.Slots with its time.
type slotTelling struct {
	at    time.Time
	slots []sfu.Slot
}

func (c *client) update(f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f()
	close(c.changed)
	c.changed = make(chan struct{})
}

func (c *client) Slots(s []sfu.Slot, w sfu.Wanted) {
	c.update(func() { c.slots, c.wanted = s, w; c.told = append(c.told, slotTelling{time.Now(), s}) })
}
func (c *client) Tracks(tr []sfu.Track)       { c.update(func() { c.tracks = tr }) }
func (c *client) Layers(m string, a []string) { c.update(func() { c.layers[m] = a }) }
func (c *client) Codecs(m string, a []string) { c.update(func() { c.codecs[m] = a }) }
func (c *client) Connection(s sfu.State)      { c.update(func() { c.state = s }) }
func (c *client) Closed(err error)            { c.update(func() { c.closed, c.closedFor = true, err }) }

// wait returns when the condition, looked at under the client's lock, holds.
func (c *client) wait(what string, cond func() bool) {
	c.t.Helper()
	deadline := time.After(patience)
	for {
		c.mu.Lock()
		ok, changed := cond(), c.changed
		c.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-changed:
		case <-deadline:
			c.mu.Lock()
			defer c.mu.Unlock()
			c.t.Fatalf("%s: never happened; %d packets, slots %+v, state %s", what, len(c.packets), c.slots, c.state)
		}
	}
}

type clientOptions struct {
	recvAudio, recvVideo int // recvonly sections beside the two sendrecv ones
	media                func(*webrtc.MediaEngine) error
	registry             *interceptor.Registry
	closesItself         bool // so that the test holds nothing of it
	profile              dtls.SRTPProtectionProfile
	role                 webrtc.DTLSRole // as answerer
	networks             []webrtc.NetworkType
}

// newClient makes the PeerConnection of a client with one audio and one video section, sendrecv.
func newClient(t testing.TB, o clientOptions) *client {
	t.Helper()
	c := &client{t: t, changed: make(chan struct{}), layers: map[string][]string{}, codecs: map[string][]string{}}
	media := &webrtc.MediaEngine{}
	if o.media == nil {
		o.media = func(m *webrtc.MediaEngine) error { return m.RegisterDefaultCodecs() }
	}
	must(t, o.media(media))
	must(t, webrtc.ConfigureSimulcastExtensionHeaders(media))
	must(t, media.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: levelURI}, webrtc.RTPCodecTypeAudio))
	must(t, media.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: midURI}, webrtc.RTPCodecTypeAudio))
	if o.registry == nil {
		o.registry = &interceptor.Registry{}
	}
	engine := webrtc.SettingEngine{}
	engine.SetIncludeLoopbackCandidate(true)
	engine.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	engine.SetInterfaceFilter(func(name string) bool { return name == "lo" })
	if o.networks == nil {
		o.networks = []webrtc.NetworkType{webrtc.NetworkTypeUDP4}
	}
	engine.SetNetworkTypes(o.networks)
	if o.profile != 0 {
		engine.SetSRTPProtectionProfiles(o.profile)
	}
	if o.role != 0 {
		must(t, engine.SetAnsweringDTLSRole(o.role))
	}
	api := webrtc.NewAPI(webrtc.WithMediaEngine(media), webrtc.WithInterceptorRegistry(o.registry), webrtc.WithSettingEngine(engine))
	pc, err := api.NewPeerConnection(webrtc.Configuration{})
	must(t, err)
	c.pc = pc
	if !o.closesItself {
		t.Cleanup(func() { pc.Close() })
	}
	pc.OnTrack(c.onTrack)
	pc.OnConnectionStateChange(func(s webrtc.PeerConnectionState) {
		c.update(func() { c.connected = s == webrtc.PeerConnectionStateConnected })
	})
	c.audio, err = webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus}, "a", "s")
	must(t, err)
	c.video, err = webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8}, "v", "s")
	must(t, err)
	for range o.recvAudio {
		c.addReceiver(webrtc.RTPCodecTypeAudio)
	}
	for range o.recvVideo {
		c.addReceiver(webrtc.RTPCodecTypeVideo)
	}
	return c
}

func (c *client) addReceiver(kind webrtc.RTPCodecType) {
	_, err := c.pc.AddTransceiverFromKind(kind, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly})
	must(c.t, err)
}

func (c *client) addSenders() {
	for _, track := range []webrtc.TrackLocal{c.audio, c.video} {
		t, err := c.pc.AddTransceiverFromTrack(track)
		must(c.t, err)
		go c.readSender(t.Sender())
	}
}

func (c *client) readSender(s *webrtc.RTPSender) {
	for {
		packets, _, err := s.ReadRTCP()
		if err != nil {
			return
		}
		c.update(func() { c.rtcp = append(c.rtcp, packets...) })
	}
}

func (c *client) onTrack(track *webrtc.TrackRemote, r *webrtc.RTPReceiver) {
	mid := r.RTPTransceiver().Mid()
	go func() {
		for {
			packets, _, err := r.ReadRTCP()
			if err != nil {
				return
			}
			c.update(func() { c.rtcp = append(c.rtcp, packets...) })
		}
	}()
	for {
		p, _, err := track.ReadRTP()
		if err != nil {
			return
		}
		c.update(func() {
			g := got{mid: mid, header: p.Header, pay: p.Payload, at: time.Now()}
			if c.drop == nil || !c.drop(&g) {
				c.packets = append(c.packets, g)
			}
		})
	}
}

// join makes a leg and negotiates it with the client's own offer.
func (c *client) join(room *sfu.Room, id string, hints ...sfu.TrackHint) {
	c.t.Helper()
	var err error
	c.leg, err = room.Join(id, c)
	must(c.t, err)
	c.addSenders()
	c.offer(hints...)
	c.wait("connection of "+id, func() bool { return c.state == sfu.StateGood && c.connected })
}

// answerRing makes a leg and answers its ring offer.
func (c *client) answerRing(room *sfu.Room, id string) {
	c.t.Helper()
	var err error
	c.leg, err = room.Join(id, c)
	must(c.t, err)
	ring, err := c.leg.RingOffer(c.t.Context())
	must(c.t, err)
	must(c.t, c.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: ring}))
	for _, track := range []webrtc.TrackLocal{c.audio, c.video} {
		sender, err := c.pc.AddTrack(track)
		must(c.t, err)
		go c.readSender(sender)
	}
	answer, err := c.pc.CreateAnswer(nil)
	must(c.t, err)
	must(c.t, c.pc.SetLocalDescription(answer))
	must(c.t, c.leg.Answer(c.t.Context(), answer.SDP, nil))
}

// offer sends the client's present offer and takes the answer.
func (c *client) offer(hints ...sfu.TrackHint) string {
	c.t.Helper()
	return c.offerWith(nil, hints...)
}

func (c *client) offerWith(o *webrtc.OfferOptions, hints ...sfu.TrackHint) string {
	c.t.Helper()
	offer, err := c.pc.CreateOffer(o)
	must(c.t, err)
	must(c.t, c.pc.SetLocalDescription(offer))
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	answer, err := c.leg.Offer(ctx, c.pc.LocalDescription().SDP, hints)
	must(c.t, err)
	if c.detour != nil {
		answer = c.detour(answer)
	}
	must(c.t, c.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}))
	return answer
}

// on returns the packets received on a section, oldest first.
func (c *client) on(mid string) []got {
	return slices.DeleteFunc(slices.Clone(c.packets), func(g got) bool { return g.mid != mid })
}

// slotOf returns the section that carries a source of a leg.
func (c *client) slotOf(leg, source string) string {
	for _, s := range c.slots {
		if s.Leg == leg && s.Source == source {
			return s.MID
		}
	}
	return ""
}

const (
	levelURI = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
	midURI   = "urn:ietf:params:rtp-hdrext:sdes:mid"
)

// source makes the packets of a camera that numbers its frames, so that a receiver can tell whose picture it has.
type source struct {
	name    byte
	seq     uint16
	ts      uint32
	picture uint16
	tl0     uint8
	frames  int
}

// frame returns the packets of the next VP8 frame, of the given number, key or not.
func (s *source) frame(key bool, packets int) []*rtp.Packet {
	s.picture = (s.picture + 1) & 0x7FFF
	s.tl0++
	s.ts += 3000
	s.frames++
	var out []*rtp.Packet
	for i := range packets {
		first := byte(0x80) // X
		if i == 0 {
			first |= 0x10 // S
		}
		pay := []byte{first, 0xE0, 0x80 | byte(s.picture>>8), byte(s.picture), s.tl0, 0x00}
		header := byte(0x01) // inter frame
		if key {
			header = 0x00
		}
		pay = append(pay, header, s.name)
		pay = binary.BigEndian.AppendUint32(pay, uint32(s.frames))
		pay = append(pay, make([]byte, 1000)...)
		out = append(out, &rtp.Packet{
			Header:  rtp.Header{Version: 2, SequenceNumber: s.seq, Timestamp: s.ts, Marker: i == packets-1},
			Payload: pay,
		})
		s.seq++
	}
	return out
}

// voice returns a packet of sound.
func (s *source) voice() *rtp.Packet {
	s.seq++
	s.ts += 960
	s.frames++
	return &rtp.Packet{
		Header:  rtp.Header{Version: 2, SequenceNumber: s.seq, Timestamp: s.ts},
		Payload: append([]byte{s.name}, binary.BigEndian.AppendUint32(nil, uint32(s.frames))...),
	}
}

// whose returns the name in a VP8 packet of a source.
func whose(pay []byte) byte {
	if len(pay) < 8 {
		return 0
	}
	return pay[7]
}

// film sends frames until the context ends: a key frame first and whenever one is asked for.
func (c *client) film(ctx context.Context, s *source, every time.Duration) {
	seen := 0
	key := true
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		for _, p := range s.frame(key, 2) {
			if err := c.video.WriteRTP(p); err != nil {
				return
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		key = false
		c.mu.Lock()
		for ; seen < len(c.rtcp); seen++ {
			if _, ok := c.rtcp[seen].(*rtcp.PictureLossIndication); ok {
				key = true
			}
		}
		c.mu.Unlock()
	}
}

// speak sends sound until the context ends.
func (c *client) speak(ctx context.Context, s *source) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if err := c.audio.WriteRTP(s.voice()); err != nil {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

var _ io.Writer = testWriter{}
