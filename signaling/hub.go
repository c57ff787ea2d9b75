package signaling

import (
	"errors"
	"hash/maphash"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"confab/internal/bus"
	"confab/internal/chat"
	"confab/store"
)

// shards is how many locks the sessions are spread over. Fan-out takes them for reading; joins and leaves for writing,
// so that with 64 of them a reconnect storm holds up one delivery in 64 at a time.
const shards = 64

// maxSockets bounds the sockets of one user: more tabs and devices than anybody has, and few enough that a client gone
// wild does not multiply every message.
const maxSockets = 64

var errTooManySockets = errors.New("too many sockets of one user")

// HubConfig is what a Hub needs. Zero values take the defaults.
type HubConfig struct {
	Store        store.Store      // for lastSeenAt, and for who may see whose presence
	Now          func() time.Time // time.Now
	Log          *slog.Logger
	OfflineGrace time.Duration // 5 s: how long somebody without a socket still counts as online, so that a reload does not flicker
	QueueFrames  int           // 1,024 frames may wait for one socket
	QueueBytes   int           // and 1 MiB
}

// Hub knows who is connected. It implements bus.Receiver, by which events come to it, and chat.Presence.
type Hub struct {
	cfg    HubConfig
	bounds queueBounds
	seed   maphash.Seed
	shards [shards]shard
	herald herald

	sockets   atomic.Int64
	overflows atomic.Uint64
}

// shard holds the people whose id hashes to it.
type shard struct {
	mu     sync.RWMutex
	people map[store.ID]*person // owned by mu
}

// person is somebody who is online: connected, or within the grace after the last socket went.
type person struct {
	id       store.ID
	sessions []*session // owned by the shard's mu
	grace    *grace     // likewise; there while there are no sessions
	told     bool       // owned by the herald: others were told that this person is online
	queued   bool       // owned by the herald's mu
}

// grace is the time that somebody without a socket still counts as online.
type grace struct{ timer *time.Timer }

var (
	_ bus.Receiver  = (*Hub)(nil)
	_ chat.Presence = (*Hub)(nil)
)

// NewHub makes an empty Hub. Subscribe it to the bus, and Close it after the Server.
func NewHub(cfg HubConfig) *Hub {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.OfflineGrace == 0 {
		cfg.OfflineGrace = 5 * time.Second
	}
	h := &Hub{cfg: cfg, bounds: defaultBounds, seed: maphash.MakeSeed()}
	if cfg.QueueFrames > 0 {
		h.bounds.frames = cfg.QueueFrames
	}
	if cfg.QueueBytes > 0 {
		h.bounds.bytes = cfg.QueueBytes
	}
	for i := range h.shards {
		h.shards[i].people = make(map[store.ID]*person)
	}
	h.herald.hub = h
	return h
}

func (h *Hub) shard(userID store.ID) *shard {
	return &h.shards[maphash.String(h.seed, string(userID))%shards]
}

// Online implements chat.Presence: at least one socket, or a few seconds' grace since the last one went.
func (h *Hub) Online(userID store.ID) bool {
	sh := h.shard(userID)
	sh.mu.RLock()
	defer sh.mu.RUnlock()
	return sh.people[userID] != nil
}

// HubStats are the Hub's figures of now, and a counter over its life.
type HubStats struct {
	Sockets   int64
	Overflows uint64 // sessions closed because their queue was full
}

// Stats returns the Hub's figures.
func (h *Hub) Stats() HubStats {
	return HubStats{Sockets: h.sockets.Load(), Overflows: h.overflows.Load()}
}

// Deliver implements bus.Receiver. The frame is encoded once, when the first receiver is found.
func (h *Hub) Deliver(e bus.Event) {
	var f *frame
	var slow []*session
	for i, userID := range e.To {
		if e.Only != nil {
			e.Session = e.Only[i]
		}
		sh := h.shard(userID)
		sh.mu.RLock()
		if p := sh.people[userID]; p != nil {
			for _, s := range p.sessions {
				if !addressed(s, e) {
					continue
				}
				if f == nil {
					var err error
					if f, err = eventFrame(e.Name, e.Data); err != nil {
						sh.mu.RUnlock()
						h.cfg.Log.Error("event cannot be encoded", "event", e.Name, "error", err)
						return
					}
				}
				if !s.push(f) {
					slow = append(slow, s)
				}
			}
		}
		sh.mu.RUnlock()
	}
	for _, s := range slow {
		h.detach(s)
	}
}

func addressed(s *session, e bus.Event) bool {
	switch {
	case e.Session != "":
		return s.sessionID == e.Session || s.id == e.Session
	case e.Except != "":
		return s.sessionID != e.Except && s.id != e.Except
	}
	return true
}

// End implements bus.Receiver: the sockets of revoked sessions close at once.
func (h *Hub) End(r bus.Revoked) {
	for _, s := range h.sessionsOf(r.UserID) {
		if slices.Contains(r.Sessions, s.sessionID) {
			s.end(CloseUnauthorized, r.Reason)
		}
	}
}

func (h *Hub) sessionsOf(userID store.ID) []*session {
	sh := h.shard(userID)
	sh.mu.RLock()
	defer sh.mu.RUnlock()
	if p := sh.people[userID]; p != nil {
		return slices.Clone(p.sessions)
	}
	return nil
}

// attach registers a session, which counts as online from here on. announce tells others.
func (h *Hub) attach(s *session) error {
	sh := h.shard(s.userID)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	p := sh.people[s.userID]
	if p == nil {
		p = &person{id: s.userID}
		sh.people[s.userID] = p
	}
	if len(p.sessions) >= maxSockets {
		return errTooManySockets
	}
	if p.grace != nil {
		p.grace.timer.Stop()
		p.grace = nil
	}
	p.sessions = append(p.sessions, s)
	h.sockets.Add(1)
	return nil
}

// detach takes a session out; a second call does nothing. The last one of a user starts the grace.
func (h *Hub) detach(s *session) {
	sh := h.shard(s.userID)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	p := sh.people[s.userID]
	if p == nil {
		return
	}
	i := slices.Index(p.sessions, s)
	if i < 0 {
		return
	}
	p.sessions = slices.Delete(p.sessions, i, i+1)
	h.sockets.Add(-1)
	if s.overflowed() {
		h.overflows.Add(1)
	}
	if len(p.sessions) == 0 {
		g := new(grace)
		g.timer = time.AfterFunc(h.cfg.OfflineGrace, func() { h.graceOver(p, g) })
		p.grace = g
	}
}

func (h *Hub) graceOver(p *person, g *grace) {
	sh := h.shard(p.id)
	sh.mu.Lock()
	over := p.grace == g
	if over {
		p.grace = nil
	}
	sh.mu.Unlock()
	if over {
		h.herald.call(p)
	}
}

// announce has the herald tell others that the user is online, if they do not know.
func (h *Hub) announce(userID store.ID) {
	sh := h.shard(userID)
	sh.mu.RLock()
	p := sh.people[userID]
	sh.mu.RUnlock()
	if p != nil {
		h.herald.call(p)
	}
}

// Close writes down when those who are online were last seen, and waits for the presence work that is under way. The
// Server must be shut down before. It is idempotent.
func (h *Hub) Close() {
	var online []*person
	for i := range h.shards {
		sh := &h.shards[i]
		sh.mu.Lock()
		for id, p := range sh.people {
			if p.grace != nil {
				p.grace.timer.Stop()
			}
			online = append(online, p)
			delete(sh.people, id)
		}
		sh.mu.Unlock()
	}
	h.herald.close(online)
}
