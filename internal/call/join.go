package call

import (
	"context"
	"errors"
	"slices"

	"confab/internal/auth"
	"confab/internal/fault"
	"confab/sfu"
	"confab/store"
)

// maxHints bounds the track hints of an offer: more sections than any client sends on.
const maxHints = 64

// Initiate starts the chat's call, joins the one that runs, or renegotiates the leg that the device has. The answer goes
// to the device as call:answered before Initiate returns. With a CallID it starts nothing.
func (s *Service) Initiate(ctx context.Context, d Device, in Initiation) (Joined, error) {
	ch, err := s.cfg.Chats.Enter(ctx, d.UserID, in.ChatID)
	if err != nil {
		return Joined{}, err
	}
	if err := checkDescription(in.Offer, "offer", in.Tracks); err != nil {
		return Joined{}, err
	}
	for {
		c, err := s.callFor(ctx, ch, in.CallID)
		if err != nil {
			return Joined{}, err
		}
		if c.journal.full() {
			return Joined{}, fault.New(fault.Unavailable, CodeFull, "the server is too busy; try again in a moment")
		}
		joined, err := c.initiate(ctx, d, in)
		if !errors.Is(err, errOver) {
			return joined, err
		}
	}
}

// callFor finds the call that is meant, or where none is named adds one if the chat has none.
func (s *Service) callFor(ctx context.Context, ch store.Chat, named store.ID) (*call, error) {
	if named == "" {
		return s.cfg.Registry.obtain(ctx, ch.ID, func() (*call, error) { return s.newCall(ch) })
	}
	c := s.cfg.Registry.find(ch.ID)
	if c == nil || c.id != named || c.ended() {
		return nil, notAnyMore()
	}
	return c, nil
}

// errOver says that the call ended before it could be joined: the chat's next one is meant.
var errOver = errors.New("the call is over")

func checkDescription(desc Description, want string, tracks []sfu.TrackHint) error {
	if desc.Type != want || desc.SDP == "" {
		return fault.New(fault.BadRequest, CodeBadSDP, "a session description of type "+want+" is needed")
	}
	if len(tracks) > maxHints {
		return fault.InvalidField("tracks", "too many")
	}
	for _, t := range tracks {
		if !knownSource(t.Source) {
			return fault.InvalidField("tracks", "source must be microphone, camera, screen or screen-audio")
		}
	}
	return nil
}

func knownSource(source string) bool {
	return slices.Contains([]string{sfu.SourceMicrophone, sfu.SourceCamera, sfu.SourceScreen, sfu.SourceScreenAudio}, source)
}

func (c *call) initiate(ctx context.Context, d Device, in Initiation) (Joined, error) {
	from := peerOf(in.Offer.SDP)
	c.mu.Lock()
	mine, err := c.legFor(d, from)
	if err != nil {
		c.unlock()
		c.discard()
		return Joined{}, err
	}
	if mine != nil && mine.joined && !mine.dead && mine.peer.fingerprint == from.fingerprint {
		moved := c.rebind(mine, d)
		c.unlock()
		return c.renegotiate(ctx, mine, moved, in)
	}
	p, err := c.add(d, in.Hidden, from)
	c.unlock()
	if err != nil {
		c.discard()
		return Joined{}, err
	}
	joined, err := c.open(ctx, p, mine, in)
	if err != nil {
		c.mu.Lock()
		c.remove(p, "")
		c.unlock()
	}
	return joined, err
}

// legFor finds the leg that an offer of d is for: its own, or one that another socket of the user has lost. A leg whose
// device can still be reached is left alone. After a change of network the same PeerConnection may come with a new socket
// long before the old one is known to be lost. mu is held.
func (c *call) legFor(d Device, from peer) (*participant, error) {
	for _, p := range c.people {
		if p.userID != d.UserID {
			continue
		}
		same := p.device.SessionID == d.SessionID && p.peer.fingerprint == from.fingerprint
		if p.device.SocketID != d.SocketID && !p.lost && !same {
			return nil, fault.New(fault.Conflict, CodeSecondDevice, "you are in this call on another device")
		}
		return p, nil
	}
	return nil, nil
}

// add registers a leg of d that others do not see yet. mu is held.
func (c *call) add(d Device, hidden bool, from peer) (*participant, error) {
	if c.phase == over {
		return nil, errOver
	}
	if c.svc.formers.had(c.chatID, from, c.svc.now()) {
		return nil, notAnyMore()
	}
	if err := c.svc.cfg.Registry.enter(d.UserID, c); err != nil {
		return nil, err
	}
	p := c.newParticipant(d.UserID)
	p.device, p.hidden, p.peer = d, hidden, from
	c.people = append(c.people, p)
	c.legs[p.id] = p
	return p, nil
}

// discard ends a call that nobody came to be in.
func (c *call) discard() {
	c.mu.Lock()
	defer c.unlock()
	if c.phase == forming && len(c.people) == 0 {
		c.finish(ReasonEnded)
	}
}

