package call

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"confab/internal/auth"
	"confab/internal/bus"
	"confab/internal/chat"
	"confab/internal/fault"
	"confab/sfu"
	"confab/store"
)

// Chats is what this package needs of internal/chat.
type Chats interface {
	// Access returns the chat and its members, fault.NotFound when actor is none of them, or fault.Forbidden where one
	// of two blocks the other.
	Access(ctx context.Context, actor, chatID store.ID) (store.Chat, []store.Member, error)
	// Enter is Access without the members.
	Enter(ctx context.Context, actor, chatID store.ID) (store.Chat, error)
	// EndCall writes the end of a call, and posts the message of kind "call".
	EndCall(ctx context.Context, c store.Call) error
}

// Sessions is what this package needs of internal/auth.
type Sessions interface {
	// Alive returns fault.Unauthorized when a session has been revoked.
	Alive(ctx context.Context, id auth.Identity) error
}

// Config is what a Service needs. Durations of zero take the defaults.
type Config struct {
	Store    store.Store
	Bus      bus.Publisher
	Chats    Chats
	Sessions Sessions
	SFU      *sfu.Server
	Registry *Registry
	Now      func() time.Time // time.Now when nil
	Log      *slog.Logger

	RingTimeout   time.Duration // 45 s: how long phones ring
	ResumeGrace   time.Duration // 30 s: how long a leg outlives its socket
	ReloadGrace   time.Duration // 10 s: how long a leg outlives the page that it was in, which is closed or being reloaded
	MediaTimeout  time.Duration // 2 min: how long a leg with a live socket may be without media
	QualityPeriod time.Duration // 3 s: how often devices are told how well they are connected
	CheckLife     time.Duration // 30 s: how long a check of one's connection may take
}

func (c Config) withDefaults() Config {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	for _, d := range []struct {
		field *time.Duration
		value time.Duration
	}{
		{&c.RingTimeout, 45 * time.Second},
		{&c.ResumeGrace, 30 * time.Second},
		{&c.ReloadGrace, 10 * time.Second},
		{&c.MediaTimeout, 2 * time.Minute},
		{&c.QualityPeriod, 3 * time.Second},
		{&c.CheckLife, 30 * time.Second},
	} {
		if *d.field == 0 {
			*d.field = d.value
		}
	}
	return c
}

// Service runs the calls. It is safe for concurrent use, and a bus.Receiver: who loses the chat or the session loses
// the call at that instant. Subscribe it to the bus, and before those who tell people that they have lost the chat: nothing
// about the call may follow that.
type Service struct {
	cfg     Config
	work    sync.WaitGroup // journals, rings, quality, checks that end
	checks  checks
	formers formers
}

var _ bus.Receiver = (*Service)(nil)

// New makes a Service. Call Recover before the first device connects.
func New(cfg Config) *Service {
	return &Service{cfg: cfg.withDefaults(), checks: checks{byUser: make(map[store.ID]*trial)}}
}

// now is the time as the store keeps it.
func (s *Service) now() time.Time { return s.cfg.Now().UTC().Truncate(time.Millisecond) }

