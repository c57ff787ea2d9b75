package main

import (
	"encoding/binary"
	"fmt"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/interceptor/pkg/nack"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
)

// TestAStalledServerNeitherLosesNorRepeats stops the server's process for two seconds in the middle of a call, while its
// receiver misses packets and asks for them ten times a second: the requests gather in the server's socket. Afterwards nothing may
// be missing, and no packet may be there once for each of the requests, which the first answer has met.
func TestAStalledServerNeitherLosesNorRepeats(t *testing.T) {
	t.Parallel()
	const (
		every = 66 * time.Millisecond // a small picture of 15 frames, of which the server's ring holds four seconds
		drops = 6
		stall = 2 * time.Second
	)
	p := launch(t, "DATABASE_URL=")
	ann, bob := p.join("ann"), p.join("bob")
	var chat struct{ ID string }
	ann.must(201, "POST", "/chats", object{"type": "direct", "memberIds": []string{bob.id}}, &chat)
	from, to := newCaller(t), newCaller(t)
	track, err := webrtc.NewTrackLocalStaticRTP(vp8, "v", "s")
	if err != nil {
		t.Fatal(err)
	}
	sender, err := from.pc.AddTransceiverFromTrack(track, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := to.pc.AddTransceiverFromKind(webrtc.RTPCodecTypeVideo, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly}); err != nil {
		t.Fatal(err)
	}
	from.call(ann, chat.ID)
	to.call(bob, chat.ID)

	keys := make(chan struct{}, 1)
	go func() {
		for {
			packets, _, err := sender.Sender().ReadRTCP()
			if err != nil {
				return
			}
			for _, r := range packets {
				if _, ok := r.(*rtcp.PictureLossIndication); ok {
					select {
					case keys <- struct{}{}:
					default:
					}
				}
			}
		}
	}()
	sent := make(chan uint32, 1) // the last number
	enough := make(chan struct{})
	go func() {
		tick := time.NewTicker(every)
		defer tick.Stop()
		began := time.Now()
		for n := uint32(1); ; {
			for ; time.Duration(n)*every <= time.Since(began); n++ { // all that are due, also on a machine without time
				payload := append([]byte{0x10, 1}, make([]byte, 500)...) // RFC 7741: a frame of its own, no key frame
				select {
				case <-keys:
					payload[1] = 0
				default:
				}
				payload = binary.BigEndian.AppendUint32(payload, n)
				_ = track.WriteRTP(&rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: uint16(n), Timestamp: n * 5940, Marker: true}, Payload: payload})
			}
			select {
			case <-enough:
				sent <- n - 1
				return
			case <-tick.C:
			}
		}
	}()
	to.wait("a picture", func() bool { return len(to.came) > 20 })
	to.filter.begin(drops)
	to.wait("packets after those that are missing", func() bool { return to.filter.gap() })
	if err := p.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	to.filter.end()
	<-time.After(stall)
	if err := p.cmd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	to.wait("the picture again", func() bool { return len(to.came) > 75 })
	close(enough)
	last := <-sent
	to.wait("every packet", func() bool { return len(to.missing(last)) == 0 })
	<-time.After(stall / 4) // in which an answer too many would come
	to.mu.Lock()
	defer to.mu.Unlock()
	twice := 0
	for _, n := range to.came {
		twice += n - 1
	}
	t.Logf("%d packets, %d of them late; %d too many", len(to.came), to.late, twice)
	// One answer to a round trip: a request that was made when the answer to another was on its way may have one of its own.
	if twice > to.late {
		t.Errorf("%d packets too many, for %d that came late", twice, to.late)
	}
}

var vp8 = webrtc.RTPCodecCapability{
	MimeType: webrtc.MimeTypeVP8, ClockRate: 90000,
	RTCPFeedback: []webrtc.RTCPFeedback{{Type: webrtc.TypeRTCPFBNACK}, {Type: webrtc.TypeRTCPFBNACK, Parameter: "pli"}},
}

// caller is a Pion client with Pion's own requests and answers for lost packets, and no RTX: a packet sent again is the very
// same one, and what it does about repetitions is switched off, so that they are seen.
type caller struct {
	t      *testing.T
	pc     *webrtc.PeerConnection
	filter *filter

	mu      sync.Mutex // owns the fields below
	came    map[uint32]int
	newest  uint32
	late    int
	changed chan struct{} // closed and replaced with each packet
}

