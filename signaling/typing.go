package signaling

import (
	"sync"
	"time"

	"confab/store"
)

// maxTyping bounds the chats in which one socket types at the same time. In further ones the notice goes out and is not
// taken back, which a client does for itself anyway.
const maxTyping = 32

// typing is where the person at one socket is typing. A notice that is not repeated in time is taken back, and so are
// all when the socket goes, so that nobody seems to type forever.
type typing struct {
	tell  func(chatID store.ID, on bool) error // to the other members
	after time.Duration

	mu   sync.Mutex // held while telling, so that a late "off" never comes after a newer "on"
	in   map[store.ID]*notice
	over bool // the socket is gone
}

// notice is one that has to be taken back at some time.
type notice struct{ timer *time.Timer }

func (s *Server) newTyping(sess *session) *typing {
	return &typing{after: s.cfg.Timing.Typing, tell: func(chatID store.ID, on bool) error {
		return s.cfg.Chats.Typing(s.ctx, sess.userID, sess.id, chatID, on)
	}}
}

// set tells the others that the person types or stopped.
func (t *typing) set(chatID store.ID, on bool) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if n := t.in[chatID]; n != nil {
		n.timer.Stop()
		delete(t.in, chatID)
	}
	if err := t.tell(chatID, on); err != nil || !on || t.over || len(t.in) >= maxTyping {
		return err
	}
	if t.in == nil {
		t.in = make(map[store.ID]*notice)
	}
	n := &notice{}
	n.timer = time.AfterFunc(t.after, func() { t.forget(chatID, n) })
	t.in[chatID] = n
	return nil
}

// forget takes a notice back, unless it has been renewed.
func (t *typing) forget(chatID store.ID, n *notice) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.in[chatID] != n {
		return
	}
	delete(t.in, chatID)
	_ = t.tell(chatID, false) // refused to who is no member any more: the others know of that
}

// end takes everything back.
func (t *typing) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.over = true
	for chatID, n := range t.in {
		n.timer.Stop()
		_ = t.tell(chatID, false)
	}
	t.in = nil
}
