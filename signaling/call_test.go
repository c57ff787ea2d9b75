package signaling_test

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"

	"confab/internal/call"
	"confab/internal/chat"
	"confab/store"
)

// record finds the chat's newest call in the history, and the message that it left.
func (u *user) record(chatID store.ID) (call.Record, chat.CallMeta) {
	t := u.h.t
	t.Helper()
	page, err := u.h.calls.History(context.Background(), u.id, chatID, 10, "")
	if err != nil || len(page.Items) == 0 {
		t.Fatalf("history: %v, %v", page, err)
	}
	return page.Items[0], u.h.lastCallMessage(u.id, chatID)
}

func (h *house) lastCallMessage(userID, chatID store.ID) chat.CallMeta {
	h.t.Helper()
	page, err := h.chats.History(context.Background(), userID, store.MessageQuery{ChatID: chatID, Limit: 10})
	if err != nil {
		h.t.Fatal(err)
	}
	for _, m := range page.Items {
		if m.Kind == store.KindCall {
			var meta chat.CallMeta
			if err := json.Unmarshal(m.Meta, &meta); err != nil {
				h.t.Fatal(err)
			}
			return meta
		}
	}
	return chat.CallMeta{}
}

// callMessage waits for the message that a call leaves.
func (c *client) callMessage() {
	c.t.Helper()
	c.await("the call's message", func(m message) bool {
		var got struct{ Message struct{ Kind string } }
		return m.Event == "message:received" && json.Unmarshal(m.Data, &got) == nil && got.Message.Kind == "call"
	})
}

// showsCall waits for a chat:updated that says whether a call is active.
func (c *client) showsCall(active bool) {
	c.t.Helper()
	c.await(fmt.Sprintf("chat:updated, active %v", active), func(m message) bool {
		var got struct {
			Chat map[string]json.RawMessage
		}
		if m.Event != "chat:updated" || json.Unmarshal(m.Data, &got) != nil {
			return false
		}
		raw, has := got.Chat["activeCall"]
		return has && (string(raw) != "null") == active
	})
}

func TestCallByTheRing(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	ann, bob := h.user(), h.user()
	chatID := h.direct(ann, bob)
	a, b, other, list := ann.phone(0), bob.phone(0), bob.another().connect(), ann.another().connect()

	a.initiate(chatID)
	r := b.rings()
	if r.ChatID != chatID || r.CallID != a.joined.CallID || r.CallerID != ann.id || !r.Media.Audio || !r.Media.Video ||
		time.Until(r.ExpiresAt) > 45*time.Second || time.Until(r.ExpiresAt) < 30*time.Second {
		t.Errorf("ring %+v", r)
	}
	if again := other.rings(); *again.Offer != *r.Offer {
		t.Error("two devices of one user got different offers")
	}
	list.showsCall(true)
	b.pickUp(r)
	if why := other.ringEnds(); why != "answered-elsewhere" {
		t.Errorf("the other device's ring ended: %s", why)
	}
	b.none("call:ring-ended")
	a.meets(b)

	var state struct {
		CallID       store.ID
		Participants []struct{ ID, UserID store.ID }
	}
	b.expect("call:state").into(t, &state)
	if state.CallID != r.CallID || len(state.Participants) != 2 || state.Participants[0].UserID != ann.id ||
		state.Participants[1].ID != b.joined.ParticipantID {
		t.Errorf("state %+v", state)
	}
	a.sees("joining", func(c change) bool {
		return c.Participant.ID == b.joined.ParticipantID && c.Participant.UserID == bob.id && c.Participant.DisplayName == bob.name
	})

	b.do("call:end", map[string]any{"chatId": chatID})
	for _, c := range []*client{a.client, b.client, other} {
		if e := c.hangsUp(); e.Reason != "ended" || e.CallID != r.CallID || e.Duration == nil {
			t.Errorf("end %+v", e)
		}
	}
	list.showsCall(false)
	list.callMessage()
	rec, meta := bob.record(chatID)
	if rec.ID != r.CallID || rec.StartedBy != ann.id || rec.AnsweredAt == nil || rec.EndedAt == nil || rec.EndReason != "ended" ||
		len(rec.Participants) != 2 || rec.Participants[0].LeftAt == nil || rec.Participants[1].LeftAt == nil {
		t.Errorf("history %+v", rec)
	}
	if meta.CallID != r.CallID || meta.Reason != "ended" {
		t.Errorf("message %+v", meta)
	}
}

