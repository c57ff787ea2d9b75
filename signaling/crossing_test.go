package signaling_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"

	"confab/internal/auth"
	"confab/internal/call"
	"confab/internal/fault"
	"confab/store"
)

// What is under way when a call, a network or a session ends.

// TestOfferThatCrossesTheEnd has a device send a later offer, not knowing yet that the other one has hung up.
func TestOfferThatCrossesTheEnd(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	ann, bob := h.user(), h.user()
	chatID := h.direct(ann, bob)
	a, b := ann.phone(0), bob.phone(0)
	a.initiate(chatID)
	b.pickUp(b.rings())
	a.meets(b)
	restart := &webrtc.OfferOptions{ICERestart: true}
	late := map[*phone]call.Description{a: a.offer(restart), b: b.offer(restart)}
	b.do("call:end", map[string]any{"chatId": chatID})
	a.hangsUp()
	b.hangsUp()
	for p, offer := range late {
		p.refused("not_in_call", "call:initiate", map[string]any{"chatId": chatID, "offer": offer})
	}
	for _, p := range []*phone{a, b} {
		p.none("call:offer")
	}
	if _, active := h.active(chatID); active {
		t.Error("a call has begun")
	}
	again := a.phoneAgain(ann)
	again.initiate(chatID) // who calls again has a new PeerConnection
	b.rings()
}

// TestOfferOfSomebodyRemoved has a device restart ICE at the instant at which a moderator takes it out.
func TestOfferOfSomebodyRemoved(t *testing.T) {
	t.Parallel()
	_, chatID, phones := inCall(t, 3)
	owner, c := phones[0], phones[2]
	late := c.offer(&webrtc.OfferOptions{ICERestart: true})
	owner.do("call:moderate", map[string]any{"chatId": chatID, "participantId": c.joined.ParticipantID, "action": "remove"})
	owner.seesLeave(c)
	c.refused("not_in_call", "call:initiate", map[string]any{"chatId": chatID, "offer": late})
}

func TestOfferForOneCallAlone(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	ann, bob := h.user(), h.user()
	chatID := h.group(ann, bob)
	a, b := ann.phone(0), bob.phone(0)
	b.addTracks()
	offer := b.offer(nil)
	to := func(callID any) map[string]any {
		return map[string]any{"chatId": chatID, "callId": callID, "offer": offer}
	}
	b.refused("not_in_call", "call:initiate", to(store.NewID()))
	b.refused("invalid", "call:initiate", to("one"))
	a.none("call:offer")

	a.initiate(chatID)
	b.rings()
	b.refused("not_in_call", "call:initiate", to(store.NewID()))
	b.do("call:initiate", to(a.joined.CallID)).into(t, &b.joined)
	if b.joined.CallID != a.joined.CallID {
		t.Errorf("in call %s", b.joined.CallID)
	}
	a.do("call:end", map[string]any{"chatId": chatID, "forAll": true})
	b.hangsUp()
	b.refused("not_in_call", "call:initiate", to(a.joined.CallID))
}

// TestAnswerLostWithTheNetwork has a device whose first offer is answered on a socket that is dead, which nobody knows yet.
func TestAnswerLostWithTheNetwork(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{calls: call.Config{ResumeGrace: 50 * time.Millisecond}})
	ann, bob := h.user(), h.user()
	chatID := h.direct(ann, bob)
	a, b := ann.phone(0), bob.phone(0)
	a.initiate(chatID)
	b.addTracks()
	offer := map[string]any{"chatId": chatID, "offer": b.offer(nil)}
	var first call.Joined
	b.do("call:initiate", offer).into(t, &first)

	halfOpen := b.client
	b.client = bob.connect()
	b.do("call:initiate", offer).into(t, &b.joined)
	if b.joined != first {
		t.Errorf("was %+v, is %+v", first, b.joined)
	}
	var answered struct{ Answer call.Description }
	b.expect("call:answered").into(t, &answered)
	b.remote(answered.Answer)
	b.came("call:state")
	a.meets(b)
	_ = halfOpen.ws.Close()
	a.receives("audio", b, 25) // half a second, ten times the grace of a lost socket
	a.none("call:end")
}

