package signaling_test

import (
	"bytes"
	"encoding/json"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"confab/internal/call"
	"confab/store"
)

// phone is a client that can make calls: a real PeerConnection, which sends packets that carry the phone's name as
// long as it lives, and counts whose packets it receives.
type phone struct {
	*client
	user      *user
	name      string
	pc        *webrtc.PeerConnection
	audio     *webrtc.TrackLocalStaticRTP
	video     *webrtc.TrackLocalStaticRTP
	joined    call.Joined
	receivers int // further sections of each kind, which only receive

	mu      sync.Mutex
	heard   map[string]int // packets by "kind name"
	changed chan struct{}  // closed and replaced at every packet
}

// The first bytes of a VP8 key frame of 320 × 240: RFC 7741 descriptor, then RFC 6386 section 9.1.
var vp8KeyFrame = []byte{0x10, 0x00, 0x00, 0x00, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xf0, 0x00}

// phone opens a socket and a PeerConnection with one audio and one video section, and more that only receive.
func (u *user) phone(receivers int) *phone {
	u.h.t.Helper()
	return u.phoneOn(u.connect(), receivers)
}

func (u *user) phoneOn(c *client, receivers int, configure ...func(*webrtc.SettingEngine)) *phone {
	t := u.h.t
	t.Helper()
	p := &phone{client: c, user: u, receivers: receivers, name: string(store.NewID()), heard: map[string]int{}, changed: make(chan struct{})}
	engine := webrtc.SettingEngine{}
	engine.SetIncludeLoopbackCandidate(true)
	engine.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	engine.SetInterfaceFilter(func(name string) bool { return name == "lo" })
	for _, f := range configure {
		f(&engine)
	}
	var err error
	if p.pc, err = webrtc.NewAPI(webrtc.WithSettingEngine(engine)).NewPeerConnection(webrtc.Configuration{}); err != nil {
		t.Fatal(err)
	}
	var reading sync.WaitGroup
	p.pc.OnTrack(func(track *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		reading.Go(func() { p.listen(track) })
	})
	stop := make(chan struct{})
	var sending sync.WaitGroup
	p.audio = p.track(webrtc.MimeTypeOpus, "audio")
	p.video = p.track(webrtc.MimeTypeVP8, "video")
	sending.Go(func() { p.talk(stop) })
	t.Cleanup(func() {
		close(stop)
		sending.Wait()
		check(t, p.pc.Close())
		reading.Wait()
	})
	return p
}

// cord is what a phone is connected to the network with. Cut, it loses everything, and says nothing.
type cord struct {
	net.PacketConn
	cut atomic.Bool
}

// newCord lays one, on which a phone sends all its media.
func newCord(t *testing.T) *cord {
	t.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	return &cord{PacketConn: conn}
}

// attach has a phone use the cord.
func (c *cord) attach(t *testing.T) func(*webrtc.SettingEngine) {
	mux := ice.NewUDPMuxDefault(ice.UDPMuxParams{UDPConn: c})
	t.Cleanup(func() { check(t, mux.Close()) })
	return func(e *webrtc.SettingEngine) { e.SetICEUDPMux(mux) }
}

// ReadFrom reads the next datagram that comes through.
func (c *cord) ReadFrom(b []byte) (int, net.Addr, error) {
	for {
		n, from, err := c.PacketConn.ReadFrom(b)
		if err != nil || !c.cut.Load() {
			return n, from, err
		}
	}
}

// WriteTo sends a datagram, as far as the sender can tell.
func (c *cord) WriteTo(b []byte, to net.Addr) (int, error) {
	if c.cut.Load() {
		return len(b), nil
	}
	return c.PacketConn.WriteTo(b, to)
}

func (p *phone) track(mime, kind string) *webrtc.TrackLocalStaticRTP {
	p.t.Helper()
	track, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: mime}, kind, "stream")
	if err != nil {
		p.t.Fatal(err)
	}
	return track
}

func (p *phone) addReceiver(kind webrtc.RTPCodecType) {
	p.t.Helper()
	_, err := p.pc.AddTransceiverFromKind(kind, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly})
	if err != nil {
		p.t.Fatal(err)
	}
}

// addTracks makes the two sections on which the phone sends, or joins them to those of an offer.
func (p *phone) addTracks() {
	p.t.Helper()
	for _, track := range []webrtc.TrackLocal{p.audio, p.video} {
		if _, err := p.pc.AddTrack(track); err != nil {
			p.t.Fatal(err)
		}
	}
}

// talk sends a packet of each kind every 20 ms, which goes nowhere until the connection stands.
func (p *phone) talk(stop <-chan struct{}) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for n := uint16(0); ; n++ {
		select {
		case <-stop:
			return
		case <-tick.C:
		}
		a := &rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: n, Timestamp: uint32(n) * 960}, Payload: []byte("\x78" + p.name)}
		v := &rtp.Packet{
			Header:  rtp.Header{Version: 2, Marker: true, SequenceNumber: n, Timestamp: uint32(n) * 1800},
			Payload: append(bytes.Clone(vp8KeyFrame), p.name...),
		}
		_ = p.audio.WriteRTP(a)
		_ = p.video.WriteRTP(v)
	}
}

func (p *phone) listen(track *webrtc.TrackRemote) {
	for {
		packet, _, err := track.ReadRTP()
		if err != nil {
			return
		}
		n := len(packet.Payload) - len(p.name)
		if n < 0 {
			continue
		}
		p.mu.Lock()
		p.heard[track.Kind().String()+" "+string(packet.Payload[n:])]++
		close(p.changed)
		p.changed = make(chan struct{})
		p.mu.Unlock()
	}
}

