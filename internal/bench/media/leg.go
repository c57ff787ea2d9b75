package media

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"

	"confab/internal/bench/target"
	"confab/sfu/pionlog"
)

// leg is one device in the call.
type leg struct {
	socket *target.Socket
	chat   string
	pc     *webrtc.PeerConnection
	in     *intake
	ear    ear
	source *source // nil for one that only receives
	slots  int

	acked    chan error                      // the answer to the one request
	answered chan *webrtc.SessionDescription // the SFU's answer
	reading  chan struct{}                   // closed when nothing reads the socket any more
}

// codecs are the ones that Chromium offers first.
var (
	opus = webrtc.RTPCodecParameters{PayloadType: 111, RTPCodecCapability: webrtc.RTPCodecCapability{
		MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2, SDPFmtpLine: "minptime=10;useinbandfec=1"}}
	vp8Codec = webrtc.RTPCodecParameters{PayloadType: 96, RTPCodecCapability: webrtc.RTPCodecCapability{
		MimeType: webrtc.MimeTypeVP8, ClockRate: 90000,
		RTCPFeedback: []webrtc.RTCPFeedback{{Type: webrtc.TypeRTCPFBNACK, Parameter: "pli"}, {Type: webrtc.TypeRTCPFBCCM, Parameter: "fir"}}}}
)

// newAPI configures Pion for one leg: one codec, no interceptors, and packets taken right behind decryption.
func newAPI(kind Kind, in *intake, local bool, ear *ear) (*webrtc.API, error) {
	codec, codecType := vp8Codec, webrtc.RTPCodecTypeVideo
	extensions := []string{sdp.SDESMidURI}
	if kind == Audio {
		codec, codecType = opus, webrtc.RTPCodecTypeAudio
		extensions = append(extensions, sdp.AudioLevelURI)
	}
	media := &webrtc.MediaEngine{}
	if err := media.RegisterCodec(codec, codecType); err != nil {
		return nil, err
	}
	for _, uri := range extensions {
		if err := media.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: uri}, codecType); err != nil {
			return nil, err
		}
	}
	engine := webrtc.SettingEngine{LoggerFactory: pionlog.New(nil), BufferFactory: in.buffer}
	engine.SetFireOnTrackBeforeFirstRTP(true)
	engine.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	engine.SetSRTPProtectionProfiles(dtls.SRTP_AEAD_AES_128_GCM)
	if err := configurePath(&engine, local, ear); err != nil {
		return nil, err
	}
	return webrtc.NewAPI(webrtc.WithMediaEngine(media), webrtc.WithSettingEngine(engine),
		webrtc.WithInterceptorRegistry(&interceptor.Registry{})), nil
}

// open connects the leg's socket and prepares its offer, so that joining is nothing but joining.
func (r *run) open(ctx context.Context, number int) (*leg, error) {
	socket, err := r.people[number].Dial(ctx, number)
	if err != nil {
		return nil, err
	}
	l := &leg{
		socket: socket, chat: r.chat, source: r.sourceOf(number), slots: r.slotsOf(number),
		acked: make(chan error, 1), answered: make(chan *webrtc.SessionDescription, 1), reading: make(chan struct{}),
	}
	go l.read()
	l.in = newIntake(r.epoch, &l.ear.came, &r.delays, func() {
		if l.source != nil {
			l.source.wantKey.Store(true)
		}
	})
	api, err := newAPI(r.Kind, l.in, r.local, &l.ear)
	if err != nil {
		return l, err
	}
	if l.pc, err = api.NewPeerConnection(webrtc.Configuration{Certificates: []webrtc.Certificate{r.certificate}}); err != nil {
		return l, err
	}
	return l, l.prepare(ctx, r.Kind)
}