func TestCallByTwoOffers(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	ann, bob := h.user(), h.user()
	chatID := h.direct(ann, bob)
	a, b, other := ann.phone(0), bob.phone(0), bob.another().connect()
	a.initiate(chatID)
	other.rings()
	b.initiate(chatID)
	if b.joined.CallID != a.joined.CallID {
		t.Fatal("two calls in one chat")
	}
	if why := other.ringEnds(); why != "answered-elsewhere" {
		t.Errorf("ring ended: %s", why)
	}
	a.meets(b)
	a.do("call:end", map[string]any{"chatId": chatID})
	b.hangsUp()
}

func TestBothStartAtTheSameInstant(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	ann, bob := h.user(), h.user()
	chatID := h.direct(ann, bob)
	a, b := ann.phone(0), bob.phone(0)
	var both sync.WaitGroup
	for _, p := range []*phone{a, b} {
		p.addTracks()
		p.emit("call:initiate", map[string]any{"chatId": chatID, "offer": p.offer(nil)})
	}
	both.Wait()
	for _, p := range []*phone{a, b} {
		var answered struct{ Answer call.Description }
		p.expect("call:answered").into(t, &answered)
		p.remote(answered.Answer)
	}
	a.meets(b)
}

func TestGroupJoinsAndLeavesWithoutRenegotiation(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	people := newPeople(h, 3)
	chatID := h.group(people[0], people[1:]...)
	a, b, c := people[0].phone(1), people[1].phone(1), people[2].phone(1)
	a.initiate(chatID)
	b.rings()
	b.initiate(chatID)
	a.meets(b)
	c.rings()
	c.initiate(chatID)
	a.meets(c)
	b.meets(c)
	b.do("call:end", map[string]any{"chatId": chatID})
	if e := b.hangsUp(); e.Reason != "left" {
		t.Errorf("who left was told %q", e.Reason)
	}
	a.seesLeave(b)
	c.seesLeave(b)
	a.meets(c)
	for _, p := range []*phone{a, c} {
		p.none("call:answered") // nobody had to offer again
		p.none("call:end")
	}
	again := people[1].phone(1)
	again.initiate(chatID)
	again.meets(a)
	again.meets(c)

	a.do("call:end", map[string]any{"chatId": chatID, "forAll": true})
	for _, p := range []*phone{a, c, again} {
		if e := p.hangsUp(); e.Reason != "ended" {
			t.Errorf("end %+v", e)
		}
	}
	rec, _ := people[0].record(chatID)
	if len(rec.Participants) != 4 {
		t.Errorf("%d participants in the history, wanted one per leg: 4", len(rec.Participants))
	}
}

func TestDecline(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	ann, bob := h.user(), h.user()
	chatID := h.direct(ann, bob)
	a, b, other := ann.phone(0), bob.connect(), bob.another().connect()
	a.initiate(chatID)
	b.rings()
	other.rings()
	b.do("call:decline", map[string]any{"chatId": chatID})
	for _, c := range []*client{b, other} {
		if why := c.ringEnds(); why != "declined" {
			t.Errorf("ring ended: %s", why)
		}
	}
	if e := a.hangsUp(); e.Reason != "declined" || *e.Duration != 0 {
		t.Errorf("end %+v", e)
	}
	a.callMessage()
	if rec, meta := ann.record(chatID); rec.EndReason != "declined" || rec.AnsweredAt != nil || meta.Reason != "declined" {
		t.Errorf("history %+v, message %+v", rec, meta)
	}
	b.refused("no_call", "call:decline", map[string]any{"chatId": chatID})
	a.phoneAgain(ann).initiate(chatID) // and the chat is free for the next call
	b.rings()
	b.do("call:end", map[string]any{"chatId": chatID}) // says the same
	if e := a.hangsUp(); e.Reason != "declined" {
		t.Errorf("end %+v", e)
	}
}

// phoneAgain is a new PeerConnection on the same socket.
func (p *phone) phoneAgain(u *user) *phone { return u.phoneOn(p.client, 0) }

func TestDeclineInAGroupLeavesTheCallToTheOthers(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	people := newPeople(h, 3)
	chatID := h.group(people[0], people[1:]...)
	a, b, c := people[0].phone(0), people[1].connect(), people[2].phone(0)
	a.initiate(chatID)
	b.rings()
	b.do("call:decline", map[string]any{"chatId": chatID})
	r := c.rings()
	c.none("call:ring-ended")
	c.pickUp(r)
	a.meets(c)
	a.none("call:end")
}