func (p *phone) count(kind string, from *phone) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.heard[kind+" "+from.name]
}

// receives waits for more packets of a kind from another phone.
func (p *phone) receives(kind string, from *phone, more int) {
	p.t.Helper()
	deadline := time.After(patience)
	goal := p.count(kind, from) + more
	for {
		p.mu.Lock()
		got, changed := p.heard[kind+" "+from.name], p.changed
		p.mu.Unlock()
		if got >= goal {
			return
		}
		select {
		case <-changed:
		case <-deadline:
			p.t.Fatalf("waiting for %d packets of %s: %d came; ICE %s", goal, kind, got, p.pc.ICEConnectionState())
		}
	}
}

// meets waits until two phones hear and see each other.
func (p *phone) meets(q *phone) {
	p.t.Helper()
	for _, kind := range []string{"audio", "video"} {
		p.receives(kind, q, 3)
		q.receives(kind, p, 3)
	}
}

// offer makes the phone's next offer, all candidates in it.
func (p *phone) offer(o *webrtc.OfferOptions) call.Description {
	p.t.Helper()
	desc, err := p.pc.CreateOffer(o)
	if err != nil {
		p.t.Fatal(err)
	}
	return p.local(desc)
}

func (p *phone) local(desc webrtc.SessionDescription) call.Description {
	p.t.Helper()
	gathered := webrtc.GatheringCompletePromise(p.pc)
	if err := p.pc.SetLocalDescription(desc); err != nil {
		p.t.Fatal(err)
	}
	<-gathered
	l := p.pc.LocalDescription()
	return call.Description{Type: l.Type.String(), SDP: l.SDP}
}

// remote takes a description of the server's.
func (p *phone) remote(d call.Description) {
	p.t.Helper()
	err := p.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.NewSDPType(d.Type), SDP: d.SDP})
	if err != nil {
		p.t.Fatal(err)
	}
}

// initiate starts or joins the chat's call by an offer of the phone's.
func (p *phone) initiate(chatID store.ID) {
	p.t.Helper()
	p.addTracks()
	for range p.receivers {
		p.addReceiver(webrtc.RTPCodecTypeAudio)
		p.addReceiver(webrtc.RTPCodecTypeVideo)
	}
	p.negotiate(chatID, nil)
}

func (p *phone) negotiate(chatID store.ID, o *webrtc.OfferOptions) {
	p.t.Helper()
	p.do("call:initiate", map[string]any{"chatId": chatID, "offer": p.offer(o)}).into(p.t, &p.joined)
	var answered struct {
		ChatID, CallID, ParticipantID store.ID
		CalleeID                      *store.ID
		Answer                        call.Description
	}
	p.expect("call:answered").into(p.t, &answered)
	if answered.ChatID != chatID || answered.CallID != p.joined.CallID || answered.ParticipantID != p.joined.ParticipantID ||
		answered.CalleeID != nil || answered.Answer.Type != "answer" {
		p.t.Fatalf("answered %+v, ack %+v", answered, p.joined)
	}
	p.remote(answered.Answer)
}

// ringing is what call:offer says.
type ringing struct {
	ChatID, CallID, CallerID store.ID
	Media                    call.Media
	Offer                    *call.Description
	ExpiresAt                time.Time
}

func (c *client) rings() ringing {
	c.t.Helper()
	var r ringing
	c.expect("call:offer").into(c.t, &r)
	return r
}

// pickUp answers the ring's offer.
func (p *phone) pickUp(r ringing) {
	p.t.Helper()
	p.do("call:answer", map[string]any{"chatId": r.ChatID, "answer": p.answerTo(r)}).into(p.t, &p.joined)
}

func (p *phone) answerTo(r ringing) call.Description {
	p.t.Helper()
	if r.Offer == nil {
		p.t.Fatal("the ring has no offer")
	}
	p.remote(*r.Offer)
	p.addTracks()
	desc, err := p.pc.CreateAnswer(nil)
	if err != nil {
		p.t.Fatal(err)
	}
	return p.local(desc)
}

// ending is what call:end says.
type ending struct {
	ChatID, CallID store.ID
	Reason         string
	Duration       *int64
}

func (c *client) hangsUp() ending {
	c.t.Helper()
	var e ending
	c.expect("call:end").into(c.t, &e)
	return e
}

func (c *client) ringEnds() string {
	c.t.Helper()
	var e struct{ Reason string }
	c.expect("call:ring-ended").into(c.t, &e)
	return e.Reason
}

// change is what call:participant says.
type change struct {
	Participant struct {
		ID, UserID  store.ID
		DisplayName string
		Hand        bool
		Tracks      []struct {
			ID, Kind, Source string
			Muted            bool
		}
		Connection string
	}
	Left bool
}

// sees waits for a call:participant that fits.
func (c *client) sees(what string, fits func(change) bool) change {
	c.t.Helper()
	var got change
	c.await("call:participant: "+what, func(m message) bool {
		got = change{}
		return m.Event == "call:participant" && json.Unmarshal(m.Data, &got) == nil && fits(got)
	})
	return got
}

func (c *client) seesLeave(p *phone) {
	c.t.Helper()
	c.sees("leaving", func(c change) bool { return c.Left && c.Participant.ID == p.joined.ParticipantID })
}

// newPeople makes n people.
func newPeople(h *house, n int) []*user {
	h.t.Helper()
	list := make([]*user, n)
	for i := range list {
		list[i] = h.user()
	}
	return list
}
