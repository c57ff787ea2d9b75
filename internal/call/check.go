package call

import (
	"context"
	"sync"
	"time"

	"confab/internal/fault"
	"confab/internal/stamp"
	"confab/sfu"
	"confab/store"
)

// maxChecks bounds the checks at one moment, over all users: each may move some megabits a second.
const maxChecks = 64

// maxCheckLegs is what a check needs: one leg that sends, one that receives it.
const maxCheckLegs = 2

// checks are the private rooms in which people try their connection, one per user at a time. What a device sends on one
// leg comes back on the other, by the very path that it has chosen, through the same machinery as in a call; nobody else
// can be in such a room, and nothing of it is kept.
type checks struct {
	mu     sync.Mutex // owns what follows
	closed bool
	byUser map[store.ID]*trial
}

// trial is one check.
type trial struct {
	id     store.ID
	device Device
	room   *sfu.Room
	ends   time.Time
	timer  *time.Timer
	legs   int // owned by checks.mu
}

// CheckOffer is a client's offer for one leg of a check.
type CheckOffer struct {
	CheckID store.ID // of the check that the leg is for; "" begins a new one
	Offer   Description
}

// Checked is the answer to a CheckOffer.
type Checked struct {
	CheckID   store.ID    `json:"checkId"`
	Answer    Description `json:"answer"`
	ExpiresAt stamp.Time  `json:"expiresAt"`
}

// Check opens a leg in a private room, in which a device hears itself. The first offer begins the check and ends the one
// that the user may have had before; a second one, with its id, adds the leg that receives. All ends by itself after
// Config.CheckLife, or with the device's socket. Refusals: bad_sdp, no_check, call_full, shutting_down.
func (s *Service) Check(ctx context.Context, d Device, in CheckOffer) (Checked, error) {
	if err := checkDescription(in.Offer, "offer", nil); err != nil {
		return Checked{}, err
	}
	t, err := s.trialFor(d, in.CheckID)
	if err != nil {
		return Checked{}, err
	}
	answer, err := t.open(ctx, in.Offer.SDP)
	if err != nil {
		if in.CheckID == "" {
			s.endTrial(t)
		}
		return Checked{}, refuse(err)
	}
	return Checked{CheckID: t.id, Answer: Description{Type: "answer", SDP: answer}, ExpiresAt: stamp.Of(t.ends)}, nil
}

// trialFor finds the check that a leg is for, or begins one, and counts the leg.
func (s *Service) trialFor(d Device, id store.ID) (*trial, error) {
	s.checks.mu.Lock()
	defer s.checks.mu.Unlock()
	if s.checks.closed {
		return nil, fault.New(fault.Unavailable, CodeShuttingDown, "the server is restarting; try again in a moment")
	}
	t := s.checks.byUser[d.UserID]
	if id != "" {
		if t == nil || t.id != id || t.device != d || t.legs == maxCheckLegs {
			return nil, fault.New(fault.NotFound, CodeNoCheck, "this check is over, or has all its legs")
		}
		t.legs++
		return t, nil
	}
	if t != nil {
		go s.drop(t)()
	}
	if len(s.checks.byUser) >= maxChecks {
		return nil, fault.New(fault.Unavailable, CodeFull, "too many people check their connection now; try again in a moment")
	}
	room, err := s.cfg.SFU.NewRoom(unheard{})
	if err != nil {
		return nil, refuse(err)
	}
	t = &trial{id: store.NewID(), device: d, room: room, ends: s.now().Add(s.cfg.CheckLife), legs: 1}
	t.timer = time.AfterFunc(s.cfg.CheckLife, func() { s.endTrial(t) })
	s.checks.byUser[d.UserID] = t
	return t, nil
}

func (t *trial) open(ctx context.Context, offer string) (answer string, err error) {
	leg, err := t.room.Join(string(store.NewID()), unheard{})
	if err != nil {
		return "", err
	}
	if answer, err = leg.Offer(ctx, offer, nil); err != nil {
		leg.CloseAsync()
	}
	return answer, err
}

// endTrial ends a check, if it is still the user's, and waits until nothing is left of it.
func (s *Service) endTrial(t *trial) {
	s.checks.mu.Lock()
	if s.checks.byUser[t.device.UserID] != t {
		s.checks.mu.Unlock()
		return
	}
	closeRoom := s.drop(t)
	s.checks.mu.Unlock()
	closeRoom()
}

// drop forgets a check, and returns what closes its room. checks.mu is held.
func (s *Service) drop(t *trial) (closeRoom func()) {
	t.timer.Stop()
	delete(s.checks.byUser, t.device.UserID)
	s.work.Add(1)
	return func() {
		defer s.work.Done()
		_ = t.room.Close() // nobody is left to be told
	}
}

// endCheckOf ends the check of a device whose socket is gone.
func (s *Service) endCheckOf(d Device) {
	s.checks.mu.Lock()
	defer s.checks.mu.Unlock()
	if t := s.checks.byUser[d.UserID]; t != nil && t.device == d {
		go s.drop(t)()
	}
}

// closeChecks ends all checks and refuses new ones.
func (s *Service) closeChecks() {
	s.checks.mu.Lock()
	defer s.checks.mu.Unlock()
	s.checks.closed = true
	for _, t := range s.checks.byUser {
		go s.drop(t)()
	}
}

// unheard is told what happens in a check, where the device sees for itself.
type unheard struct{}

var (
	_ sfu.LegHandler  = unheard{}
	_ sfu.RoomHandler = unheard{}
)

func (unheard) Slots([]sfu.Slot, sfu.Wanted) {}
func (unheard) Tracks([]sfu.Track)           {}
func (unheard) Layers(string, []string)      {}
func (unheard) Codecs(string, []string)      {}
func (unheard) Connection(sfu.State)         {}
func (unheard) Closed(error)                 {}
func (unheard) Speakers([]sfu.Speaker)       {}