func TestNobodyAnswers(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{calls: call.Config{RingTimeout: 300 * time.Millisecond}})
	ann, bob := h.user(), h.user()
	chatID := h.direct(ann, bob)
	a, b := ann.phone(0), bob.connect()
	a.initiate(chatID)
	b.rings()
	if why := b.ringEnds(); why != "timeout" {
		t.Errorf("ring ended: %s", why)
	}
	if e := a.hangsUp(); e.Reason != "missed" {
		t.Errorf("end %+v", e)
	}
	a.callMessage()
	if rec, meta := bob.record(chatID); rec.EndReason != "missed" || meta.Reason != "missed" {
		t.Errorf("history %+v, message %+v", rec, meta)
	}
}

func TestCallerGivesUp(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	ann, bob := h.user(), h.user()
	chatID := h.direct(ann, bob)
	a, b := ann.phone(0), bob.phone(0)
	a.initiate(chatID)
	r := b.rings()
	a.do("call:end", map[string]any{"chatId": chatID})
	if why := b.ringEnds(); why != "ended" {
		t.Errorf("ring ended: %s", why)
	}
	if e := b.hangsUp(); e.Reason != "missed" {
		t.Errorf("end %+v", e)
	}
	b.refused("no_offer", "call:answer", map[string]any{"chatId": chatID, "answer": b.answerTo(r)})
}

func TestDeviceThatConnectsWhileItRings(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	ann, bob := h.user(), h.user()
	chatID := h.direct(ann, bob)
	first := bob.connect()
	a := ann.phone(0)
	a.initiate(chatID)
	first.rings()
	late := bob.another().phone(0)
	late.pickUp(late.rings())
	a.meets(late)
}

func TestLargeChatRingsWithoutOffer(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	people := newPeople(h, call.RingOfferMax+1)
	chatID := h.group(people[0], people[1:]...)
	a, b := people[0].phone(0), people[1].phone(0)
	a.initiate(chatID)
	if r := b.rings(); r.Offer != nil {
		t.Error("an offer in a large chat")
	}
	b.initiate(chatID)
	a.meets(b)
}

func TestTwoAnswersOneWins(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	ann, bob := h.user(), h.user()
	chatID := h.direct(ann, bob)
	a, b, c := ann.phone(0), bob.phone(0), bob.another().phone(0)
	a.initiate(chatID)
	rb, rc := b.rings(), c.rings()
	c.refused("bad_sdp", "call:answer", map[string]any{"chatId": chatID, "answer": call.Description{Type: "answer", SDP: "v=0\r\nnonsense"}})
	late := c.answerTo(rc)
	b.pickUp(rb)
	c.refused("answered", "call:answer", map[string]any{"chatId": chatID, "answer": late})
	a.meets(b)
}

func TestICERestartAndLaterOffers(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	ann, bob := h.user(), h.user()
	chatID := h.direct(ann, bob)
	a, b := ann.phone(0), bob.phone(0)
	a.initiate(chatID)
	b.pickUp(b.rings())
	a.meets(b)
	was := [2]call.Joined{a.joined, b.joined}
	a.negotiate(chatID, &webrtc.OfferOptions{ICERestart: true})
	b.addReceiver(webrtc.RTPCodecTypeVideo)
	b.negotiate(chatID, nil) // who answered the ring offers from now on
	if was != [2]call.Joined{a.joined, b.joined} {
		t.Error("a later offer made a new participant")
	}
	a.meets(b)
	a.none("call:end")
}

func TestSocketLostAndResumed(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	ann, bob := h.user(), h.user()
	chatID := h.direct(ann, bob)
	a, b := ann.phone(0), bob.phone(0)
	a.initiate(chatID)
	b.pickUp(b.rings())
	a.meets(b)

	_ = b.ws.Close()
	a.meets(b) // media flows on
	b.client = bob.connect()
	var again call.Joined
	b.do("call:resume", map[string]any{"chatId": chatID, "participantId": b.joined.ParticipantID}).into(t, &again)
	if again != b.joined {
		t.Errorf("resumed %+v, was %+v", again, b.joined)
	}
	var state struct{ Participants []struct{ ID store.ID } }
	b.expect("call:state").into(t, &state)
	if len(state.Participants) != 2 {
		t.Errorf("state %+v", state)
	}
	b.expect("call:slots")
	b.negotiate(chatID, &webrtc.OfferOptions{ICERestart: true})
	a.meets(b)
	b.do("call:hand", map[string]any{"chatId": chatID, "raised": true})
	a.expect("call:hand")
	a.none("call:end")

	stranger := bob.another().connect()
	stranger.refused("not_in_call", "call:resume", map[string]any{"chatId": chatID, "participantId": b.joined.ParticipantID})
	a.refused("not_in_call", "call:resume", map[string]any{"chatId": chatID, "participantId": b.joined.ParticipantID})
	a.refused("not_in_call", "call:resume", map[string]any{"chatId": chatID, "participantId": store.NewID()})
}

