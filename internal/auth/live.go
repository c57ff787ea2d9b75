package auth

import (
	"sync"

	"confab/store"
)

// maxCachedSessions bounds the cache of live sessions: two generations of this many entries of some 150 bytes, so at
// most 10 MB; far more than the devices that one server has connected.
const maxCachedSessions = 1 << 15

// liveSessions remembers which sessions were seen alive, so that a request does not cost a query. Entries only leave:
// by revocation, at once, or by age, in bulk: when the newer half is full the older half is dropped, which keeps the
// entries that are in use without a list to maintain.
type liveSessions struct {
	limit int

	mu      sync.RWMutex
	newer   map[store.ID]store.ID // session to user
	older   map[store.ID]store.ID
	removed uint64 // revocations so far
}

func newLiveSessions(limit int) *liveSessions {
	return &liveSessions{limit: limit, newer: map[store.ID]store.ID{}, older: map[store.ID]store.ID{}}
}

// find tells whose session it is. mark goes to add after a miss, and makes sure that a revocation between the look into
// the database and the entry into the cache is not overlooked.
func (l *liveSessions) find(session store.ID) (user store.ID, found bool, mark uint64) {
	l.mu.RLock()
	user, found = l.newer[session]
	aged := false
	if !found {
		user, found = l.older[session]
		aged = found
	}
	mark = l.removed
	l.mu.RUnlock()
	if aged {
		l.add(session, user, mark)
	}
	return user, found, mark
}

func (l *liveSessions) add(session, user store.ID, mark uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.removed != mark {
		return
	}
	if len(l.newer) >= l.limit {
		l.older, l.newer = l.newer, make(map[store.ID]store.ID, l.limit/4)
	}
	l.newer[session] = user
}

func (l *liveSessions) remove(sessions ...store.ID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.removed++
	for _, s := range sessions {
		delete(l.newer, s)
		delete(l.older, s)
	}
}
