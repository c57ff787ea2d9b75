package signaling

import (
	"context"
	"sync"
	"time"

	"confab/internal/bus"
	"confab/internal/stamp"
	"confab/store"
)

// The presence events. They go to people who share a chat with the user, and to nobody else.
const (
	eventOnline  = "user:online"
	eventOffline = "user:offline"
)

// heraldBatch is how many people share one transaction: when a proxy restarts, thousands go at once, and a commit for
// each would keep the database's one writer from messages.
const heraldBatch = 256

// heraldTimeout bounds one such transaction, so that a database that hangs does not hang Close.
const heraldTimeout = 10 * time.Second

// herald tells people's contacts that they came or went. One goroutine does it, and exists only while there is
// something to tell: so the last thing told about somebody is always what is true. Its queue is bounded by the number
// of people, each of whom is in it at most once.
type herald struct {
	hub  *Hub
	work sync.WaitGroup

	mu      sync.Mutex // owns what follows, and person.queued
	queue   []*person
	running bool
	closed  bool
}

type (
	onlineEvent struct {
		UserID store.ID `json:"userId"`
	}
	offlineEvent struct {
		UserID     store.ID   `json:"userId"`
		LastSeenAt stamp.Time `json:"lastSeenAt"`
	}
)

// call has the herald look at p again.
func (d *herald) call(p *person) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed || p.queued {
		return
	}
	p.queued = true
	d.queue = append(d.queue, p)
	if !d.running {
		d.running = true
		d.work.Go(d.run)
	}
}

func (d *herald) run() {
	for {
		d.mu.Lock()
		n := min(len(d.queue), heraldBatch)
		batch := d.queue[:n]
		d.queue = d.queue[n:]
		if n == 0 {
			d.queue, d.running = nil, false
			d.mu.Unlock()
			return
		}
		for _, p := range batch {
			p.queued = false
		}
		d.mu.Unlock()
		d.tell(batch)
	}
}

// tell brings what others know about some people up to date.
func (d *herald) tell(batch []*person) {
	ctx, cancel := context.WithTimeout(context.Background(), heraldTimeout)
	defer cancel()
	now := d.hub.cfg.Now()
	var came, went []*person
	for _, p := range batch {
		switch here := d.hub.here(p); {
		case here && !p.told:
			came = append(came, p)
		case !here && p.told:
			went = append(went, p)
		case !here:
			d.hub.forget(p)
		}
	}
	contacts, err := d.contacts(ctx, came, went, now)
	if err != nil {
		d.hub.cfg.Log.Warn("presence not told", "people", len(batch), "error", err)
		for _, p := range went {
			d.hub.forget(p)
		}
		return
	}
	for _, p := range came {
		p.told = true
		d.hub.Deliver(bus.Event{Name: eventOnline, To: contacts[p.id], Data: onlineEvent{p.id}})
	}
	for _, p := range went {
		p.told = false
		if d.hub.forget(p) {
			d.hub.Deliver(bus.Event{Name: eventOffline, To: contacts[p.id], Data: offlineEvent{p.id, stamp.Of(now)}})
		}
	}
}

// contacts finds who is to be told, and writes down when those who went were last seen.
func (d *herald) contacts(ctx context.Context, came, went []*person, now time.Time) (map[store.ID][]store.ID, error) {
	contacts := make(map[store.ID][]store.ID, len(came)+len(went))
	look := func(tx store.Tx, people []*person) error {
		for _, p := range people {
			ids, err := tx.Contacts(ctx, p.id)
			if err != nil {
				return err
			}
			contacts[p.id] = ids
		}
		return nil
	}
	if len(came) > 0 {
		if err := d.hub.cfg.Store.View(ctx, func(tx store.Tx) error { return look(tx, came) }); err != nil {
			return nil, err
		}
	}
	if len(went) > 0 {
		err := d.hub.cfg.Store.Update(ctx, func(tx store.Tx) error {
			if err := touch(ctx, tx, went, now); err != nil {
				return err
			}
			return look(tx, went)
		})
		if err != nil {
			return nil, err
		}
	}
	return contacts, nil
}

func touch(ctx context.Context, tx store.Tx, people []*person, now time.Time) error {
	for _, p := range people {
		if err := tx.TouchUser(ctx, p.id, now); err != nil {
			return err
		}
	}
	return nil
}

// close stops the telling, and writes down the time for those who were still online.
func (d *herald) close(online []*person) {
	d.mu.Lock()
	d.closed = true
	d.queue = nil
	d.mu.Unlock()
	d.work.Wait()
	if len(online) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), heraldTimeout)
	defer cancel()
	now := d.hub.cfg.Now()
	err := d.hub.cfg.Store.Update(ctx, func(tx store.Tx) error { return touch(ctx, tx, online, now) })
	if err != nil {
		d.hub.cfg.Log.Warn("last seen not written", "people", len(online), "error", err)
	}
}

// here tells whether p has a socket, or had one until a moment ago.
func (h *Hub) here(p *person) bool {
	sh := h.shard(p.id)
	sh.mu.RLock()
	defer sh.mu.RUnlock()
	return len(p.sessions) > 0 || p.grace != nil
}

// forget takes out somebody who is not here, and tells whether it did: not when they came back meanwhile, in which
// case others are told nothing, since for them nothing has changed.
func (h *Hub) forget(p *person) bool {
	sh := h.shard(p.id)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if len(p.sessions) > 0 || p.grace != nil {
		p.told = true
		return false
	}
	if sh.people[p.id] == p {
		delete(sh.people, p.id)
	}
	return true
}
