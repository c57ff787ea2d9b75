package netns

import (
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/rtp"
	"github.com/pion/transport/v5"
	"github.com/pion/transport/v5/stdnet"
	"github.com/pion/webrtc/v4"

	"confab/sfu/relay"
)

// enough packets of the other side are a second of speech.
const enough = 50

// clientConfig is how a client of the lab behaves.
type clientConfig struct {
	Server string // host:port
	HTTPS  bool
	Leg    string
	TURN   string // URL of a TURN server through which, and nothing else, the client talks; empty for none
	UDP    bool   // media directly, over UDP
	TCP    bool   // media directly, over TCP
}

// client is a participant with one track of sound in each direction.
type client struct {
	cfg      clientConfig
	say      func(event)
	pc       *webrtc.PeerConnection
	track    *webrtc.TrackLocalStaticRTP
	began    time.Time
	took     atomic.Int64 // milliseconds until connected
	received atomic.Int64 // packets since the last offer
}

// playClient joins and reports when it hears the other side. The command "restart" makes it restart ICE and report again.
func playClient(text string, commands <-chan string, say func(event)) error {
	c := &client{say: say, began: time.Now()}
	if err := json.Unmarshal([]byte(text), &c.cfg); err != nil {
		return err
	}
	if err := c.open(); err != nil {
		return err
	}
	defer c.pc.Close() // a test
	if err := c.offer(false); err != nil {
		return err
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for seq := uint16(0); ; seq++ {
		select {
		case command, ok := <-commands:
			if !ok {
				return nil
			}
			if command == "restart" {
				if err := c.offer(true); err != nil {
					return err
				}
				c.received.Store(0)
			}
		case <-tick.C:
		}
		_ = c.track.WriteRTP(&rtp.Packet{ // before it is connected, this goes nowhere
			Header:  rtp.Header{Version: 2, SequenceNumber: seq, Timestamp: uint32(seq) * 960},
			Payload: []byte("speech of " + c.cfg.Leg),
		})
	}
}

func (c *client) open() error {
	var engine webrtc.SettingEngine
	networks := []webrtc.NetworkType{}
	if c.cfg.UDP || c.cfg.TURN != "" {
		networks = append(networks, webrtc.NetworkTypeUDP4, webrtc.NetworkTypeUDP6)
	}
	if c.cfg.TCP || c.cfg.TURN != "" {
		networks = append(networks, webrtc.NetworkTypeTCP4, webrtc.NetworkTypeTCP6)
	}
	engine.SetNetworkTypes(networks)
	engine.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	engine.SetRelayAcceptanceMinWait(0)
	std, err := stdnet.NewNet()
	if err != nil {
		return err
	}
	engine.SetNet(freshNet{std})
	var cfg webrtc.Configuration
	if c.cfg.TURN != "" {
		engine.DisableActiveTCP(true)
		username, password := relay.Credentials([]byte(turnSecret), c.cfg.Leg, time.Hour, time.Now())
		cfg.ICEServers = []webrtc.ICEServer{{URLs: []string{c.cfg.TURN}, Username: username, Credential: password}}
		cfg.ICETransportPolicy = webrtc.ICETransportPolicyRelay
		if strings.HasPrefix(c.cfg.TURN, "turns:") {
			engine.SetICEProxyDialer(trusting{})
		}
	}
	var media webrtc.MediaEngine
	if err := media.RegisterDefaultCodecs(); err != nil {
		return err
	}
	api := webrtc.NewAPI(webrtc.WithSettingEngine(engine), webrtc.WithMediaEngine(&media))
	if c.pc, err = api.NewPeerConnection(cfg); err != nil {
		return err
	}
	c.pc.OnTrack(c.listen)
	c.pc.OnConnectionStateChange(func(s webrtc.PeerConnectionState) {
		if s == webrtc.PeerConnectionStateConnected {
			c.took.CompareAndSwap(0, time.Since(c.began).Milliseconds())
		}
	})
	if c.track, err = webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus}, "a", "s"); err != nil {
		return err
	}
	_, err = c.pc.AddTrack(c.track)
	return err
}

// freshNet looks at the network cards whenever it is asked. Pion's own remembers what it saw first, which does not do for a
// client that moves.
type freshNet struct{ *stdnet.Net }

func (freshNet) Interfaces() ([]*transport.Interface, error) {
	now, err := stdnet.NewNet()
	if err != nil {
		return nil, err
	}
	return now.Interfaces()
}

// trusting makes TLS connections that trust any certificate: what is tested is the way, not the trust.
type trusting struct{}

func (trusting) Dial(network, address string) (net.Conn, error) {
	return tls.Dial(network, address, &tls.Config{InsecureSkipVerify: true}) // a test
}

// listen counts what others say.
func (c *client) listen(t *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
	for {
		p, _, err := t.ReadRTP()
		if err != nil {
			return
		}
		said := string(p.Payload)
		if strings.HasPrefix(said, "speech of ") && !strings.HasSuffix(said, c.cfg.Leg) && c.received.Add(1) == enough {
			way := "unknown"
			if pair, err := c.pc.SCTP().Transport().ICETransport().GetSelectedCandidatePair(); err == nil && pair != nil {
				way = fmt.Sprintf("%s %s %s to %s:%d", pair.Local.Protocol, pair.Local.Typ, pair.Local.Address, pair.Remote.Address, pair.Remote.Port)
			}
			c.say(event{What: "media", ConnectMS: c.took.Load(), Way: way})
		}
	}
}

// offer makes an offer and takes the answer.
func (c *client) offer(restart bool) error {
	offer, err := c.pc.CreateOffer(&webrtc.OfferOptions{ICERestart: restart})
	if err != nil {
		return err
	}
	gathered := webrtc.GatheringCompletePromise(c.pc)
	if err := c.pc.SetLocalDescription(offer); err != nil {
		return err
	}
	<-gathered
	scheme := "http"
	if c.cfg.HTTPS {
		scheme = "https"
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true} // a test
	web := http.Client{Transport: transport, Timeout: 20 * time.Second}
	answer, err := web.Post(scheme+"://"+c.cfg.Server+"/?leg="+c.cfg.Leg, "application/sdp", strings.NewReader(c.pc.LocalDescription().SDP))
	if err != nil {
		return err
	}
	defer answer.Body.Close() // a test
	sdp, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("the offer was refused: %s", sdp)
	}
	return c.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: string(sdp)})
}