func newCaller(t *testing.T) *caller {
	t.Helper()
	c := &caller{t: t, filter: &filter{}, came: map[uint32]int{}, changed: make(chan struct{})}
	media, registry := &webrtc.MediaEngine{}, &interceptor.Registry{}
	if err := media.RegisterCodec(webrtc.RTPCodecParameters{RTPCodecCapability: vp8, PayloadType: 96}, webrtc.RTPCodecTypeVideo); err != nil {
		t.Fatal(err)
	}
	asks, err := nack.NewGeneratorInterceptor()
	if err != nil {
		t.Fatal(err)
	}
	answers, err := nack.NewResponderInterceptor()
	if err != nil {
		t.Fatal(err)
	}
	registry.Add(c.filter)
	registry.Add(asks)
	registry.Add(answers)
	engine := webrtc.SettingEngine{}
	engine.SetIncludeLoopbackCandidate(true)
	engine.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	engine.DisableSRTPReplayProtection(true)
	c.pc, err = webrtc.NewAPI(webrtc.WithMediaEngine(media), webrtc.WithInterceptorRegistry(registry), webrtc.WithSettingEngine(engine)).
		NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.pc.GracefulClose() }) // nothing is to be said any more
	c.pc.OnTrack(func(track *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		for {
			p, _, err := track.ReadRTP()
			if err != nil {
				return
			}
			if len(p.Payload) < 100 {
				continue
			}
			n := binary.BigEndian.Uint32(p.Payload[len(p.Payload)-4:])
			c.mu.Lock()
			if c.came[n]++; c.came[n] == 1 && n < c.newest {
				c.late++
			}
			c.newest = max(c.newest, n)
			close(c.changed)
			c.changed = make(chan struct{})
			c.mu.Unlock()
		}
	})
	return c
}

// call has somebody join a chat's call with the client.
func (c *caller) call(who *person, chatID string) {
	c.t.Helper()
	answers := make(chan string, 1)
	d, err := who.connect(func(event string, data object) {
		if event == "call:answered" {
			answers <- fmt.Sprint(data["answer"].(object)["sdp"])
		}
	})
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(d.cut)
	offer, err := c.pc.CreateOffer(nil)
	if err != nil {
		c.t.Fatal(err)
	}
	gathered := webrtc.GatheringCompletePromise(c.pc)
	if err := c.pc.SetLocalDescription(offer); err != nil {
		c.t.Fatal(err)
	}
	<-gathered
	if got := d.ask("call:initiate", object{"chatId": chatID, "offer": object{"type": "offer", "sdp": c.pc.LocalDescription().SDP}}); got["error"] != nil {
		c.t.Fatal(got)
	}
	if err := c.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: <-answers}); err != nil {
		c.t.Fatal(err)
	}
}

// missing returns the numbers between the first that came and the last that have not come. Called with mu held.
func (c *caller) missing(last uint32) (out []uint32) {
	began := false
	for n := uint32(1); n <= last; n++ {
		began = began || c.came[n] > 0
		if began && c.came[n] == 0 {
			out = append(out, n)
		}
	}
	return out
}

func (c *caller) wait(what string, cond func() bool) {
	c.t.Helper()
	deadline := time.After(time.Minute)
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
			c.t.Fatalf("%s: never happened; %d packets, missing %v", what, len(c.came), c.missing(c.newest))
		}
	}
}

// filter loses some packets in a row, and what comes of them again, between begin and end.
type filter struct {
	interceptor.NoOp

	mu    sync.Mutex // owns the fields below
	loses int        // so many more
	lost  map[uint16]bool
	after int // packets that came through since the last loss
}

// NewInterceptor makes the filter its own factory.
func (f *filter) NewInterceptor(string) (interceptor.Interceptor, error) { return f, nil }

// BindRemoteStream stands between the network and what asks for packets.
func (f *filter) BindRemoteStream(_ *interceptor.StreamInfo, next interceptor.RTPReader) interceptor.RTPReader {
	return interceptor.RTPReaderFunc(func(b []byte, a interceptor.Attributes) (int, interceptor.Attributes, error) {
		for {
			n, attributes, err := next.Read(b, a)
			if err != nil || n < 12 || !f.takes(binary.BigEndian.Uint16(b[2:])) {
				return n, attributes, err
			}
		}
	})
}

// takes tells whether a packet is lost here.
func (f *filter) takes(sequence uint16) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.lost[sequence] {
		return true
	}
	if f.loses > 0 {
		f.loses--
		f.lost[sequence], f.after = true, 0
		return true
	}
	f.after++
	return false
}

func (f *filter) begin(n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.loses, f.lost = n, map[uint16]bool{}
}

// gap tells whether all that was to be lost is, and what comes after shows it.
func (f *filter) gap() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.loses == 0 && f.after >= 3
}

func (f *filter) end() {
	f.mu.Lock()
	defer f.mu.Unlock()
	clear(f.lost)
}
