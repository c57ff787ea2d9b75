package call

import (
	"context"
	"errors"
	"slices"
	"strings"

	"confab/internal/fault"
	"confab/sfu"
	"confab/store"
)

// maxHints bounds the track hints of an offer: more sections than any client sends on.
const maxHints = 64

// Initiate starts the chat's call, joins the one that runs, or renegotiates the leg that the device has. The answer goes
// to the device as call:answered before Initiate returns.
func (s *Service) Initiate(ctx context.Context, d Device, in Initiation) (Joined, error) {
	ch, err := s.cfg.Chats.Enter(ctx, d.UserID, in.ChatID)
	if err != nil {
		return Joined{}, err
	}
	if err := checkDescription(in.Offer, "offer", in.Tracks); err != nil {
		return Joined{}, err
	}
	for {
		c, err := s.cfg.Registry.obtain(ctx, ch.ID, func() (*call, error) { return s.newCall(ch) })
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

// fingerprint finds the client's certificate fingerprint. It is the same for the life of a PeerConnection and, unless
// the application goes out of its way, differs between two: after a reload the same device comes with another one.
func fingerprint(sdp string) string {
	for line := range strings.Lines(sdp) {
		if f, ok := strings.CutPrefix(line, "a=fingerprint:"); ok {
			return strings.ToLower(strings.TrimSpace(f))
		}
	}
	return ""
}

func (c *call) initiate(ctx context.Context, d Device, in Initiation) (Joined, error) {
	c.mu.Lock()
	mine, err := c.legFor(d)
	if err != nil {
		c.unlock()
		c.discard()
		return Joined{}, err
	}
	if mine != nil && mine.joined && !mine.dead && mine.fingerprint == fingerprint(in.Offer.SDP) {
		c.rebind(mine, d)
		c.unlock()
		return c.renegotiate(ctx, mine, in)
	}
	p, err := c.add(d, in.Hidden, fingerprint(in.Offer.SDP))
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
// device can still be reached is left alone. mu is held.
func (c *call) legFor(d Device) (*participant, error) {
	for _, p := range c.people {
		if p.userID != d.UserID {
			continue
		}
		if p.device.SocketID != d.SocketID && !p.lost {
			return nil, fault.New(fault.Conflict, CodeSecondDevice, "you are in this call on another device")
		}
		return p, nil
	}
	return nil, nil
}

// add registers a leg of d that others do not see yet. mu is held.
func (c *call) add(d Device, hidden bool, fingerprint string) (*participant, error) {
	if c.phase == over {
		return nil, errOver
	}
	if err := c.svc.cfg.Registry.enter(d.UserID, c); err != nil {
		return nil, err
	}
	p := &participant{
		call: c, id: store.NewID(), userID: d.UserID, device: d, hidden: hidden, fingerprint: fingerprint,
		state: sfu.StateConnecting,
	}
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

// renegotiate answers a later offer of a leg that stands.
func (c *call) renegotiate(ctx context.Context, p *participant, in Initiation) (Joined, error) {
	answer, err := p.leg.Offer(ctx, in.Offer.SDP, in.Tracks)
	if err != nil {
		return Joined{}, refuse(err)
	}
	c.mu.Lock()
	defer c.unlock()
	if p.left {
		return Joined{}, notAnyMore()
	}
	c.tellAnswer(p, answer)
	return Joined{c.id, p.id}, nil
}

// rebind gives p to the socket of d. mu is held.
func (c *call) rebind(p *participant, d Device) {
	if p.device == d && !p.lost {
		return
	}
	p.device, p.lost = d, false
	stopTimer(p.grace)
}

// Resume gives a leg to the device's new socket. The device is told the whole state, and what its slots carry, since it
// may have missed changes.
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
	c.tell(p, EventState, c.snapshot())
	if p.slots != nil {
		c.tell(p, EventSlots, *p.slots)
	}
	return Joined{c.id, p.id}, nil
}