// TestNewSocketIsToldWhatIsAskedOfTheSender has a device miss that nobody watches its camera.
func TestNewSocketIsToldWhatIsAskedOfTheSender(t *testing.T) {
	t.Parallel()
	_, chatID, phones := inCall(t, 2)
	a, b := phones[0], phones[1]
	a.do("call:view", map[string]any{"chatId": chatID, "tiles": []call.Tile{}})
	b.expect("call:layers")

	_ = b.ws.Close()
	b.client = b.user.connect()
	b.do("call:resume", map[string]any{"chatId": chatID, "participantId": b.joined.ParticipantID})
	toldToPause(b)

	b.client = b.user.connect() // and the old socket looks alive
	b.negotiate(chatID, &webrtc.OfferOptions{ICERestart: true})
	toldToPause(b)
}

// toldToPause checks that a phone has been told where it is, and that nobody watches its camera.
func toldToPause(p *phone) {
	p.t.Helper()
	p.came("call:state")
	p.came("call:slots")
	var told struct{ Active []string }
	p.came("call:layers").into(p.t, &told)
	if told.Active == nil || len(told.Active) > 0 {
		p.t.Errorf("layers %v", told.Active)
	}
}

// sessions are the signed-in ones, as a test has it.
type sessions func(auth.Identity) error

func (s sessions) Alive(_ context.Context, id auth.Identity) error { return s(id) }

// TestSessionRevokedOnTheWayIn has a session that was revoked after its event was let through, and before it had a leg.
func TestSessionRevokedOnTheWayIn(t *testing.T) {
	t.Parallel()
	for name, join := range map[string]func(*phone, store.ID){
		"by an offer": func(p *phone, chatID store.ID) {
			p.addTracks()
			p.refused("unauthorized", "call:initiate", map[string]any{"chatId": chatID, "offer": p.offer(nil)})
		},
		"by an answer": func(p *phone, chatID store.ID) {
			p.refused("unauthorized", "call:answer", map[string]any{"chatId": chatID, "answer": p.answerTo(p.rings())})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var revoked atomic.Pointer[auth.Identity]
			h := newHouse(t, plan{calls: call.Config{Sessions: sessions(func(id auth.Identity) error {
				if r := revoked.Load(); r != nil && r.UserID == id.UserID && r.SessionID == id.SessionID {
					return fault.New(fault.Unauthorized, "unauthorized", "revoked")
				}
				return nil
			})}})
			people := newPeople(h, 3)
			chatID := h.group(people[0], people[1:]...)
			a, b, c := people[0].phone(0), people[1].phone(0), people[2].phone(0)
			a.initiate(chatID)
			c.pickUp(c.rings())
			revoked.Store(&people[1].identity)
			join(b, chatID)
			b.refused("not_in_call", "call:hand", map[string]any{"chatId": chatID, "raised": true})
			a.meets(c)
		})
	}
}

// TestTooManyCallsToAnswer has somebody who is in four calls be rung by a fifth, which they can answer as soon as they leave
// one of the four.
func TestTooManyCallsToAnswer(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	ann, bob := h.user(), h.user()
	fifth := h.direct(ann, bob)
	a, b := ann.phone(0), bob.phone(0)
	var first store.ID
	for range 4 {
		first = h.group(bob)
		b.phoneAgain(bob).initiate(first)
	}
	a.initiate(fifth)
	answer := map[string]any{"chatId": fifth, "answer": b.answerTo(b.rings())}
	b.refused("too_many_calls", "call:answer", answer)
	b.do("call:end", map[string]any{"chatId": first})
	b.do("call:answer", answer)
	a.meets(b)
}
