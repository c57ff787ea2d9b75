package call

import (
	"context"
	"sync"
	"time"

	"confab/internal/bus"
	"confab/internal/fault"
	"confab/internal/stamp"
	"confab/sfu"
	"confab/store"
)

// RingOfferMax is the largest chat whose members are rung with an offer of their own, which costs a prepared leg each.
// In larger ones most of those rung never come.
const RingOfferMax = 8

// ring is one user's phones ringing.
type ring struct {
	userID store.ID
	p      *participant // whose leg waits for the answer; nil: join with call:initiate
	offer  *Description
	told   bool // the phones have been rung; owned by call.mu, as are p and offer

	answering sync.Mutex // one answer is tried at a time: the first valid one wins, and a bad one spoils nothing
}

// ringOthers rings every member who is not in the call or just joining it. mu is held.
func (c *call) ringOthers(members []store.Member, now time.Time) {
	if len(members) < 2 {
		return
	}
	c.ringUntil = now.Add(c.svc.cfg.RingTimeout)
	c.ringTimer = time.AfterFunc(c.svc.cfg.RingTimeout, c.ringOver)
	var rung []*ring
	for _, m := range members {
		if _, lost := c.gone[m.UserID]; lost || c.present(m.UserID) {
			continue
		}
		if !c.svc.cfg.Registry.ring(m.UserID, c) {
			continue
		}
		r := &ring{userID: m.UserID}
		c.rings[m.UserID] = r
		c.concerned[m.UserID] = struct{}{}
		rung = append(rung, r)
	}
	for _, r := range rung {
		if len(members) > RingOfferMax {
			c.sound(r, "")
			continue
		}
		c.svc.work.Go(func() { c.prepare(r) })
	}
}

// prepare makes the leg and the offer of a ring, and rings. Where that fails, the phones ring without an offer.
func (c *call) prepare(r *ring) {
	p := c.newParticipant(r.userID)
	c.mu.Lock()
	if c.rings[r.userID] != r {
		c.unlock()
		return
	}
	c.legs[p.id] = p
	r.p = p
	c.unlock()

	offer, err := c.ringOffer(p)
	c.mu.Lock()
	defer c.unlock()
	if c.rings[r.userID] != r {
		return // over already; endRing has closed the leg
	}
	if err != nil {
		c.svc.cfg.Log.Warn("ring without offer", "call", c.id, "error", err)
		c.remove(p, "")
		r.p = nil
	} else {
		r.offer = &Description{Type: "offer", SDP: offer}
	}
	c.sound(r, "")
}

func (c *call) ringOffer(p *participant) (string, error) {
	leg, err := c.room.Join(string(p.id), legEvents{p})
	if err != nil {
		return "", err
	}
	if !c.attach(p, leg) {
		return "", sfu.ErrClosed
	}
	ctx, cancel := context.WithTimeout(context.Background(), c.svc.cfg.RingTimeout)
	defer cancel()
	return leg.RingOffer(ctx)
}

// sound rings the user's devices, or just the one of that socket. mu is held.
func (c *call) sound(r *ring, socketID store.ID) {
	r.told = true
	c.svc.cfg.Bus.Publish(bus.Event{
		Name: EventOffer, To: []store.ID{r.userID}, Session: socketID,
		Data: offerEvent{
			ChatID: c.chatID, CallID: c.id, CallerID: c.row.StartedBy, Media: c.media, Offer: r.offer,
			ExpiresAt: stamp.Of(c.ringUntil),
		},
	})
}

// endRing stops one user's phones; except is the socket that need not be told. mu is held.
func (c *call) endRing(userID store.ID, reason string, except store.ID) {
	r := c.rings[userID]
	delete(c.rings, userID)
	c.svc.cfg.Registry.hush(userID, c)
	if r.p != nil && !r.p.joined {
		c.remove(r.p, "")
	}
	if r.told {
		c.svc.cfg.Bus.Publish(bus.Event{
			Name: EventRingEnded, To: []store.ID{userID}, Except: except, Data: ringEndedEvent{c.chatID, c.id, reason},
		})
	}
}

// ringReason is what phones that still ring are told when the call ends.
func ringReason(callReason string) string {
	switch callReason {
	case ReasonDeclined:
		return RingDeclined
	}
	return RingEnded
}

// ringOver is the end of the ringing time.
func (c *call) ringOver() {
	c.mu.Lock()
	defer c.unlock()
	if c.phase != running {
		return
	}
	for userID := range c.rings {
		c.endRing(userID, RingTimeout, "")
	}
	if c.row.AnsweredAt == nil {
		c.finish(ReasonMissed)
	}
}

