package sfu_test

import (
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/webrtc/v4"

	"confab/sfu"
	"confab/sfu/wire"
)

// newWire opens a real port.
func newWire(t testing.TB) *wire.Mux {
	t.Helper()
	m, err := wire.Listen(wire.Config{Listen: "127.0.0.1:0"})
	must(t, err)
	t.Cleanup(func() { m.Close() })
	return m
}

// watchedWire counts what is taken past Pion.
type watchedWire struct {
	*wire.Mux
	taken, left atomic.Int64
}

func (w *watchedWire) TakeMedia(ufrag string, take func([]byte, time.Time) bool) func() {
	return w.Mux.TakeMedia(ufrag, func(p []byte, came time.Time) bool {
		took := take(p, came)
		if took {
			w.taken.Add(1)
		} else {
			w.left.Add(1)
		}
		return took
	})
}

// TestMediaPastPion has clients decrypt what was encrypted with derived keys, and encrypt what is decrypted with them, with
// each profile.
func TestMediaPastPion(t *testing.T) {
	t.Parallel()
	for name, profile := range map[string]dtls.SRTPProtectionProfile{
		"GCM": dtls.SRTP_AEAD_AES_128_GCM, "CM": dtls.SRTP_AES128_CM_HMAC_SHA1_80,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			port := &watchedWire{Mux: newWire(t)}
			server := newServerOn(t, port)
			room := newRoom(t, server)
			o := clientOptions{profile: profile}
			a, b := newClient(t, o), newClient(t, o)
			a.join(room, "a")
			b.join(room, "b")
			a.live(t.Context(), 'A')
			b.live(t.Context(), 'B')
			a.wait("sound and picture", func() bool {
				return len(a.on(a.slotOf("b", sfu.SourceCamera))) > 100 && len(a.on(a.slotOf("b", sfu.SourceMicrophone))) > 50
			})
			if n := server.Totals().DirectLegs; n != 2 {
				t.Errorf("%d legs are sent to past Pion", n)
			}
			if taken, left := port.taken.Load(), port.left.Load(); taken < 250 || left > taken/10 {
				t.Errorf("%d packets were taken past Pion, %d left to it", taken, left)
			}
			a.mu.Lock()
			defer a.mu.Unlock()
			checkContinuity(t, a.packets)
		})
	}
}

// TestAClientThatIsTheDTLSServer leaves us without the server hello that keys are derived from, so Pion sends.
func TestAClientThatIsTheDTLSServer(t *testing.T) {
	t.Parallel()
	server := newServerOn(t, newWire(t))
	room := newRoom(t, server)
	a := newClient(t, clientOptions{})
	a.join(room, "a")
	a.live(t.Context(), 'A')
	b := newClient(t, clientOptions{role: webrtc.DTLSRoleServer})
	b.answerRing(room, "b")
	b.wait("picture", func() bool { return len(b.on(b.slotOf("a", sfu.SourceCamera))) > 50 })
	if n := server.Totals().DirectLegs; n != 1 {
		t.Errorf("%d legs are sent to past Pion", n)
	}
}

// TestALegEndsWhenItsPeerCloses wants the end to be told without waiting for silence.
func TestALegEndsWhenItsPeerCloses(t *testing.T) {
	t.Parallel()
	room := newRoom(t, newServerOn(t, newWire(t)))
	a := newClient(t, clientOptions{})
	a.join(room, "a")
	began := time.Now()
	must(t, a.pc.Close())
	a.wait("end", func() bool { return a.closed })
	if !errors.Is(a.closedFor, sfu.ErrPeerClosed) || time.Since(began) > 3*time.Second {
		t.Errorf("closed for %v after %v", a.closedFor, time.Since(began))
	}
}
