package signaling

import (
	"runtime"
	"sync"
	"time"

	"confab/store"
)

// spareFrames is how many places a drained queue keeps for the next burst: most bursts are smaller, and an idle socket
// should cost next to nothing.
const spareFrames = 16

// session is one authenticated socket.
type session struct {
	id        store.ID // of this socket: two tabs share a sessionID and differ here
	userID    store.ID // set by identify, like sessionID
	sessionID store.ID
	conn      conn
	timing    Timing
	bounds    queueBounds
	now       func() time.Time
	left      func(*session) // takes the session out of the hub

	writers sync.WaitGroup // the writer, when there is one

	mu      sync.Mutex // owns what follows
	phase   phase
	known   bool // identify was called
	queue   []*frame
	queued  int      // bytes in queue
	spare   []*frame // the other half of the double buffer, empty
	held    bool     // `ready` is still being composed: nothing is written
	writing bool     // the writer exists
	code    int      // why the session ended, once it has
	expires time.Time
	timer   *time.Timer // next ping or expiry
	online  bool        // watch was called
}

// phase is how far a session's life has come.
type phase int

const (
	open    phase = iota
	closing       // a close frame is queued or written; nothing else will be
	gone          // the handler returns: conn must not be touched
)

// queueBounds limit what one session may have waiting. At the busiest that a chat is meant to get (5,000 messages a
// second) 1,024 frames are a fifth of a second, which is far beyond any hiccup of a client that reads; the kernel's
// socket buffers hold a multiple of that in front of it. The bytes bound what thousands of stalled sockets cost.
type queueBounds struct {
	frames int
	bytes  int
}

// What may wait for a socket that does not read: a busy minute of a large group, and what a few pages of long messages
// take in bytes.
const (
	maxQueueFrames = 1024
	maxQueueBytes  = 1 << 20
)

var defaultBounds = queueBounds{frames: maxQueueFrames, bytes: maxQueueBytes}

// push queues a frame. It never blocks, and reports false when that made the queue overflow: the session is ending
// then, and the caller must call leave once it holds no lock of the hub.
func (s *session) push(f *frame) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.phase != open {
		return true
	}
	full := len(s.queue) >= s.bounds.frames || s.queued+len(f.wire) > s.bounds.bytes
	if full && len(s.queue) > 0 {
		s.endLocked(CloseSlow, "too slow")
		s.conn.linger(s.timing.Slow) // so that a peer that reads again, after a while of sleep, learns why
		return false
	}
	s.queue = append(s.queue, f)
	s.queued += len(f.wire)
	s.startWriter()
	return true
}

// reply queues what the session's own reader answers.
func (s *session) reply(f *frame) {
	if !s.push(f) {
		s.leave()
	}
}

// identify says whose the session is. It is called once, by the reader, before the session goes into the hub.
func (s *session) identify(userID, sessionID store.ID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.userID, s.sessionID, s.known = userID, sessionID, true
}

// leave takes the session out of the hub, if it can be there.
func (s *session) leave() {
	s.mu.Lock()
	known := s.known
	s.mu.Unlock()
	if known {
		s.left(s)
	}
}

// release puts the first frame in front of everything that was held back, and lets it all go.
func (s *session) release(first *frame) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.phase != open {
		return
	}
	s.queue = append([]*frame{first}, s.queue...)
	s.queued += len(first.wire)
	s.held = false
	s.startWriter()
}

// end closes the session: what is queued is dropped, the close frame is sent, and the reader has timing.Close to see
// the peer's. Only the first call has an effect.
func (s *session) end(code int, text string) {
	s.mu.Lock()
	s.endLocked(code, text)
	s.mu.Unlock()
	s.leave()
}

// endLocked is end with mu held, without leaving the hub.
func (s *session) endLocked(code int, text string) {
	if s.phase != open {
		return
	}
	s.phase, s.code = closing, code
	s.queue = append([]*frame(nil), closeFrame(code, text))
	s.held = false
	if s.timer != nil {
		s.timer.Stop()
	}
	s.startWriter()
}

// startWriter makes sure that the queue is being drained. mu is held.
func (s *session) startWriter() {
	if s.writing || s.held || len(s.queue) == 0 {
		return
	}
	s.writing = true
	s.writers.Go(s.drain)
}

// drain is the writer: it writes whatever is queued, and goes. First it gives way: on a busy machine more comes to be queued
// while others have their turn, when fifty join a call and are told of each other above all, and goes out in one write.
func (s *session) drain() {
	runtime.Gosched()
	for {
		s.mu.Lock()
		if len(s.queue) == 0 {
			s.writing = false
			s.mu.Unlock()
			return
		}
		batch, last := s.queue, s.phase != open
		s.queue, s.queued, s.spare = s.spare, 0, nil
		s.mu.Unlock()

		err := s.conn.write(batch)

		clear(batch)
		s.mu.Lock()
		if cap(batch) <= spareFrames {
			s.spare = batch[:0]
		}
		if err != nil {
			s.phase, s.queue = max(s.phase, closing), nil
		}
		s.mu.Unlock()
		switch {
		case err != nil:
			s.conn.hurry(0) // wakes the reader, which ends the session
		case last:
			s.conn.hurry(s.timing.Close)
		}
	}
}

// watch starts the pings and the wait for the token's end. It is called once, by the reader.
func (s *session) watch(expires time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expires, s.online = expires, true
	if s.phase == open {
		s.timer = time.AfterFunc(s.untilTick(), s.tick)
	}
}

// refresh moves the token's end.
func (s *session) refresh(expires time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expires = expires
	if s.phase == open {
		s.timer.Reset(s.untilTick())
	}
}

// untilTick is the time to the next ping or to the token's end. mu is held.
func (s *session) untilTick() time.Duration {
	return max(0, min(s.timing.Ping, s.expires.Sub(s.now())))
}

func (s *session) tick() {
	s.mu.Lock()
	if s.phase != open {
		s.mu.Unlock()
		return
	}
	expired := !s.now().Before(s.expires)
	if !expired {
		s.timer.Reset(s.untilTick())
	}
	s.mu.Unlock()
	if expired {
		s.end(CloseUnauthorized, "token expired")
		return
	}
	s.reply(controlFrame(finPing, ""))
}

// finish is the reader's last act. When it returns, the connection is closed and nothing touches it any more.
func (s *session) finish() {
	s.leave()
	s.mu.Lock()
	if s.phase == open {
		s.queue = nil // the peer is gone; a close frame that is queued still has its chance
	}
	s.phase = gone
	if s.timer != nil {
		s.timer.Stop()
	}
	s.mu.Unlock()
	s.conn.hurry(s.timing.Close)
	s.writers.Wait()
	s.conn.close()
}

// overflowed tells whether the session was ended because its client did not read.
func (s *session) overflowed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.code == CloseSlow
}

// wasOnline tells whether the session ever was online.
func (s *session) wasOnline() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.online
}

// pageGone tells whether the peer closed the socket because its page went away: browsers say so when a tab is closed,
// reloaded or sent elsewhere (HTML, "make disappear" of a WebSocket).
func (s *session) pageGone() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.code == CloseGoingAway
}

// isOpen tells whether frames from the client still count.
func (s *session) isOpen() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.phase == open
}

// cut ends the session without ceremony, at the end of a shutdown.
func (s *session) cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.phase != gone {
		s.phase = closing
		s.conn.hurry(0)
	}
}