// settle ends a call that nobody is going to join any more: nobody rings, and whoever started it is alone in it since
// the beginning. mu is held.
func (c *call) settle() {
	if c.phase == running && c.ringTimer != nil && len(c.rings) == 0 && c.row.AnsweredAt == nil && len(c.people) <= 1 {
		c.finish(ReasonMissed)
	}
}

// Answer joins the call by the ring's offer.
func (s *Service) Answer(ctx context.Context, d Device, in Acceptance) (Joined, error) {
	if _, err := s.cfg.Chats.Enter(ctx, d.UserID, in.ChatID); err != nil {
		return Joined{}, err
	}
	if err := checkDescription(in.Answer, "answer", in.Tracks); err != nil {
		return Joined{}, err
	}
	c := s.cfg.Registry.find(in.ChatID)
	if c == nil {
		return Joined{}, noOffer()
	}
	r, leg, err := c.ringFor(d)
	if err != nil {
		return Joined{}, err
	}
	r.answering.Lock()
	defer r.answering.Unlock()
	if _, _, err := c.ringFor(d); err != nil { // whoever was first may have answered
		return Joined{}, err
	}
	if err := s.cfg.Registry.enter(d.UserID, c); err != nil {
		return Joined{}, err
	}
	p, err := c.answer(ctx, d, r, leg, in)
	if err != nil {
		s.cfg.Registry.leave(d.UserID, c)
		return Joined{}, err
	}
	return Joined{c.id, p.id}, c.stillSignedIn(ctx, p)
}

func noOffer() error { return fault.New(fault.Conflict, CodeNoOffer, "there is no offer to answer") }

// ringFor finds the ring that d may answer, and its leg.
func (c *call) ringFor(d Device) (*ring, *sfu.Leg, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.rings[d.UserID]
	switch {
	case r != nil && r.offer != nil:
		return r, r.p.leg, nil
	case r == nil && c.phase == running && c.present(d.UserID):
		return nil, nil, fault.New(fault.Conflict, CodeAnswered, "you are in this call already")
	}
	return nil, nil, noOffer()
}

// answer makes the leg of a ring a participant, whom the registry counts already, by the answer of d. r.answering is held.
func (c *call) answer(ctx context.Context, d Device, r *ring, leg *sfu.Leg, in Acceptance) (*participant, error) {
	if err := leg.Answer(ctx, in.Answer.SDP, in.Tracks); err != nil {
		return nil, refuse(err)
	}
	_, name, err := c.entitled(ctx, d.UserID)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	p := r.p
	if c.rings[r.userID] != r || p.left {
		c.unlock()
		return nil, noOffer()
	}
	p.device, p.name, p.peer = d, name, peerOf(in.Answer.SDP)
	c.people = append(c.people, p)
	r.p = nil // endRing leaves the leg alone
	c.endRing(p.userID, RingAnsweredElsewhere, d.SocketID)
	written := c.admit(p)
	c.unlock()
	wait(ctx, written)
	return p, nil
}

// ringing tells whether the user's phones ring.
func (c *call) ringing(userID store.ID) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.rings[userID] != nil
}

// Decline stops the ringing on all of the user's devices, and ends a direct call, or one that everybody has declined.
func (s *Service) Decline(ctx context.Context, d Device, chatID store.ID) error {
	if _, err := s.cfg.Chats.Enter(ctx, d.UserID, chatID); err != nil {
		return err
	}
	c := s.cfg.Registry.find(chatID)
	if c == nil {
		return noCall()
	}
	c.mu.Lock()
	defer c.unlock()
	if c.rings[d.UserID] == nil {
		return noCall()
	}
	c.endRing(d.UserID, RingDeclined, "")
	if c.row.AnsweredAt == nil && len(c.rings) == 0 && len(c.people) <= 1 {
		c.finish(ReasonDeclined)
	}
	return nil
}

func noCall() error { return fault.New(fault.Conflict, CodeNoCall, "no call rings here") }

// Connected is told when a device can be reached; what rings for its user is told to it.
func (s *Service) Connected(d Device) {
	for _, c := range s.cfg.Registry.callsOf(d.UserID) {
		c.mu.Lock()
		if r := c.rings[d.UserID]; r != nil && r.told {
			c.sound(r, d.SocketID)
		}
		c.mu.Unlock()
	}
}
