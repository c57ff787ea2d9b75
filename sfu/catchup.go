package sfu

import "time"

const (
	// maxCatchUp bounds the packets that a new receiver is given at once, and longestCatchUp the time that they span: more
	// would be a burst that its path does not bear, and a key frame comes sooner.
	maxCatchUp     = 150
	longestCatchUp = 2 * time.Second
	// soonest is what a key frame takes that is asked for. A stream that goes on with more of the past than it has pause for
	// is late by that until the receiver has caught up.
	soonest = 300 * time.Millisecond
	// live is the same for a picture that goes on until the other layer takes over, which may wait for a key frame. A layer that
	// was switched off and begins again begins with one.
	live = 50 * time.Millisecond
)

// catchUp gives a slot that goes on with a layer everything since its last key frame, if the ring has it, so that the picture
// is there at once and the sender is not asked for another key frame. It tells whether the slot has begun.
//
// What arrives while that is on its way would overtake it: until all has left, the slot's packets come from the ring alone.
func (s *slot) catchUp(l *layer, now time.Time) (begun bool) {
	if l.ring == nil || l.publication.muted.Load() || !s.leg.ready.Load() {
		return false
	}
	raw := make([]byte, mtu)
	begun = s.send(func(b *burst) bool { return s.beginPast(l, now, raw, b) })
	for more := begun; more; {
		more = s.send(func(b *burst) bool { return s.followPast(l, raw, b) })
	}
	return begun
}

// send has something written for the receiver, and returns when it has left.
func (s *slot) send(write func(*burst) bool) bool {
	b := s.leg.downlink.burst
	defer b.settle()
	b.begin()
	defer b.end(true)
	s.mu.Lock()
	defer s.mu.Unlock()
	return write(b)
}

// beginPast begins with the layer's last key frame and writes all up to now. Called with mu held.
func (s *slot) beginPast(l *layer, now time.Time, raw []byte, b *burst) (begun bool) {
	if s.target != l || s.current == l || s.out == nil && !s.open() {
		return false
	}
	m := media{run: l.run.Load()} // first: what is in the ring afterwards is of this run or a later one
	first, count, ok := l.ring.SinceKey()
	if !ok || count > maxCatchUp {
		return false
	}
	f := l.format.Load()
	if !l.again(&m, f, first+uint16(count-1), raw) {
		return false
	}
	newest := m.Timestamp
	m.arrival = now
	for seq := first; seq != first+uint16(count); seq++ {
		if !l.again(&m, f, seq, raw) {
			break // the ring has moved on; the stream goes on where it is now, or from another key frame
		}
		if seq == first {
			span := time.Duration(float64(newest-m.Timestamp) / float64(f.codec.ClockRate) * float64(time.Second))
			pause := longestCatchUp
			if !s.sentAt.IsZero() {
				pause = min(pause, now.Sub(s.sentAt)+soonest)
			}
			if s.current != nil {
				pause = live
			}
			if span > pause || !s.accepts(&m) {
				return false
			}
			// The newest packet is of now, so the first is of a while ago.
			s.write(&m, s.begin(&m, m.counters(), now.Sub(s.sentAt)-span), b)
			s.caughtUp, s.catchingUp = true, true
		} else {
			s.pass(&m, b)
		}
		s.caughtUpTo = seq
		begun = true
	}
	if begun {
		s.sentAt = now
	}
	return begun
}

// followPast writes what has come since, and tells whether there was any: where not, packets go their usual way again. Called
// with mu held.
func (s *slot) followPast(l *layer, raw []byte, b *burst) (more bool) {
	if s.current != l || !s.catchingUp {
		return false // it begins anew, or goes on without the past
	}
	newest, ok := l.ring.Newest()
	fresh := int16(newest - s.caughtUpTo)
	if !ok || fresh <= 0 || int(fresh) > l.ring.Len() {
		s.catchingUp = false
		return false
	}
	m := media{run: s.run, arrival: time.Now()}
	for range fresh {
		s.caughtUpTo++
		// What the publisher's path has lost is not there, and asked for by the receiver.
		if l.again(&m, s.format, s.caughtUpTo, raw) && l.run.Load() == s.run {
			s.pass(&m, b)
		}
	}
	s.sentAt = m.arrival
	return true
}

// pass writes the stream's next packet from the ring, unless it is of a layer within it that is left out. Called with mu held.
func (s *slot) pass(m *media, b *burst) {
	if len(m.Payload) == 0 || !s.keeps(m) {
		s.skip(m)
	} else if out, ok := s.stream.Map(m.counters()); ok {
		s.write(m, out, b)
	}
}

// await asks for the key frame that a slot is to begin with.
func (s *slot) await() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ask()
}

// again reads a packet from the ring.
func (l *layer) again(m *media, f *format, seq uint16, raw []byte) bool {
	n := l.ring.Get(seq, raw)
	return n > 0 && m.Parse(raw[:n]) == nil && m.PayloadType == f.codec.PayloadType && (l.look(m, f) || len(m.Payload) == 0)
}

// caught tells whether a packet was sent from the ring already, or will be. Sending it again would use its SRTP index twice.
// Called with mu held.
func (s *slot) caught(seq uint16) bool {
	if s.catchingUp {
		return true
	}
	const farBeyond = 1000 // packets, after which none from before can come any more
	ahead := int16(seq - s.caughtUpTo)
	s.caughtUp = ahead < farBeyond
	return ahead <= 0
}
