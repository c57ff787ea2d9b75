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
// What has no place in that order is an aside: receipts, typing, one's own settings. It must still not reach somebody who
// has been told that they lost the chat. A lane remembers these, for as long as one attends to it who may have read the
// members before.
//
// A lane exists while somebody has a turn in it or attends to it; memory is bounded by the requests under way.
type lanes struct {
	out func(bus.Event)

	mu     sync.Mutex
	byChat map[store.ID]*lane
}

type lane struct {
	chatID store.ID
	users  int // turns, and those who attend; guarded by lanes.mu

	mu    sync.Mutex
	next  uint64              // the number of the next turn
	open  map[uint64]struct{} // turns that have not ended
	ready []announcement      // by revision; held back until it is their time
	last  int64               // the revision that went out last; 0: unknown
	gone  map[store.ID]bool   // who was told that they lost the chat; nil: nobody
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

func newLanes(out func(bus.Event)) *lanes { return &lanes{out: out, byChat: map[store.ID]*lane{}} }

// take returns a chat's lane, which must be dropped.
func (l *lanes) take(chatID store.ID) *lane {
	l.mu.Lock()
	defer l.mu.Unlock()
	ln := l.byChat[chatID]
	if ln == nil {
		ln = &lane{chatID: chatID, open: map[uint64]struct{}{}}
		l.byChat[chatID] = ln
	}
	ln.users++
	return ln
}

func (l *lanes) drop(ln *lane) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if ln.users--; ln.users == 0 {
		delete(l.byChat, ln.chatID)
	}
}

// attend has the lane remember who loses the chat, until leave is called. It must happen before the members are read to
// whom an aside goes.
func (l *lanes) attend(chatID store.ID) (leave func()) {
	ln := l.take(chatID)
	return func() { l.drop(ln) }
}

// aside publishes what has no revision to those who have not lost the chat meanwhile.
func (l *lanes) aside(chatID store.ID, e bus.Event) {
	ln := l.take(chatID)
	defer l.drop(ln)
	ln.mu.Lock()
	defer ln.mu.Unlock()
	if len(ln.gone) > 0 {
		e.To = slices.DeleteFunc(slices.Clone(e.To), func(id store.ID) bool { return ln.gone[id] })
	}
	if len(e.To) > 0 {
		l.out(e)
	}
}

// enter takes a turn. It must happen before the chat's lock is taken.
func (l *lanes) enter(chatID store.ID) *turn {
	ln := l.take(chatID)
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
			ln.note(e)
			t.lanes.out(e)
		}
	}
	ln.mu.Unlock()
	t.lanes.drop(ln)
}

// note keeps who loses the chat and who is given it. mu is held.
func (l *lane) note(e bus.Event) {
	switch e.Data.(type) {
	case ChatRemovedEvent:
		if l.gone == nil {
			l.gone = make(map[store.ID]bool, len(e.To))
		}
		for _, id := range e.To {
			l.gone[id] = true
		}
	case ChatCreatedEvent:
		for _, id := range e.To {
			delete(l.gone, id)
		}
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
