package sfu_test

import (
	"context"
	"testing"
	"time"

	"confab/sfu"
)

// on air: both film and speak until the test ends.
func (c *client) live(ctx context.Context, name byte) {
	go c.film(ctx, &source{name: name, seq: uint16(name) * 1000, ts: uint32(name) * 1e6}, 20*time.Millisecond)
	go c.speak(ctx, &source{name: name})
}

func TestTwoPeopleSeeAndHearEachOther(t *testing.T) {
	t.Parallel()
	room := newRoom(t, newServer(t))
	a, b := newClient(t, clientOptions{}), newClient(t, clientOptions{})
	a.join(room, "a")
	b.join(room, "b")
	a.live(t.Context(), 'A')
	b.live(t.Context(), 'B')
	for _, pair := range []struct {
		me   *client
		peer string
		name byte
	}{{a, "b", 'B'}, {b, "a", 'A'}} {
		pair.me.wait("sound and picture of "+pair.peer, func() bool {
			video, audio := pair.me.slotOf(pair.peer, sfu.SourceCamera), pair.me.slotOf(pair.peer, sfu.SourceMicrophone)
			if video == "" || audio == "" {
				return false
			}
			pictures, sounds := pair.me.on(video), pair.me.on(audio)
			if len(pictures) < 20 || len(sounds) < 20 {
				return false
			}
			return whose(pictures[len(pictures)-1].pay) == pair.name && sounds[len(sounds)-1].pay[0] == pair.name
		})
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	first := a.on(a.slotOf("b", sfu.SourceCamera))[0]
	if first.pay[6]&1 != 0 {
		t.Error("the picture did not begin with a key frame")
	}
	if told := a.told[0].at; first.at.Before(told) {
		t.Error("packets came before the slot was told")
	}
}

// TestCallsDoNotMix has several rooms on one server, each with people of its own.
func TestCallsDoNotMix(t *testing.T) {
	t.Parallel()
	server := newServerOn(t, newWire(t))
	const rooms = 3
	var listeners []*client
	for i := range rooms {
		room := newRoom(t, server)
		speaker, listener := newClient(t, clientOptions{}), newClient(t, clientOptions{recvAudio: 2, recvVideo: 2})
		speaker.join(room, "speaker")
		listener.join(room, "listener")
		speaker.live(t.Context(), byte('A'+i))
		listeners = append(listeners, listener)
	}
	for i, l := range listeners {
		l.wait("sound and picture", func() bool {
			return len(l.on(l.slotOf("speaker", sfu.SourceCamera))) > 30 && len(l.on(l.slotOf("speaker", sfu.SourceMicrophone))) > 30
		})
		l.mu.Lock()
		for _, p := range l.packets {
			name := byte(0)
			if len(p.pay) > 1000 {
				name = whose(p.pay)
			} else if len(p.pay) > 0 {
				name = p.pay[0]
			}
			if name != byte('A'+i) {
				t.Errorf("call %d is sent %q", i, name)
				break
			}
		}
		l.mu.Unlock()
	}
	if totals := server.Totals(); totals.Rooms != rooms || totals.Legs != 2*rooms {
		t.Errorf("%+v", totals)
	}
}
