package sfu_test

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"confab/sfu"
	"confab/sfu/wire"
)

// guest is what this application knows of a participant. It is told what the room decides, and would pass it on to the page.
type guest struct{ name string }

func (g guest) Slots(slots []sfu.Slot, _ sfu.Wanted) {
	for _, s := range slots {
		if s.Leg != "" {
			log.Printf("%s: section %s now carries the %s of %s", g.name, s.MID, s.Source, s.Leg)
		}
	}
}
func (g guest) Tracks([]sfu.Track)          {} // what the guest publishes
func (g guest) Layers(_ string, _ []string) {} // which simulcast layers of it somebody watches
func (g guest) Codecs(_ string, _ []string) {} // which codecs everybody can decode
func (g guest) Connection(s sfu.State)      { log.Printf("%s: the connection is %s", g.name, s) }
func (g guest) Closed(reason error)         { log.Printf("%s has left: %v", g.name, reason) }

// calls is all the signalling that a call needs: a page posts the offer of its RTCPeerConnection, and sets the answer.
func calls(room *sfu.Room) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		name, answer := r.URL.Query().Get("name"), ""
		offer, _ := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20)) // half an offer is refused as none
		leg, err := room.Join(name, guest{name})
		if err == nil {
			if answer, err = leg.Offer(r.Context(), string(offer), nil); err != nil {
				leg.CloseAsync()
			}
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		_, _ = io.WriteString(w, answer)
	}
}

// A server for calls, and two people who hear each other in one.
func Example() {
	port, err := wire.Listen(wire.Config{Listen: "127.0.0.1:0"}) // UDP and TCP of one number, all that media needs
	check(err)
	defer port.Close()
	server, err := sfu.New(sfu.Config{Transport: port, Loopback: true})
	check(err)
	defer server.Close()
	room, err := server.NewRoom(nil)
	check(err)
	web := httptest.NewServer(calls(room))
	defer web.Close()

	ann, annLeaves := page(web.URL, "ann")
	defer annLeaves()
	ben, benLeaves := page(web.URL, "ben")
	defer benLeaves()
	fmt.Printf("ann hears %s, ben hears %s\n", <-ann, <-ben)
	// Output: ann hears ben, ben hears ann
}

// page stands for a browser in which somebody joins the call and speaks, by name. It tells whom it hears.
func page(url, name string) (hears <-chan string, leave func()) {
	engine := webrtc.SettingEngine{}
	engine.SetIncludeLoopbackCandidate(true)
	pc, err := webrtc.NewAPI(webrtc.WithSettingEngine(engine)).NewPeerConnection(webrtc.Configuration{})
	check(err)
	voice, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus}, "voice", name)
	check(err)
	_, err = pc.AddTrack(voice)
	check(err)
	heard := make(chan string, 1)
	pc.OnTrack(func(t *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		if p, _, err := t.ReadRTP(); err == nil {
			heard <- string(p.Payload)
		}
	})
	offer, err := pc.CreateOffer(nil)
	check(err)
	check(pc.SetLocalDescription(offer))
	reply, err := http.Post(url+"?name="+name, "application/sdp", strings.NewReader(offer.SDP))
	check(err)
	defer reply.Body.Close()
	answer, err := io.ReadAll(reply.Body)
	check(err)
	check(pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: string(answer)}))
	go func() {
		packet := &rtp.Packet{Header: rtp.Header{Version: 2}, Payload: []byte(name)}
		for pc.ConnectionState() != webrtc.PeerConnectionStateClosed {
			packet.SequenceNumber, packet.Timestamp = packet.SequenceNumber+1, packet.Timestamp+960
			_ = voice.WriteRTP(packet) // lost until the connection stands
			time.Sleep(20 * time.Millisecond)
		}
	}()
	return heard, func() { check(pc.Close()) }
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
