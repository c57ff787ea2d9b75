package wire

import (
	"sync"
	"testing"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
)

// leg makes the server's side of a connection on a Mux, as an SFU does.
func leg(t *testing.T, m *Mux) *webrtc.PeerConnection {
	t.Helper()
	var e webrtc.SettingEngine
	m.Configure(&e)
	e.SetLite(true)
	return peer(t, e)
}

// browser makes a client that has only the given kind of network.
func browser(t *testing.T, networks ...webrtc.NetworkType) *webrtc.PeerConnection {
	t.Helper()
	var e webrtc.SettingEngine
	e.SetNetworkTypes(networks)
	e.SetIncludeLoopbackCandidate(true)
	e.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	return peer(t, e)
}

func peer(t *testing.T, e webrtc.SettingEngine) *webrtc.PeerConnection {
	t.Helper()
	var media webrtc.MediaEngine
	if err := media.RegisterDefaultCodecs(); err != nil {
		t.Fatal(err)
	}
	pc, err := webrtc.NewAPI(webrtc.WithSettingEngine(e), webrtc.WithMediaEngine(&media)).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pc.GracefulClose() })
	return pc
}

// connect lets the client offer and the leg answer, all candidates inside.
func connect(t *testing.T, client, server *webrtc.PeerConnection) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	offer, err := client.CreateOffer(nil)
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

// sendrecv adds a track to a connection and returns it, and a channel that is closed when media of the other side came.
func sendrecv(t *testing.T, pc *webrtc.PeerConnection) (*webrtc.TrackLocalStaticRTP, <-chan struct{}) {
	t.Helper()
	track, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus}, "a", "s")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := pc.AddTrack(track); err != nil {
		t.Fatal(err)
	}
	got := make(chan struct{})
	var once sync.Once
	pc.OnTrack(func(tr *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		for {
			if _, _, err := tr.ReadRTP(); err != nil {
				return
			}
			once.Do(func() { close(got) })
		}
	})
	return track, got
}

// exchange sends on both tracks until both sides have received.
func exchange(t *testing.T, a, b *webrtc.TrackLocalStaticRTP, gotA, gotB <-chan struct{}) {
	t.Helper()
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

func TestMediaFlowsBothWays(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		listen  string
		network webrtc.NetworkType
	}{
		"UDP":                       {"127.0.0.1:0", webrtc.NetworkTypeUDP4},
		"UDP on every address":      {":0", webrtc.NetworkTypeUDP4},
		"UDP on every IPv4 address": {"0.0.0.0:0", webrtc.NetworkTypeUDP4},
		"UDP over IPv6":             {"[::1]:0", webrtc.NetworkTypeUDP6},
		"TCP":                       {"127.0.0.1:0", webrtc.NetworkTypeTCP4},
		"TCP on every address":      {":0", webrtc.NetworkTypeTCP4},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := listen(t, func(cfg *Config) { cfg.Listen = c.listen })
			server, client := leg(t, m), browser(t, c.network)
			down, gotUp := sendrecv(t, server)
			up, gotDown := sendrecv(t, client)
			connect(t, client, server)
			exchange(t, up, down, gotUp, gotDown)
			pair, err := server.SCTP().Transport().ICETransport().GetSelectedCandidatePair()
			if err != nil || pair == nil {
				t.Fatalf("no selected pair: %v", err)
			}
			if int(pair.Local.Port) != m.Port() {
				t.Errorf("media flows over %s, not over port %d", pair.Local, m.Port())
			}
		})
	}
}