// prepare adds what the leg sends and the slots it receives in, and gathers candidates.
func (l *leg) prepare(ctx context.Context, kind Kind) error {
	codec, codecType := vp8Codec, webrtc.RTPCodecTypeVideo
	if kind == Audio {
		codec, codecType = opus, webrtc.RTPCodecTypeAudio
	}
	if l.source != nil {
		track, err := webrtc.NewTrackLocalStaticRTP(codec.RTPCodecCapability, "bench", "bench")
		if err != nil {
			return err
		}
		l.source.track = track
		if _, err := l.pc.AddTransceiverFromTrack(track, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly}); err != nil {
			return err
		}
	}
	for range l.slots {
		if _, err := l.pc.AddTransceiverFromKind(codecType, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly}); err != nil {
			return err
		}
	}
	offer, err := l.pc.CreateOffer(nil)
	if err != nil {
		return err
	}
	gathered := webrtc.GatheringCompletePromise(l.pc)
	if err := l.pc.SetLocalDescription(offer); err != nil {
		return err
	}
	select {
	case <-gathered:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// join sends the offer and takes the answer. It returns when the offer went out.
func (l *leg) join(ctx context.Context) (began time.Time, err error) {
	offer := l.pc.LocalDescription()
	began = time.Now()
	if err := l.socket.Send("call:initiate", 1, map[string]any{
		"chatId": l.chat, "offer": map[string]string{"type": "offer", "sdp": offer.SDP},
	}); err != nil {
		return began, err
	}
	for answered, acked := false, false; !answered || !acked; {
		select {
		case err := <-l.acked:
			if err != nil {
				return began, err
			}
			acked = true
		case answer := <-l.answered:
			answered = true
			if err := l.pc.SetRemoteDescription(*answer); err != nil {
				return began, fmt.Errorf("the server's answer: %w", err)
			}
		case <-l.reading:
			return began, errors.New("the socket ended while joining")
		case <-ctx.Done():
			return began, ctx.Err()
		}
	}
	if l.source != nil {
		for _, e := range l.pc.GetSenders()[0].GetParameters().HeaderExtensions {
			if e.URI == sdp.AudioLevelURI {
				l.source.levelID = uint8(e.ID)
			}
		}
	}
	return began, nil
}

// connected waits until packets can flow.
func (l *leg) connected(ctx context.Context) error {
	up := make(chan struct{})
	var once atomic.Bool
	look := func(s webrtc.PeerConnectionState) {
		if s == webrtc.PeerConnectionStateConnected && once.CompareAndSwap(false, true) {
			close(up)
		}
	}
	l.pc.OnConnectionStateChange(look)
	look(l.pc.ConnectionState()) // it may have been before
	select {
	case <-up:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("no connection: it is %s", l.pc.ConnectionState())
	}
}

// read takes what the server says. A call's events are many in a large one, and only two matter here.
func (l *leg) read() {
	defer close(l.reading)
	for {
		raw, err := l.socket.Read()
		if err != nil {
			return
		}
		if !bytes.HasPrefix(raw, []byte(`{"event":"ack"`)) && !bytes.HasPrefix(raw, []byte(`{"event":"call:answered"`)) {
			continue
		}
		var f struct {
			Event string `json:"event"`
			Data  struct {
				Answer *webrtc.SessionDescription `json:"answer"`
			} `json:"data"`
			Error *struct{ Code, Message string } `json:"error"`
		}
		switch err := json.Unmarshal(raw, &f); {
		case err != nil:
			offer(l.acked, err)
		case f.Error != nil:
			offer(l.acked, fmt.Errorf("the server refuses: %s: %s", f.Error.Code, f.Error.Message))
		case f.Event == "ack":
			offer[error](l.acked, nil)
		case f.Data.Answer != nil:
			offer(l.answered, f.Data.Answer)
		}
	}
}

// offer puts v into a channel of capacity one unless something is there: only the first answer is waited for.
func offer[T any](c chan T, v T) {
	select {
	case c <- v:
	default:
	}
}

// close leaves the call by dropping everything.
func (l *leg) close() {
	if l.pc != nil {
		_ = l.pc.Close() // nothing is to be said any more
	}
	_ = l.socket.Close()
	<-l.reading
}
