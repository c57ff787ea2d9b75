package call

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"confab/internal/bus"
	"confab/internal/chat"
	"confab/sfu"
	"confab/store"
)

// phase is how far a call's life has come.
type phase int

const (
	forming phase = iota // somebody's first offer is being answered; nobody is told yet
	running
	over
)

// call is one call of a chat.
type call struct {
	svc     *Service
	id      store.ID
	chatID  store.ID
	direct  bool
	room    *sfu.Room
	journal journal
	stop    chan struct{} // closed when phase becomes over
	told    chan struct{} // closed when everybody was told of the end and the registry has forgotten the call

	mu        sync.Mutex // owns what follows
	phase     phase
	row       store.Call // as in the history, without participants
	media     Media      // what the ring says
	people    []*participant
	legs      map[store.ID]*participant // all that have an SFU leg, those of rings included
	rings     map[store.ID]*ring        // by user
	ringUntil time.Time
	ringTimer *time.Timer
	concerned map[store.ID]struct{} // users to be told of the end: who took part or was rung, and still is in the chat
	gone      map[store.ID]struct{} // users who lost the chat during the call
	doomed    []*sfu.Leg            // to be closed once mu is released

	announcing bool // an announcement waits in the journal
}

// participant is one leg of one device.
type participant struct {
	call     *call
	id       store.ID
	userID   store.ID
	name     string
	joinedAt time.Time
	hidden   bool

	// Owned by call.mu:
	leg     *sfu.Leg
	device  Device
	peer    peer // by the client's first description
	joined  bool // others see it
	left    bool
	lost    bool        // the socket is gone
	dead    bool        // the device closed its PeerConnection, and may come with another
	grace   *time.Timer // runs while lost
	hand    bool
	tracks  []sfu.Track
	state   sfu.State
	silence *time.Timer // runs while there is no media

	// The latest of each, owned by call.mu as well: told once joined, and again to each new socket.
	slots  *slotsEvent
	layers map[string]layersEvent // by mid
	codecs map[string]codecsEvent // by mid
}

func (c *call) newParticipant(userID store.ID) *participant {
	return &participant{
		call: c, id: store.NewID(), userID: userID, state: sfu.StateConnecting,
		layers: make(map[string]layersEvent), codecs: make(map[string]codecsEvent),
	}
}

// reachable tells whether the device has a socket. call.mu is held.
func (p *participant) reachable() bool { return p.device.SocketID != "" && !p.lost }

// unlock releases mu and closes the legs that were given up meanwhile.
func (c *call) unlock() {
	doomed := c.doomed
	c.doomed = nil
	c.mu.Unlock()
	for _, leg := range doomed {
		leg.CloseAsync()
	}
}

func (s *Service) newCall(ch store.Chat) (*call, error) {
	c := &call{
		svc: s, id: store.NewID(), chatID: ch.ID, direct: ch.Type == store.Direct,
		journal:   journal{log: s.cfg.Log.With("chat", ch.ID), work: &s.work, update: s.cfg.Store.Update},
		stop:      make(chan struct{}),
		told:      make(chan struct{}),
		legs:      make(map[store.ID]*participant),
		rings:     make(map[store.ID]*ring),
		concerned: make(map[store.ID]struct{}),
		gone:      make(map[store.ID]struct{}),
	}
	room, err := s.cfg.SFU.NewRoom(roomEvents{c})
	if err != nil {
		return nil, refuse(err)
	}
	c.room = room
	return c, nil
}

// launch makes a forming call a running one, started by p. mu is held.
func (c *call) launch(p *participant, members []store.Member) {
	now := c.svc.now()
	c.phase = running
	c.row = store.Call{ID: c.id, ChatID: c.chatID, StartedBy: p.userID, StartedAt: now}
	row := c.row
	c.journal.write("create", func(ctx context.Context, tx store.Tx) error { return tx.CreateCall(ctx, row) })
	c.ringOthers(members, now)
	c.svc.work.Go(c.watchQuality)
}

// admit makes p, whose leg stands, a participant whom others see. mu is held. The channel is closed when the history
// has it.
func (c *call) admit(p *participant) <-chan struct{} {
	now := c.svc.now()
	p.joined, p.joinedAt = true, now
	c.concerned[p.userID] = struct{}{}
	written := c.journal.write("join", func(ctx context.Context, tx store.Tx) error {
		return tx.AddCallParticipant(ctx, c.id, store.CallParticipant{ID: p.id, UserID: p.userID, JoinedAt: now})
	})
	if c.row.AnsweredAt == nil && p.userID != c.row.StartedBy {
		c.row.AnsweredAt = &now
		row := c.row
		c.journal.write("answered", func(ctx context.Context, tx store.Tx) error { return tx.UpdateCall(ctx, row) })
	}
	c.watchMedia(p)
	c.catchUp(p)
	c.tellAll(p, EventParticipant, participantEvent{c.chatID, c.id, p.describe(), false})
	c.announce()
	return written
}

