package call

import (
	"context"
	"sync"

	"confab/internal/chat"
	"confab/internal/fault"
	"confab/internal/stamp"
	"confab/store"
)

// maxCallsPerUser bounds in how many chats' calls somebody may be at once, each of which costs the server a leg:
// a few on hold is the most that people do.
const maxCallsPerUser = 4

// maxRingsPerUser bounds how many calls may ring somebody at once, for which the server keeps legs too. They are not
// counted with the others: who rings somebody must not keep them from calls.
const maxRingsPerUser = 16

// Registry knows which chat has a running call. It is made before the Service because internal/chat needs it first.
type Registry struct {
	mu     sync.Mutex
	calls  map[store.ID]*call          // by chat; owned by mu
	users  map[store.ID]map[*call]part // who rings and takes part, and where
	closed bool                        // no new calls
	empty  chan struct{}               // closed when closed is set and the last call is gone
}

// part is what somebody has of a call.
type part struct {
	legs  int
	rings bool
}

var _ chat.Calls = (*Registry)(nil)

// NewRegistry makes an empty Registry.
func NewRegistry() *Registry {
	return &Registry{
		calls: make(map[store.ID]*call), users: make(map[store.ID]map[*call]part), empty: make(chan struct{}),
	}
}

// Active implements chat.Calls.
func (r *Registry) Active(chatID store.ID) (chat.ActiveCall, bool) {
	c := r.find(chatID)
	if c == nil {
		return chat.ActiveCall{}, false
	}
	return c.active()
}

func (r *Registry) find(chatID store.ID) *call {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.calls[chatID]
}

// obtain finds the chat's call, or adds the one that create makes. A call that is just ending is waited for: what is
// told about it must not follow what is told about the next one.
func (r *Registry) obtain(ctx context.Context, chatID store.ID, create func() (*call, error)) (*call, error) {
	for {
		c, err := r.findOrAdd(chatID, create)
		if err != nil || !c.ended() {
			return c, err
		}
		select {
		case <-c.told:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (r *Registry) findOrAdd(chatID store.ID, create func() (*call, error)) (*call, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if c := r.calls[chatID]; c != nil {
		return c, nil
	}
	if r.closed {
		return nil, fault.New(fault.Unavailable, CodeShuttingDown, "the server is restarting; call again in a moment")
	}
	c, err := create()
	if err != nil {
		return nil, err
	}
	r.calls[chatID] = c
	return c, nil
}

// drop forgets a call that is over and told.
func (r *Registry) drop(c *call) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.calls, c.chatID)
	if r.closed && len(r.calls) == 0 {
		close(r.empty)
	}
}

// enter notes that a user has one more leg in c. It refuses those who are in too many calls already.
func (r *Registry) enter(userID store.ID, c *call) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.users[userID][c]
	if p.legs == 0 && r.count(userID, func(p part) bool { return p.legs > 0 }) >= maxCallsPerUser {
		return fault.New(fault.Conflict, CodeTooManyCalls, "too many calls at once; leave one first")
	}
	p.legs++
	r.set(userID, c, p)
	return nil
}

// leave undoes one enter.
func (r *Registry) leave(userID store.ID, c *call) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.users[userID][c]
	p.legs--
	r.set(userID, c, p)
}

// ring notes that c rings a user. It reports false, and does nothing, when too many calls do already.
func (r *Registry) ring(userID store.ID, c *call) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.count(userID, func(p part) bool { return p.rings }) >= maxRingsPerUser {
		return false
	}
	p := r.users[userID][c]
	p.rings = true
	r.set(userID, c, p)
	return true
}

// hush undoes ring.
func (r *Registry) hush(userID store.ID, c *call) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.users[userID][c]
	p.rings = false
	r.set(userID, c, p)
}

// count counts a user's parts of a kind. mu is held.
func (r *Registry) count(userID store.ID, kind func(part) bool) (n int) {
	for _, p := range r.users[userID] {
		if kind(p) {
			n++
		}
	}
	return n
}

// set keeps a user's part of c, or forgets it when nothing is left of it. mu is held.
func (r *Registry) set(userID store.ID, c *call, p part) {
	in := r.users[userID]
	if in == nil {
		in = make(map[*call]part)
		r.users[userID] = in
	}
	in[c] = p
	if p == (part{}) {
		delete(in, c)
	}
	if len(in) == 0 {
		delete(r.users, userID)
	}
}

// callsOf lists the calls in which a user rings or takes part.
func (r *Registry) callsOf(userID store.ID) []*call {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := make([]*call, 0, len(r.users[userID]))
	for c := range r.users[userID] {
		list = append(list, c)
	}
	return list
}

// close refuses new calls from here on, and returns the running ones. empty is closed when the last of them is gone.
func (r *Registry) close() []*call {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.closed {
		r.closed = true
		if len(r.calls) == 0 {
			close(r.empty)
		}
	}
	list := make([]*call, 0, len(r.calls))
	for _, c := range r.calls {
		list = append(list, c)
	}
	return list
}

// active is the call as chats show it, if it is running.
func (c *call) active() (chat.ActiveCall, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.activeLocked()
}

// activeLocked is active with mu held.
func (c *call) activeLocked() (chat.ActiveCall, bool) {
	if c.phase != running {
		return chat.ActiveCall{}, false
	}
	a := chat.ActiveCall{ID: c.id, StartedBy: c.row.StartedBy, StartedAt: stamp.Of(c.row.StartedAt), Participants: []store.ID{}}
	for _, p := range c.people {
		if p.joined {
			a.Participants = append(a.Participants, p.userID)
		}
	}
	return a, true
}

func (c *call) ended() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.phase == over
}