// open gives p a leg by its offer and admits it. old is the leg of the same user that it replaces, if any. The caller
// removes p when there is an error.
func (c *call) open(ctx context.Context, p, old *participant, in Initiation) (Joined, error) {
	leg, err := c.room.Join(string(p.id), legEvents{p})
	if err != nil {
		return Joined{}, refuse(err)
	}
	if !c.attach(p, leg) {
		return Joined{}, notAnyMore()
	}
	answer, err := leg.Offer(ctx, in.Offer.SDP, in.Tracks)
	if err != nil {
		return Joined{}, refuse(err)
	}
	// Again, now that losing the chat would find p here: see the package's invariants.
	members, name, err := c.entitled(ctx, p.userID)
	if err != nil {
		return Joined{}, err
	}
	if err := c.stillSignedIn(ctx, p); err != nil {
		return Joined{}, err
	}
	c.mu.Lock()
	if p.left || c.phase == over {
		c.unlock()
		return Joined{}, notAnyMore()
	}
	p.name = name
	if c.phase == forming {
		c.media = mediaOf(in.Media)
		c.launch(p, members)
	}
	if c.rings[p.userID] != nil {
		c.endRing(p.userID, RingAnsweredElsewhere, p.device.SocketID)
	}
	c.tellAnswer(p, answer)
	if old != nil {
		c.remove(old, "")
	}
	written := c.admit(p)
	c.unlock()
	wait(ctx, written)
	return Joined{c.id, p.id}, nil
}

// attach gives p its leg, which is closed when p has been taken out meanwhile.
func (c *call) attach(p *participant, leg *sfu.Leg) bool {
	c.mu.Lock()
	defer c.unlock()
	p.leg = leg
	if p.left {
		c.doomed = append(c.doomed, leg)
	}
	return !p.left
}

func notAnyMore() error {
	return fault.New(fault.Conflict, CodeNotInCall, "the call is over for this device")
}

func mediaOf(m *Media) Media {
	if m == nil {
		return Media{Audio: true, Video: true}
	}
	return *m
}

func (c *call) tellAnswer(p *participant, sdp string) {
	c.tell(p, EventAnswered, answeredEvent{
		ChatID: c.chatID, CallID: c.id, ParticipantID: p.id, Answer: Description{Type: "answer", SDP: sdp},
	})
}

// entitled checks the membership and finds the name under which the others see the user. The members are only needed, and
// only read, while the call is forming, to ring them: a call that is running never forms again.
func (c *call) entitled(ctx context.Context, userID store.ID) (members []store.Member, name string, err error) {
	c.mu.Lock()
	first := c.phase == forming
	c.mu.Unlock()
	if first {
		_, members, err = c.svc.cfg.Chats.Access(ctx, userID, c.chatID)
	} else {
		_, err = c.svc.cfg.Chats.Enter(ctx, userID, c.chatID)
	}
	if err != nil {
		return nil, "", err
	}
	err = c.svc.cfg.Store.View(ctx, func(tx store.Tx) error {
		u, err := tx.User(ctx, userID)
		name = u.DisplayName
		return err
	})
	return members, name, err
}

// stillSignedIn takes p out, which is registered, if its session was revoked before that, when End could not see it.
func (c *call) stillSignedIn(ctx context.Context, p *participant) error {
	c.mu.Lock()
	id := auth.Identity{UserID: p.userID, SessionID: p.device.SessionID}
	c.mu.Unlock()
	err := c.svc.cfg.Sessions.Alive(ctx, id)
	if err != nil {
		c.mu.Lock()
		c.remove(p, ReasonRevoked)
		c.unlock()
	}
	return err
}

// renegotiate answers a later offer of a leg that stands; moved says that it came by a new socket.
func (c *call) renegotiate(ctx context.Context, p *participant, moved bool, in Initiation) (Joined, error) {
	answer, err := p.leg.Offer(ctx, in.Offer.SDP, in.Tracks)
	c.mu.Lock()
	defer c.unlock()
	if p.left {
		return Joined{}, notAnyMore()
	}
	if err == nil {
		c.tellAnswer(p, answer)
	}
	if moved { // the offer refused or not
		c.catchUp(p)
	}
	return Joined{c.id, p.id}, refuse(err)
}

// rebind gives p to the socket of d, and tells whether that is a new one. mu is held.
func (c *call) rebind(p *participant, d Device) (moved bool) {
	if p.device == d && !p.lost {
		return false
	}
	p.device, p.lost = d, false
	stopTimer(p.grace)
	return true
}

// catchUp tells p's device everything that it may have missed. mu is held.
func (c *call) catchUp(p *participant) {
	c.tell(p, EventState, c.snapshot())
	if p.slots != nil {
		c.tell(p, EventSlots, *p.slots)
	}
	for _, e := range p.layers {
		c.tell(p, EventLayers, e)
	}
	for _, e := range p.codecs {
		c.tell(p, EventCodecs, e)
	}
}

// Resume gives a leg to the device's new socket, which is told what it may have missed.
func (s *Service) Resume(ctx context.Context, d Device, chatID, participantID store.ID) (Joined, error) {
	if _, err := s.cfg.Chats.Enter(ctx, d.UserID, chatID); err != nil {
		return Joined{}, err
	}
	c := s.cfg.Registry.find(chatID)
	if c == nil {
		return Joined{}, notAnyMore()
	}
	c.mu.Lock()
	defer c.unlock()
	p := c.legs[participantID]
	if p == nil || !p.joined || p.dead || p.userID != d.UserID || p.device.SessionID != d.SessionID {
		return Joined{}, notAnyMore()
	}
	c.rebind(p, d)
	c.catchUp(p)
	return Joined{c.id, p.id}, nil
}
