package sfu

import "time"

const (
	// maxProbe bounds the padding of one tick, in bytes, where ticks are a tenth of a second: some 2.5 Mbit/s, which is more
	// than a step from one layer to the next.
	maxProbe = 32 << 10
	// probeReach is how many of the newest packets padding is made of.
	probeReach = 32
	// probeAbove is how much more than what is wanted is tried, so that a step up finds what it has to leave over.
	probeAbove = 1.15
)

const (
	// resendShare bounds what is sent again to a share of what is sent: a client that loses more than it can be given again,
	// or asks for the same packets over and over, would be given what its path does not carry instead of its picture.
	resendShare = 0.5
	// maxCredit is what may be sent again at once, in bytes: a large key frame.
	maxCredit = 128 << 10
)

// probe finds out what the path bears beyond what is sent on it. While a picture is smaller than asked for and the estimate
// grows, the leg is sent as much as is estimated: what media does not fill is filled with packets that the client has already,
// on RTX, which it drops. So a path that is too narrow shows it by padding, before a larger picture is chosen, and the estimate
// is cut as for media. The ticker calls it.
func (l *Leg) probe(now time.Time) {
	d := &l.downlink
	bytes := uint64(0)
	receiving := l.receiving()
	for _, s := range receiving {
		bytes += s.counters.bytes.Load()
	}
	d.credit.Store(min(d.credit.Load()+int64(float64(bytes-d.probedBytes)*resendShare), maxCredit))
	sent, since := bytes-d.probedBytes, min(now.Sub(d.probedAt), time.Second)
	d.probedBytes, d.probedAt = bytes, now
	if train := d.train(now); train > 0 {
		at := time.Now() // this tick may be late
		d.trained(l.pad(receiving, train, at), at)
		return
	}
	target := d.headroom(now)
	l.pad(receiving, min(int(target*since.Seconds()/8)-int(sent), maxProbe), now)
}

// pad fills slots with padding of some bytes, and returns how many packets it was.
func (l *Leg) pad(slots []*slot, bytes int, now time.Time) (packets int) {
	for _, s := range slots {
		if bytes <= 0 {
			break
		}
		size, n := s.pad(bytes, now)
		bytes -= size
		packets += n
	}
	return packets
}

// train returns how many bytes to send at once to find out whether the path has become wider, 0 for none now.
func (d *downlink) train(now time.Time) int {
	if !d.starved.Load() {
		return 0
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return min(d.estimator.Train(d.wanted.Load(), now), maxProbe)
}

func (d *downlink) trained(packets int, now time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.estimator.Trained(packets, now)
}

// headroom returns the bits per second up to which the path is to be filled, 0 if it is not to be.
func (d *downlink) headroom(now time.Time) float64 {
	if !d.starved.Load() {
		return 0
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.estimator.Growing(now) {
		return 0
	}
	return min(float64(d.estimator.Bits()), probeAbove*float64(d.wanted.Load()))
}

// pad sends some bytes of recent packets again, and returns how many, and in how many packets.
func (s *slot) pad(bytes int, now time.Time) (sent, packets int) {
	if s.kind != KindVideo {
		return 0, 0
	}
	b := s.leg.downlink.burst
	b.begin()
	defer b.end(true)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.rtxSSRC == 0 || s.payload.RTX == 0 || s.current == nil || !s.stream.Started() {
		return 0, 0
	}
	newest := s.stream.Last().Sequence
	for i, missed := uint16(0), 0; sent < bytes && missed < probeReach; i++ {
		if !s.repeat(newest-i%probeReach, now, b) {
			missed++
			continue
		}
		sent += len(s.leg.downlink.again.Raw)
		packets++
		s.leg.room.server.counters.padding.Add(1)
	}
	return sent, packets
}
