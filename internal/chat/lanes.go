package chat

import (
	"slices"
	"sync"

	"confab/internal/bus"
	"confab/store"
)

// lanes publishes the events of each chat in the order of their revisions, without holding anything across a
// transaction: requests commit in any interleaving, and the group commit of a store is not undone.
//
// A request takes a turn before its transaction and ends it afterwards, with events or without. Since a revision is
// given out under the chat's lock, a change of a lower revision than one that is ready has taken its turn before that
// one became ready. So what is ready goes out as soon as its predecessor went out, or when every turn that was open
// when it became ready has ended.
//
// Receipts have lanes of their own in the same way, one for each member of a chat, with a count for a revision and the
// membership's row for a lock.
//
// A lane exists while somebody has a turn in it; memory is bounded by the requests under way.
type lanes struct {
	bus bus.Publisher

	mu     sync.Mutex
	byChat map[store.ID]*lane
}

type lane struct {
	chatID store.ID
	users  int // turns not given back yet; guarded by lanes.mu

	mu    sync.Mutex
	next  uint64              // the number of the next turn
	open  map[uint64]struct{} // turns that have not ended
	ready []announcement      // by revision; held back until it is their time
	last  int64               // the revision that went out last; 0: unknown
}

// announcement is the events of one committed change.
type announcement struct {
	rev    int64
	before uint64 // turns below this number may still bring a lower revision
	events []bus.Event
}

// turn is one request's place. It must be ended exactly once by publish, or by leave, which does nothing after that.
type turn struct {
	lanes  *lanes
	lane   *lane
	number uint64
	over   bool
}

func newLanes(b bus.Publisher) *lanes { return &lanes{bus: b, byChat: map[store.ID]*lane{}} }

// enter takes a turn. It must happen before the chat's lock is taken.
func (l *lanes) enter(chatID store.ID) *turn {
	l.mu.Lock()
	ln := l.byChat[chatID]
	if ln == nil {
		ln = &lane{chatID: chatID, open: map[uint64]struct{}{}}
		l.byChat[chatID] = ln
	}
	ln.users++
	l.mu.Unlock()

	ln.mu.Lock()
	defer ln.mu.Unlock()
	t := &turn{lanes: l, lane: ln, number: ln.next}
	ln.open[t.number] = struct{}{}
	ln.next++
	return t
}

// publish ends the turn with a committed change. The events may go out now, or with a later turn's end.
func (t *turn) publish(rev int64, events ...bus.Event) {
	t.end(func(ln *lane) {
		a := announcement{rev: rev, before: ln.next, events: events}
		at, _ := slices.BinarySearchFunc(ln.ready, a, func(x, y announcement) int { return int(x.rev - y.rev) })
		ln.ready = slices.Insert(ln.ready, at, a)
	})
}

// leave ends the turn without a change.
func (t *turn) leave() { t.end(func(*lane) {}) }

func (t *turn) end(add func(*lane)) {
	if t.over {
		return
	}
	t.over = true
	ln := t.lane
	ln.mu.Lock()
	delete(ln.open, t.number)
	add(ln)
	for len(ln.ready) > 0 && ln.due(ln.ready[0]) {
		a := ln.ready[0]
		ln.ready = ln.ready[1:]
		ln.last = a.rev
		for _, e := range a.events {
			t.lanes.bus.Publish(e)
		}
	}
	ln.mu.Unlock()

	t.lanes.mu.Lock()
	defer t.lanes.mu.Unlock()
	if ln.users--; ln.users == 0 {
		delete(t.lanes.byChat, ln.chatID)
	}
}

func (l *lane) due(a announcement) bool {
	if l.last != 0 && a.rev <= l.last+1 {
		return true
	}
	for number := range l.open {
		if number < a.before {
			return false
		}
	}
	return true
}