// Recover closes the calls that a crash left open in the history, with the reason "server-restart".
func (s *Service) Recover(ctx context.Context) error {
	var open []store.Call
	err := s.cfg.Store.View(ctx, func(tx store.Tx) (err error) {
		open, err = tx.OpenCalls(ctx)
		return err
	})
	if err != nil {
		return err
	}
	for _, row := range open {
		now := s.now()
		row.EndedAt, row.EndReason = &now, ReasonServerRestart
		err := s.cfg.Store.Update(ctx, func(tx store.Tx) error {
			for _, p := range row.Participants {
				if p.LeftAt != nil {
					continue
				}
				if err := tx.EndCallParticipant(ctx, p.ID, now); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		if err := s.end(ctx, row); err != nil {
			return err
		}
	}
	return nil
}

// end writes the end of a call into the history and into its chat. One that was deleted meanwhile needs neither.
func (s *Service) end(ctx context.Context, row store.Call) error {
	err := s.cfg.Chats.EndCall(ctx, row)
	if err == nil || errors.Is(err, store.ErrNotFound) || fault.From(err).Kind == fault.NotFound {
		return nil
	}
	return err
}

// Close refuses new calls and lets running ones go on until ctx is done, then ends them with the reason
// "server-restart", and waits for everything that is under way. It is idempotent.
func (s *Service) Close(ctx context.Context) error {
	s.closeChecks()
	left := s.cfg.Registry.close()
	select {
	case <-s.cfg.Registry.empty:
	case <-ctx.Done():
		for _, c := range left {
			c.mu.Lock()
			c.finish(ReasonServerRestart)
			c.unlock()
		}
		<-s.cfg.Registry.empty
	}
	s.work.Wait()
	return nil
}

// Deliver implements bus.Receiver: it sees who loses a chat, who is given it again, and who blocks whom.
func (s *Service) Deliver(e bus.Event) {
	switch data := e.Data.(type) {
	case chat.ChatRemovedEvent:
		if c := s.cfg.Registry.find(data.ChatID); c != nil {
			c.expel(e.To)
		}
	case chat.ChatCreatedEvent:
		if c := s.cfg.Registry.find(data.ChatID); c != nil {
			c.readmit(e.To)
		}
	case chat.UserBlockedEvent:
		for _, userID := range e.To {
			if data.On {
				s.separate(userID, data.UserID)
			}
		}
	}
}

// separate ends the call that two people have in their direct chat.
func (s *Service) separate(a, b store.ID) {
	for _, c := range s.cfg.Registry.callsOf(a) {
		c.mu.Lock()
		if _, with := c.concerned[b]; with && c.direct {
			c.finish(ReasonEnded)
		}
		c.unlock()
	}
}

// expel takes users out who lost the chat.
func (c *call) expel(users []store.ID) {
	c.mu.Lock()
	defer c.unlock()
	for _, userID := range users {
		c.gone[userID] = struct{}{}
		if c.rings[userID] != nil {
			c.endRing(userID, RingEnded, "")
		}
		for _, p := range slices.Clone(c.people) {
			if p.userID == userID {
				c.remove(p, ReasonRemoved)
			}
		}
		delete(c.concerned, userID)
	}
	c.settle()
}

func (c *call) readmit(users []store.ID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, userID := range users {
		delete(c.gone, userID)
	}
}

// End implements bus.Receiver: it closes the legs of revoked sessions.
func (s *Service) End(r bus.Revoked) {
	for _, c := range s.cfg.Registry.callsOf(r.UserID) {
		c.mu.Lock()
		for _, p := range slices.Clone(c.people) {
			if p.userID == r.UserID && slices.Contains(r.Sessions, p.device.SessionID) {
				c.remove(p, ReasonRevoked)
			}
		}
		c.unlock()
	}
}

// refuse translates what the SFU says.
func refuse(err error) error {
	switch {
	case errors.Is(err, sfu.ErrBadSDP):
		return withCause(fault.BadRequest, CodeBadSDP, "the session description cannot be used", err)
	case errors.Is(err, sfu.ErrNoOffer), errors.Is(err, sfu.ErrOfferPending):
		return withCause(fault.Conflict, CodeNoOffer, "there is no offer to answer", err)
	case errors.Is(err, sfu.ErrBadCandidate):
		return withCause(fault.BadRequest, CodeBadCandidate, "that is no ICE candidate", err)
	case errors.Is(err, sfu.ErrUnknownTrack):
		return withCause(fault.Conflict, CodeNoTrack, "nothing is sent from that source", err)
	case errors.Is(err, sfu.ErrFull):
		return withCause(fault.Unavailable, CodeFull, "no more people fit", err)
	case errors.Is(err, sfu.ErrClosed):
		return withCause(fault.Conflict, CodeNotInCall, "the call is over for this device", err)
	}
	return err
}

func withCause(kind fault.Kind, code, message string, cause error) error {
	f := fault.New(kind, code, message)
	f.Cause = cause
	return f
}
