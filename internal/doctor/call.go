package doctor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
	"golang.org/x/net/proxy"

	"confab/internal/tlsport"
	"confab/sfu"
	"confab/sfu/pionlog"
	"confab/sfu/relay"
	"confab/sfu/wire"
)

// callFor bounds one call of the examination.
const callFor = 15 * time.Second

// examineCalls holds real calls through a media server of its own on this machine: two participants, sound both ways, one
// of them connected in each way that clients have.
func examineCalls(ctx context.Context, r *report) {
	s, err := openStudio()
	if err != nil {
		r.add(Finding{"calls", Failure, fmt.Sprintf("no media server can be started to try them: %v", err), "It needs a folder for a moment: let TMPDIR name one that this user can write."})
		return
	}
	defer s.close()
	for _, w := range s.ways() {
		took, err := s.call(ctx, w)
		if err != nil {
			r.add(Finding{"call by " + w.name, Failure, err.Error(), "This happens inside this machine: a local firewall, or a fault of Confab's. Please report it."})
			continue
		}
		r.fine("call by "+w.name, "sound flows both ways, after %d ms", took.Milliseconds())
	}
}

// studio is a media server on loopback.
type studio struct {
	dir   string
	certs *tlsport.Port
	trust *x509.CertPool
	port  *wire.Mux
	turn  *relay.Server
	media *sfu.Server
}

const studioSecret = "known to nobody outside this process"

func openStudio() (*studio, error) {
	s := &studio{}
	if err := s.open(); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *studio) open() (err error) {
	if s.dir, err = os.MkdirTemp("", "confab-doctor-*"); err != nil {
		return err
	}
	if s.certs, err = tlsport.Open(tlsport.Config{SelfSigned: true, Dir: s.dir}); err != nil {
		return err
	}
	leaf, err := s.certs.Certificate("localhost")
	if err != nil {
		return err
	}
	s.trust = x509.NewCertPool()
	s.trust.AddCert(leaf)
	if s.port, err = wire.Listen(wire.Config{Listen: "127.0.0.1:0", TLS: s.certs.Config()}); err != nil {
		return err
	}
	if s.turn, err = relay.New(relay.Config{Secret: []byte(studioSecret)}, s.port); err != nil {
		return err
	}
	s.media, err = sfu.New(sfu.Config{Transport: s.port, Loopback: true})
	return err
}

// close closes what was opened.
func (s *studio) close() {
	if s.media != nil {
		_ = s.media.Close()
	}
	if s.turn != nil {
		_ = s.turn.Close()
	}
	if s.port != nil {
		_ = s.port.Close()
	}
	if s.certs != nil {
		s.certs.Close()
	}
	if s.dir != "" {
		_ = os.RemoveAll(s.dir)
	}
}

// way is how a client is connected.
type way struct {
	name    string
	network webrtc.NetworkType // directly
	turn    string             // through a TURN server; empty for directly
	dialer  proxy.Dialer       // for TURN over TLS
}

func (s *studio) ways() []way {
	at := fmt.Sprintf("127.0.0.1:%d", s.port.Port())
	return []way{
		{name: "UDP", network: webrtc.NetworkTypeUDP4},
		{name: "TCP", network: webrtc.NetworkTypeTCP4},
		{name: "TURN over UDP", turn: "turn:" + at + "?transport=udp"},
		{name: "TURN over TCP", turn: "turn:" + at + "?transport=tcp"},
		{name: "TURN over TLS", turn: "turns:" + at + "?transport=tcp", dialer: trusting{s.trust}},
	}
}

// trusting makes TLS connections to the studio.
type trusting struct{ roots *x509.CertPool }

func (t trusting) Dial(network, address string) (net.Conn, error) {
	return tls.Dial(network, address, &tls.Config{RootCAs: t.roots, ServerName: "localhost", MinVersion: tls.VersionTLS12})
}

// call holds one call and tells how long it took until both heard each other.
func (s *studio) call(ctx context.Context, w way) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, callFor)
	defer cancel()
	room, err := s.media.NewRoom(silent{})
	if err != nil {
		return 0, err
	}
	defer room.Close() // nobody is left to be told
	began := time.Now()
	caller, err := s.join(ctx, room, "caller", w)
	if err != nil {
		return 0, err
	}
	defer caller.close()
	callee, err := s.join(ctx, room, "callee", way{network: webrtc.NetworkTypeUDP4})
	if err != nil {
		return 0, err
	}
	defer callee.close()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	heardCaller, heardCallee := callee.heard, caller.heard
	for seq := uint16(0); heardCaller != nil || heardCallee != nil; seq++ {
		caller.speak(seq)
		callee.speak(seq)
		select {
		case <-heardCaller:
			heardCaller = nil
		case <-heardCallee:
			heardCallee = nil
		case <-tick.C:
		case <-ctx.Done():
			return 0, fmt.Errorf("no sound in both directions within %s", callFor)
		}
	}
	return time.Since(began), nil
}