// remove takes p out, whether others have seen it or not; a second time does nothing. mu is held. reason is what p's
// own device is told, if anything. It may end the call.
func (c *call) remove(p *participant, reason string) {
	if p.left {
		return
	}
	p.left = true
	stopTimer(p.grace)
	stopTimer(p.silence)
	delete(c.legs, p.id)
	if p.leg != nil {
		c.doomed = append(c.doomed, p.leg)
	}
	i := slices.Index(c.people, p)
	if i < 0 {
		return // the leg of a ring
	}
	c.people = slices.Delete(c.people, i, i+1)
	c.svc.cfg.Registry.leave(p.userID, c)
	if p.joined {
		now := c.svc.now()
		c.svc.formers.add(c.chatID, p.peer, now)
		c.journal.write("leave", func(ctx context.Context, tx store.Tx) error { return tx.EndCallParticipant(ctx, p.id, now) })
	}
	switch {
	case c.phase == over:
	case len(c.people) == 0, c.direct && p.joined && !c.present(p.userID):
		c.finish(ReasonEnded)
	case p.joined:
		c.parted(p, reason)
	}
}

// parted tells that p is gone from a call that goes on. mu is held.
func (c *call) parted(p *participant, reason string) {
	c.changed(p, true)
	if reason != "" {
		c.tell(p, EventEnd, endEvent{c.chatID, c.id, reason, c.duration(c.svc.now())})
	}
	c.announce()
}

// present tells whether the user has a leg in the call, seen or not. mu is held.
func (c *call) present(userID store.ID) bool {
	return slices.ContainsFunc(c.people, func(p *participant) bool { return p.userID == userID })
}

// duration is what call:end says. mu is held.
func (c *call) duration(now time.Time) int64 {
	if c.row.AnsweredAt == nil {
		return 0
	}
	return int64(now.Sub(*c.row.AnsweredAt) / time.Second)
}

// finish ends the call. mu is held. A call that nobody joined is missed, whatever ended it, unless it was declined.
func (c *call) finish(reason string) {
	if c.phase == over {
		return
	}
	launched := c.phase == running
	c.phase = over
	close(c.stop)
	if reason == ReasonEnded && c.row.AnsweredAt == nil {
		reason = ReasonMissed
	}
	stopTimer(c.ringTimer)
	for userID := range c.rings {
		c.endRing(userID, ringReason(reason), "")
	}
	for len(c.people) > 0 {
		c.remove(c.people[0], "")
	}
	if launched {
		c.conclude(reason)
	}
	c.journal.add("close", func(context.Context) error {
		c.svc.cfg.Registry.drop(c)
		close(c.told)
		return c.room.Close()
	})
}

// conclude writes the end into the history, and then tells it, so that whoever hears of the end finds it there. mu is
// held.
func (c *call) conclude(reason string) {
	now := c.svc.now()
	c.row.EndedAt, c.row.EndReason = &now, reason
	row := c.row
	c.journal.add("end", func(ctx context.Context) error { return c.svc.end(ctx, row) })
	end := bus.Event{Name: EventEnd, Data: endEvent{c.chatID, c.id, reason, c.duration(now)}}
	for userID := range c.concerned {
		end.To = append(end.To, userID)
	}
	c.journal.add("tell end", func(context.Context) error {
		c.svc.cfg.Bus.Publish(end)
		return nil
	})
	c.announce()
}

// announce has the chat's members told which call it has. It is done in the journal, with the members and the call of
// that moment: the last announcement is always true, and one that waits there is true of all that happens before its turn,
// so that fifty who join at once are not announced to all members fifty times. mu is held.
func (c *call) announce() {
	if c.announcing {
		return
	}
	c.announcing = true
	c.journal.add("announce", func(ctx context.Context) error {
		c.mu.Lock()
		c.announcing = false
		c.mu.Unlock()
		var members []store.Member
		err := c.svc.cfg.Store.View(ctx, func(tx store.Tx) (err error) {
			members, err = tx.Members(ctx, c.chatID)
			return err
		})
		if err != nil {
			return fmt.Errorf("members: %w", err)
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		e := bus.Event{Name: chat.EventChatUpdated}
		for _, m := range members {
			if _, lost := c.gone[m.UserID]; !lost {
				e.To = append(e.To, m.UserID)
			}
		}
		data := chatActiveEvent{ChatID: c.chatID, Chat: chatActive{ID: c.chatID}}
		if a, ok := c.activeLocked(); ok {
			data.Chat.ActiveCall = &a
		}
		e.Data = data
		c.svc.cfg.Bus.Publish(e)
		return nil
	})
}

func stopTimer(t *time.Timer) {
	if t != nil {
		t.Stop()
	}
}
