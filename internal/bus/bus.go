// Package bus carries what happened from the rules to the realtime sessions. It is a seam: one process needs only
// Local; a cluster would put a broker behind Publisher. Events are hints. A lost one costs its receivers a pull
// (sinceRev), never a message.
package bus

import (
	"sync"

	"confab/store"
)

// Event is a realtime event on its way to people's devices.
type Event struct {
	Name string     // as on the wire: "message:received"
	To   []store.ID // users; every device of each of them gets it
	Data any        // encoded once, as JSON, for all receivers

	Session store.ID   // when set, only this session, or this one socket of a session, of the users in To
	Except  store.ID   // when set, every session, or every socket, but this one
	Only    []store.ID // when set, as long as To: entry i is the Session for user To[i], so that many share one frame
}

// Revoked ends sessions: their sockets close at once.
type Revoked struct {
	UserID   store.ID
	Sessions []store.ID
	Reason   string // why, as told to the closing socket: "logout", "revoked", "password-changed", "reused", "deleted"
}

// Publisher is what the rules need of a bus. Neither call blocks on a receiver.
type Publisher interface {
	Publish(Event)
	Revoke(Revoked)
}

// Receiver is a consumer of the bus. Its methods are called in the order of publication of each publishing goroutine
// and must return quickly.
type Receiver interface {
	Deliver(Event)
	End(Revoked)
}

// Local is the bus of a single process: it calls its receivers directly. The zero value is ready for use.
type Local struct {
	mu        sync.RWMutex
	receivers []Receiver
}

var _ Publisher = (*Local)(nil)

// Subscribe adds a receiver for the life of the bus.
func (l *Local) Subscribe(r Receiver) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.receivers = append(l.receivers, r)
}

// Publish hands e to every receiver.
func (l *Local) Publish(e Event) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	for _, r := range l.receivers {
		r.Deliver(e)
	}
}

// Revoke hands r to every receiver.
func (l *Local) Revoke(r Revoked) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	for _, rc := range l.receivers {
		rc.End(r)
	}
}