// participant is one end of a call.
type participant struct {
	name    string
	relayed bool
	pc      *webrtc.PeerConnection
	track   *webrtc.TrackLocalStaticRTP
	heard   chan struct{} // is told once when sound of another participant came
}

func (s *studio) join(ctx context.Context, room *sfu.Room, name string, w way) (*participant, error) {
	p := &participant{name: name, relayed: w.turn != "", heard: make(chan struct{}, 1)}
	if err := p.open(w); err != nil {
		return nil, err
	}
	if err := p.negotiate(ctx, room); err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

func (p *participant) open(w way) error {
	engine := webrtc.SettingEngine{LoggerFactory: pionlog.New(nil)}
	engine.SetIncludeLoopbackCandidate(true)
	engine.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	engine.SetNetworkTypes([]webrtc.NetworkType{w.network})
	cfg := webrtc.Configuration{}
	if w.turn != "" {
		engine.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4, webrtc.NetworkTypeTCP4})
		engine.DisableActiveTCP(true)
		engine.SetRelayAcceptanceMinWait(0)
		if w.dialer != nil {
			engine.SetICEProxyDialer(w.dialer)
		}
		username, password := relay.Credentials([]byte(studioSecret), p.name, time.Hour, time.Now())
		cfg.ICEServers = []webrtc.ICEServer{{URLs: []string{w.turn}, Username: username, Credential: password}}
		cfg.ICETransportPolicy = webrtc.ICETransportPolicyRelay
	}
	var media webrtc.MediaEngine
	if err := media.RegisterDefaultCodecs(); err != nil {
		return err
	}
	var err error
	api := webrtc.NewAPI(webrtc.WithSettingEngine(engine), webrtc.WithMediaEngine(&media))
	if p.pc, err = api.NewPeerConnection(cfg); err != nil {
		return err
	}
	p.pc.OnTrack(p.listen)
	if p.track, err = webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus}, "sound", p.name); err != nil {
		return err
	}
	_, err = p.pc.AddTrack(p.track)
	return err
}

func (p *participant) negotiate(ctx context.Context, room *sfu.Room) error {
	offer, err := p.pc.CreateOffer(nil)
	if err != nil {
		return err
	}
	gathered := webrtc.GatheringCompletePromise(p.pc)
	if err := p.pc.SetLocalDescription(offer); err != nil {
		return err
	}
	select {
	case <-gathered:
	case <-ctx.Done():
		return fmt.Errorf("candidates: %w", ctx.Err())
	}
	if local := p.pc.LocalDescription().SDP; p.relayed && !strings.Contains(local, "a=candidate") {
		return errors.New("the TURN server has given no relay")
	}
	leg, err := room.Join(p.name, silent{})
	if err != nil {
		return err
	}
	answer, err := leg.Offer(ctx, p.pc.LocalDescription().SDP, nil)
	if err != nil {
		return err
	}
	return p.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer})
}

// listen waits for what others say.
func (p *participant) listen(t *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
	for {
		packet, _, err := t.ReadRTP()
		if err != nil {
			return
		}
		if who := string(packet.Payload); strings.HasPrefix(who, "call") && who != p.name {
			select {
			case p.heard <- struct{}{}:
			default:
			}
		}
	}
}

// speak sends one packet; until the connection stands it goes nowhere.
func (p *participant) speak(seq uint16) {
	_ = p.track.WriteRTP(&rtp.Packet{
		Header:  rtp.Header{Version: 2, SequenceNumber: seq, Timestamp: uint32(seq) * 960},
		Payload: []byte(p.name),
	})
}

func (p *participant) close() {
	if p.pc != nil {
		_ = p.pc.GracefulClose()
	}
}

// silent is a handler that does not mind what it is told.
type silent struct{}

func (silent) Slots([]sfu.Slot, sfu.Wanted) {}
func (silent) Tracks([]sfu.Track)           {}
func (silent) Layers(string, []string)      {}
func (silent) Codecs(string, []string)      {}
func (silent) Connection(sfu.State)         {}
func (silent) Closed(error)                 {}
func (silent) Speakers([]sfu.Speaker)       {}