func TestSocketLostForGood(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{calls: call.Config{ResumeGrace: 100 * time.Millisecond}})
	people := newPeople(h, 3)
	chatID := h.group(people[0], people[1:]...)
	a, b, c := people[0].phone(1), people[1].phone(1), people[2].phone(1)
	for _, p := range []*phone{a, b, c} {
		p.initiate(chatID)
	}
	a.meets(b)
	a.meets(c)
	_ = b.ws.Close()
	a.seesLeave(b)
	a.meets(c)
	back := people[1].connect()
	back.refused("not_in_call", "call:resume", map[string]any{"chatId": chatID, "participantId": b.joined.ParticipantID})
}

// TestReloadJoinsAnew has a device come back with a new socket and a new PeerConnection, without a word of the old one, or
// with that one closed as pages do when they go.
func TestReloadJoinsAnew(t *testing.T) {
	t.Parallel()
	for _, closes := range []bool{false, true} {
		reload(t, closes)
	}
}

func reload(t *testing.T, closes bool) {
	t.Helper()
	h := newHouse(t, plan{})
	ann, bob := h.user(), h.user()
	chatID := h.direct(ann, bob)
	a, b := ann.phone(0), bob.phone(0)
	a.initiate(chatID)
	b.pickUp(b.rings())
	a.meets(b)
	if closes {
		check(t, b.pc.Close())
		a.sees("lost", func(c change) bool {
			return c.Participant.ID == b.joined.ParticipantID && c.Participant.Connection == "lost"
		})
	}
	_ = b.ws.WriteControl(8, []byte{3, 232}, time.Now().Add(patience))
	b.ends()
	reloaded := bob.phone(0)
	reloaded.initiate(chatID)
	var state struct{ Participants []struct{ ID store.ID } }
	reloaded.expect("call:state").into(t, &state)
	if len(state.Participants) != 2 {
		t.Errorf("after a reload there are %+v", state.Participants)
	}
	a.seesLeave(b)
	a.meets(reloaded)
	a.none("call:end")
	if reloaded.joined.CallID != b.joined.CallID || reloaded.joined.ParticipantID == b.joined.ParticipantID {
		t.Errorf("was %+v, is %+v", b.joined, reloaded.joined)
	}
}

// TestDevicesThatVanish cuts the network of one device, whose socket ends with it, and the media alone of another, which keeps its
// socket. Without a word from either they are shown as lost, and gone when their time is over; the rest of the call goes on.
func TestDevicesThatVanish(t *testing.T) {
	t.Parallel()
	// The wait for media also runs while a device connects, which takes a busy machine seconds.
	h := newHouse(t, plan{calls: call.Config{ResumeGrace: patience / 2, MediaTimeout: patience / 2}})
	people := newPeople(h, 4)
	chatID := h.group(people[0], people[1:]...)
	cords := []*cord{newCord(t), newCord(t)}
	a, b := people[0].phone(2), people[1].phone(2)
	unplugged := people[2].phoneOn(people[2].connect(), 2, cords[0].attach(t))
	silent := people[3].phoneOn(people[3].connect(), 2, cords[1].attach(t))
	for _, p := range []*phone{a, b, unplugged, silent} {
		p.initiate(chatID)
	}
	for _, p := range []*phone{b, unplugged, silent} {
		a.meets(p)
	}
	for _, c := range cords {
		c.cut.Store(true)
	}
	_ = unplugged.ws.Close()
	left := map[store.ID]bool{}
	for _, step := range []struct {
		what string
		fits func(change) bool
	}{
		{"lost", func(c change) bool { return c.Participant.Connection == "lost" && !c.Left }},
		{"gone", func(c change) bool { return c.Left }},
	} {
		clear(left)
		for len(left) < 2 {
			c := a.sees(step.what, step.fits)
			left[c.Participant.ID] = true
		}
		if !left[unplugged.joined.ParticipantID] || !left[silent.joined.ParticipantID] {
			t.Errorf("%s are %v", step.what, left)
		}
	}
	if e := silent.hangsUp(); e.Reason != "lost" {
		t.Errorf("the device with a socket is told %+v", e)
	}
	a.meets(b)
	a.none("call:end")
}

func TestMediaThatNeverComesEndsTheLeg(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{calls: call.Config{MediaTimeout: 100 * time.Millisecond}})
	people := newPeople(h, 2)
	chatID := h.group(people[0], people[1])
	a := people[0].phone(0)
	a.addTracks()
	a.do("call:initiate", map[string]any{"chatId": chatID, "offer": a.offer(nil)}) // and the answer is ignored
	if e := a.hangsUp(); e.Reason != "missed" {
		t.Errorf("end %+v", e)
	}
}
