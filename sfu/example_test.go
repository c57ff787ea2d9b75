package sfu_test

import (
	"context"
	"fmt"
	"log"
	"sync/atomic"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"confab/sfu"
	"confab/sfu/wire"
)

// phone is what an application knows of one participant: it passes what the room decides on to the device.
type phone struct{ name string }

func (p phone) Slots(slots []sfu.Slot, _ sfu.Wanted) {
	for _, s := range slots {
		if s.Leg != "" {
			log.Printf("%s: section %s now carries the %s of %s", p.name, s.MID, s.Source, s.Leg)
		}
	}
}
func (p phone) Tracks([]sfu.Track)          {}
func (p phone) Layers(_ string, _ []string) {}
func (p phone) Codecs(_ string, _ []string) {}
func (p phone) Connection(_ sfu.State)      {}
func (p phone) Closed(_ error)              {}

// device stands for a browser: a PeerConnection that sends sound and counts what it hears.
func device(leg *sfu.Leg, heard *atomic.Int64) (*webrtc.PeerConnection, *webrtc.TrackLocalStaticRTP, error) {
	engine := webrtc.SettingEngine{}
	engine.SetIncludeLoopbackCandidate(true)
	pc, err := webrtc.NewAPI(webrtc.WithSettingEngine(engine)).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return nil, nil, err
	}
	sound, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus}, "sound", "me")
	if err != nil {
		return nil, nil, err
	}
	if _, err := pc.AddTrack(sound); err != nil {
		return nil, nil, err
	}
	pc.OnTrack(func(t *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		for {
			if _, _, err := t.ReadRTP(); err != nil {
				return
			}
			heard.Add(1)
		}
	})
	offer, err := pc.CreateOffer(nil)
	if err != nil {
		return nil, nil, err
	}
	if err := pc.SetLocalDescription(offer); err != nil {
		return nil, nil, err
	}
	// In an application the offer and the answer go through its own signalling.
	answer, err := leg.Offer(context.Background(), offer.SDP, []sfu.TrackHint{{MID: "0", Source: sfu.SourceMicrophone}})
	if err != nil {
		return nil, nil, err
	}
	return pc, sound, pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer})
}

// A server, a room, and two participants who hear each other.
func Example() {
	port, err := wire.Listen(wire.Config{Listen: "127.0.0.1:0"}) // UDP and TCP, one number
	if err != nil {
		log.Fatal(err)
	}
	defer port.Close()
	server, err := sfu.New(sfu.Config{Transport: port, Loopback: true})
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	room, err := server.NewRoom(nil)
	if err != nil {
		log.Fatal(err)
	}
	var heard [2]atomic.Int64
	for i, name := range []string{"ann", "ben"} {
		leg, err := room.Join(name, phone{name})
		if err != nil {
			log.Fatal(err)
		}
		pc, sound, err := device(leg, &heard[i])
		if err != nil {
			log.Fatal(err)
		}
		defer pc.Close()
		go func() {
			for n := uint16(0); ; n++ {
				packet := &rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: n, Timestamp: uint32(n) * 960}, Payload: []byte{1}}
				if sound.WriteRTP(packet) != nil || pc.ConnectionState() == webrtc.PeerConnectionStateClosed {
					return
				}
				time.Sleep(20 * time.Millisecond)
			}
		}()
	}
	for heard[0].Load() < 10 || heard[1].Load() < 10 {
		time.Sleep(10 * time.Millisecond)
	}
	fmt.Println("ann and ben hear each other")
	// Output: ann and ben hear each other
}
