package call

import (
	"slices"
	"sync"
	"time"

	"confab/store"
)

// formerLife is how long a leg that is over is remembered: somewhat longer than clients try to have one back for which they
// have lost the network.
const formerLife = 2 * time.Minute

// maxFormer bounds what is remembered: a call of 1,000 people that ends, and three more.
const maxFormer = 4096

// formers are the legs that were over lately. An offer that was on its way to one of them is a renegotiation of something
// that is no more: it must not start a call, and ring people who have just hung up.
type formers struct {
	mu   sync.Mutex
	legs []former // oldest first; owned by mu
}

type former struct {
	chatID store.ID
	peer   peer
	left   time.Time
}

func (f *formers) add(chatID store.ID, p peer, now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.legs = append(f.legs, former{chatID, p, now})
	f.legs = f.legs[max(0, len(f.legs)-maxFormer):]
	for now.Sub(f.legs[0].left) > formerLife {
		f.legs = f.legs[1:]
	}
}

// had tells whether an offer of p renegotiates a former leg of the chat. The first offer again does not: it is how a client
// whose leg never came to stand calls again.
func (f *formers) had(chatID store.ID, p peer, now time.Time) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.ContainsFunc(f.legs, func(l former) bool {
		return l.chatID == chatID && l.peer.fingerprint == p.fingerprint && l.peer.version < p.version && now.Sub(l.left) <= formerLife
	})
}
