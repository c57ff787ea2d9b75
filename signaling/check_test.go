package signaling_test

import (
	"testing"
	"time"

	"github.com/fasthttp/websocket"
	"github.com/pion/webrtc/v4"

	"confab/internal/call"
	"confab/internal/limit"
	"confab/signaling"
	"confab/store"
)

// tried is the ack of call:check.
type tried struct {
	CheckID   store.ID
	Answer    call.Description
	ExpiresAt time.Time
}

// try opens a leg of a check; id is empty for the first.
func (p *phone) try(id store.ID) tried {
	p.t.Helper()
	data := map[string]any{"offer": p.offer(nil)}
	if id != "" {
		data["checkId"] = id
	}
	var got tried
	p.do("call:check", data).into(p.t, &got)
	p.remote(got.Answer)
	return got
}

// listener is a second leg on the same socket, which only receives.
func (p *phone) listener() *phone {
	p.t.Helper()
	q := p.user.phoneOn(p.client, 0)
	q.addReceiver(webrtc.RTPCodecTypeAudio)
	q.addReceiver(webrtc.RTPCodecTypeVideo)
	return q
}

func TestACheckEchoesWhatIsSent(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	sender := h.user().phone(0)
	sender.addTracks()
	first := sender.try("")
	if left := time.Until(first.ExpiresAt); left <= 0 || left > 30*time.Second {
		t.Errorf("it ends in %s", left)
	}
	receiver := sender.listener()
	if second := receiver.try(first.CheckID); second.CheckID != first.CheckID {
		t.Errorf("%s became %s", first.CheckID, second.CheckID)
	}
	receiver.receives("audio", sender, 5)
	receiver.receives("video", sender, 5)

	third := sender.listener()
	third.refused("no_check", "call:check", map[string]any{"checkId": first.CheckID, "offer": third.offer(nil)})
}

func TestChecksArePrivate(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	ann, bob := h.user(), h.user()
	a, b := ann.phone(0), bob.phone(0)
	a.addTracks()
	b.addTracks()
	annas, bobs := a.try(""), b.try("")

	for _, stranger := range []*phone{b.listener(), ann.phone(0).listener()} { // somebody else, and another socket of hers
		stranger.refused("no_check", "call:check", map[string]any{"checkId": annas.CheckID, "offer": stranger.offer(nil)})
	}
	own := b.listener()
	own.try(bobs.CheckID)
	own.receives("audio", b, 20)
	if n := own.count("audio", a); n != 0 {
		t.Errorf("%d packets of somebody else", n)
	}
}

func TestBadChecks(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	a := h.user().phone(0)
	a.addTracks()
	offer := a.offer(nil)
	a.refused("bad_sdp", "call:check", map[string]any{"offer": call.Description{Type: "offer", SDP: "hello"}})
	a.refused("bad_sdp", "call:check", map[string]any{"offer": call.Description{Type: "answer", SDP: offer.SDP}})
	a.refused("no_check", "call:check", map[string]any{"offer": offer, "checkId": store.NewID()})
	a.refused("invalid", "call:check", map[string]any{"offer": offer, "checkId": "mine"})
	if n := h.media.Totals().Rooms; n != 0 {
		t.Errorf("%d rooms are left of refused offers", n)
	}
}

// TestTheEndOfACheck has checks end by each of the ways that there are.
func TestTheEndOfACheck(t *testing.T) {
	t.Parallel()
	gone := func(t *testing.T, p *phone) {
		t.Helper()
		changed := make(chan struct{}, 1)
		look := func(webrtc.PeerConnectionState) {
			select {
			case changed <- struct{}{}:
			default:
			}
		}
		p.pc.OnConnectionStateChange(look)
		look(p.pc.ConnectionState()) // it may have happened already
		deadline := time.After(patience)
		for p.pc.ConnectionState() <= webrtc.PeerConnectionStateConnected {
			select {
			case <-changed:
			case <-deadline:
				t.Fatal("its leg stays")
			}
		}
	}
	connected := func(t *testing.T, p *phone) tried {
		t.Helper()
		p.addTracks()
		first := p.try("")
		receiver := p.listener()
		receiver.try(first.CheckID)
		receiver.receives("audio", p, 1)
		return first
	}

	t.Run("time", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t, plan{calls: call.Config{CheckLife: 2 * time.Second}})
		p := h.user().phone(0)
		first := connected(t, p)
		gone(t, p)
		late := p.listener()
		late.refused("no_check", "call:check", map[string]any{"checkId": first.CheckID, "offer": late.offer(nil)})
	})
	t.Run("another check", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t, plan{})
		u := h.user()
		p := u.phone(0)
		connected(t, p)
		next := u.phone(0)
		next.addTracks()
		next.try("")
		gone(t, p)
	})
	t.Run("the socket", func(t *testing.T) {
		t.Parallel()
		h := newHouse(t, plan{})
		p := h.user().phone(0)
		connected(t, p)
		_ = p.ws.Close()
		gone(t, p)
	})
}

func TestChecksAreLimited(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{server: signaling.Config{Limits: limit.New(1.0 / 40)}}) // one, and then a long wait
	p := h.user().phone(0)
	p.addTracks()
	p.try("")
	p.refused("rate_limited", "call:check", map[string]any{"offer": p.offer(nil)})
}

// TestAClosedTabIsMissedForLess has a browser close the socket as pages do when they go.
func TestAClosedTabIsMissedForLess(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{calls: call.Config{ResumeGrace: time.Hour, ReloadGrace: 100 * time.Millisecond}})
	ann, bob := h.user(), h.user()
	chatID := h.direct(ann, bob)
	a, b := ann.phone(0), bob.phone(0)
	a.initiate(chatID)
	b.pickUp(b.rings())
	a.meets(b)
	message := websocket.FormatCloseMessage(websocket.CloseGoingAway, "")
	if err := b.ws.WriteControl(websocket.CloseMessage, message, time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	if e := a.hangsUp(); e.Reason != "ended" {
		t.Errorf("end %+v", e)
	}
}
