// Package calltest makes small real calls for tests: a client and the server's side of one leg, both Pion, with media in
// both directions.
package calltest

import (
	"testing"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
	"golang.org/x/net/proxy"
)

// Transport is what a leg is made on: a wire.Mux.
type Transport interface {
	Configure(*webrtc.SettingEngine)
}

// Leg makes the server's side of a connection, as an SFU does.
func Leg(t testing.TB, m Transport) *webrtc.PeerConnection {
	t.Helper()
	var e webrtc.SettingEngine
	m.Configure(&e)
	e.SetLite(true)
	return peer(t, e, webrtc.Configuration{})
}

// Client makes a client that has only the given kinds of network.
func Client(t testing.TB, networks ...webrtc.NetworkType) *webrtc.PeerConnection {
	t.Helper()
	return peer(t, settings(networks), webrtc.Configuration{})
}

// Relayed makes a client that uses nothing but a TURN server. A dialer, if not nil, makes its TCP connections.
func Relayed(t testing.TB, server webrtc.ICEServer, dialer proxy.Dialer) *webrtc.PeerConnection {
	t.Helper()
	e := settings([]webrtc.NetworkType{webrtc.NetworkTypeUDP4, webrtc.NetworkTypeTCP4})
	e.DisableActiveTCP(true) // Pion would go around the relay
	e.SetRelayAcceptanceMinWait(0)
	if dialer != nil {
		e.SetICEProxyDialer(dialer)
	}
	return peer(t, e, webrtc.Configuration{
		ICEServers: []webrtc.ICEServer{server}, ICETransportPolicy: webrtc.ICETransportPolicyRelay,
	})
}

func settings(networks []webrtc.NetworkType) webrtc.SettingEngine {
	var e webrtc.SettingEngine
	e.SetNetworkTypes(networks)
	e.SetIncludeLoopbackCandidate(true)
	e.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	return e
}

func peer(t testing.TB, e webrtc.SettingEngine, cfg webrtc.Configuration) *webrtc.PeerConnection {
	t.Helper()
	var media webrtc.MediaEngine
	if err := media.RegisterDefaultCodecs(); err != nil {
		t.Fatal(err)
	}
	api := webrtc.NewAPI(webrtc.WithSettingEngine(e), webrtc.WithMediaEngine(&media))
	pc, err := api.NewPeerConnection(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pc.GracefulClose() })
	return pc
}

// Connect lets the client offer and the leg answer, all candidates inside.
func Connect(t testing.TB, client, server *webrtc.PeerConnection) {
	t.Helper()
	negotiate(t, client, server, nil)
}

// Restart does the same with an ICE restart.
func Restart(t testing.TB, client, server *webrtc.PeerConnection) {
	t.Helper()
	negotiate(t, client, server, &webrtc.OfferOptions{ICERestart: true})
}

func negotiate(t testing.TB, client, server *webrtc.PeerConnection, o *webrtc.OfferOptions) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	offer, err := client.CreateOffer(o)
	must(err)
	gathered := webrtc.GatheringCompletePromise(client)
	must(client.SetLocalDescription(offer))
	<-gathered
	must(server.SetRemoteDescription(*client.LocalDescription()))
	answer, err := server.CreateAnswer(nil)
	must(err)
	gathered = webrtc.GatheringCompletePromise(server)
	must(server.SetLocalDescription(answer))
	<-gathered
	must(client.SetRemoteDescription(*server.LocalDescription()))
}

// Media adds a track to a connection and returns it, and a channel that tells when media of the other side came.
func Media(t testing.TB, pc *webrtc.PeerConnection) (*webrtc.TrackLocalStaticRTP, <-chan struct{}) {
	t.Helper()
	track, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus}, "a", "s")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := pc.AddTrack(track); err != nil {
		t.Fatal(err)
	}
	got := make(chan struct{}, 1)
	pc.OnTrack(func(tr *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		for {
			if _, _, err := tr.ReadRTP(); err != nil {
				return
			}
			select {
			case got <- struct{}{}:
			default: // nobody has looked since the last one
			}
		}
	})
	return track, got
}

// Exchange sends on both tracks until both sides have received.
func Exchange(t testing.TB, a, b *webrtc.TrackLocalStaticRTP, gotA, gotB <-chan struct{}) {
	t.Helper()
	for _, got := range []<-chan struct{}{gotA, gotB} { // what came before does not count
		select {
		case <-got:
		default:
		}
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(15 * time.Second)
	for seq := uint16(0); gotA != nil || gotB != nil; seq++ {
		p := &rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: seq, Timestamp: uint32(seq) * 960}, Payload: []byte{1, 2, 3}}
		_ = a.WriteRTP(p)
		_ = b.WriteRTP(p)
		select {
		case <-gotA:
			gotA = nil
		case <-gotB:
			gotB = nil
		case <-tick.C:
		case <-limit:
			t.Fatal("no media in both directions")
		}
	}
}
