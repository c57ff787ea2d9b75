package sfu_test

import (
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"confab/sfu"
)

// TestACrowdHearsTheLoudest has many people in a room, a few of whom talk, and wants each to be sent few voices: those.
//
// It is alone while it runs: the clients of a crowd are work enough.
func TestACrowdHearsTheLoudest(t *testing.T) {
	const people, talking, slots = 30, 3, 2 // one audio section to talk and hear, one more to hear
	speakers := make(chan []sfu.Speaker, 1000)
	server := newServerOn(t, newWire(t))
	room, err := server.NewRoom(speakerHandler(speakers))
	must(t, err)
	clients := make([]*client, people)
	var wait sync.WaitGroup
	for i := range clients {
		clients[i] = newClient(t, clientOptions{recvAudio: slots - 1})
		wait.Go(func() { clients[i].join(room, fmt.Sprint("p", i)) })
	}
	wait.Wait()
	for i, c := range clients {
		level := byte(127)
		if i < talking {
			level = byte(10 + 15*i) // p0 is the loudest
		}
		go c.talk(t, &source{name: byte(i)}, level)
	}
	listener := clients[people-1]
	listener.wait("the loudest two", func() bool {
		return listener.slotOf("p0", sfu.SourceMicrophone) != "" && listener.slotOf("p1", sfu.SourceMicrophone) != ""
	})
	listener.wait("more wanted", func() bool { return listener.wanted.Audio == people-1 })
	for {
		select {
		case s := <-speakers:
			if len(s) == talking && s[0].Leg == "p0" {
				return
			}
		case <-time.After(patience):
			t.Fatal("nobody was told who speaks")
		}
	}
}

type speakerHandler chan []sfu.Speaker

func (h speakerHandler) Speakers(s []sfu.Speaker) {
	select {
	case h <- slices.Clone(s):
	default:
	}
}

// talk sends sound with a level until the test ends.
func (c *client) talk(t *testing.T, s *source, level byte) {
	id := uint8(0)
	for _, e := range c.pc.GetSenders()[0].GetParameters().HeaderExtensions {
		if e.URI == levelURI {
			id = uint8(e.ID)
		}
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		p := s.voice()
		_ = p.SetExtension(id, []byte{level})
		if c.audio.WriteRTP(p) != nil {
			return
		}
		select {
		case <-t.Context().Done():
			return
		case <-tick.C:
		}
	}
}

// TestFiftyJoinAtOnce wants everybody's first picture, and reports how long it took from the offer; a test machine that
// runs fifty clients as well is no place to hold that against a number.
func TestFiftyJoinAtOnce(t *testing.T) {
	const people = 50
	server := newServerOn(t, newWire(t))
	room := newRoom(t, server)
	began := time.Now()
	camera := newClient(t, clientOptions{})
	camera.join(room, "camera")
	camera.live(t.Context(), 'C')
	var mu sync.Mutex
	var took []time.Duration
	var wait sync.WaitGroup
	for i := range people {
		c := newClient(t, clientOptions{})
		wait.Go(func() {
			id := fmt.Sprint("p", i)
			var err error
			c.leg, err = room.Join(id, c)
			must(t, err)
			c.addSenders()
			c.leg.View([]sfu.Tile{{Leg: "camera", Source: sfu.SourceCamera, Height: 720}})
			offered := time.Now()
			c.offer()
			c.wait("picture", func() bool { return len(c.on(c.slotOf("camera", sfu.SourceCamera))) > 0 })
			c.mu.Lock()
			first := c.on(c.slotOf("camera", sfu.SourceCamera))[0]
			c.mu.Unlock()
			if first.pay[6]&1 != 0 {
				t.Errorf("%s: the first packet is no key frame", id)
			}
			mu.Lock()
			defer mu.Unlock()
			took = append(took, first.at.Sub(offered))
		})
	}
	wait.Wait()
	slices.Sort(took)
	t.Logf("from offer to picture: median %v, 95 %% %v, on %d processors with the clients", took[people/2], took[people*95/100], runtime.NumCPU())
	// Whoever comes late is served from the ring, and requests are merged.
	if plis, most := server.Totals().PLIsOut, uint64(time.Since(began)/(300*time.Millisecond))+2; plis > most {
		t.Errorf("%d key frames were asked for", plis)
	}
}
