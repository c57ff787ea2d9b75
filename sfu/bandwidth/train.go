package bandwidth

import "time"

// Growth finds the end of a path, and then rests, longer each time that it failed. A path that widens in such a rest is found
// with trains: a few packets of padding sent at once, whose last one arrives as much later as the path needs for them all. That
// is a packet train's dispersion, as in libwebrtc's probe clusters, but counted from the least delay of late: a receiver without
// time for a moment, which brings a train together again, makes the path look narrower than it is and never wider. A train is
// small enough for a path that is as narrow as estimated to be held up for hardly longer than by a picture.
const (
	// trainReach is how much more than the estimate a train looks for.
	trainReach = 3.0
	// trainLength is how long the train occupies a path of the rate that it looks for: longer than the usual jitter.
	trainLength = 20 * time.Millisecond
	trainLeast  = 1000
	// trainClear is the rate from which on a train tells of a wider path, as a share of the estimate: on the same path it finds
	// at most what was delivered, of which the estimate is the part beta.
	trainClear = 1.3
	// trainAbove is how much more than what is wanted the path needs to have.
	trainAbove = 1.15
	// apartLeast is the time between trains. It grows when growth fails that a train has led to, as behind a token bucket, which
	// lets trains through at a rate that it does not grant for longer.
	apartLeast  = 1500 * time.Millisecond
	apartGrowth = 3
	apartMost   = time.Minute
	// trainOwed is how long growth after a train is taken for its consequence.
	trainOwed = 4 * time.Second
	// claimKept is the share of what a train has found that has to be delivered before the next cut.
	claimKept = 0.8
	// trainPatience is how long after a train its feedback is waited for, by the sending times of packets that are told of.
	trainPatience = 500 * time.Millisecond
	// floorWindow is the time over which the least delay is looked for, twice.
	floorWindow = 10 * time.Second
)

// train is one of them, on its way.
type train struct {
	sent    time.Time // of all its packets; zero if none is on its way
	packets int
	left    int // that are not told of yet
	lost    int
	bytes   int
	last    time.Duration // when the last one arrived
	target  float64       // the rate looked for, bits per second
	most    float64       // and what is enough
}

// prober sends trains and reads them.
type prober struct {
	train  train
	widens time.Time // when a train last told of a wider path
	claim  float64   // how wide at least, bits per second

	// The least offset between the clocks of arrival and of sending, in this window and the one before.
	epoch       time.Time
	least, past time.Duration
	window      time.Time // when this one began
}

// Train tells how many bytes of padding to send at once to find out whether the path has become wider, 0 for none now. The
// caller reports them with Trained.
func (e *Estimator) Train(wanted int64, now time.Time) int {
	if e.estimate == 0 || now.Before(e.next) || now.Sub(e.cut) < calmAfter || !e.train.sent.IsZero() || e.window.IsZero() {
		return 0
	}
	enough := trainAbove * float64(wanted)
	if e.estimate < nearKnee*e.clear && e.Growing(now) || e.estimate >= enough {
		return 0
	}
	e.train.most = max(enough, trainClear*e.estimate)
	e.train.target = max(min(trainReach*e.estimate, enough), trainClear*e.estimate)
	return trainLeast + int(e.train.target*trainLength.Seconds()/8)
}

// Trained notes that a train of so many packets went out. The log has the same time for all of them, and for no others.
func (e *Estimator) Trained(packets int, now time.Time) {
	e.apart = max(e.apart, apartLeast)
	e.next = now.Add(e.apart)
	if packets > 1 {
		e.train.sent, e.train.packets, e.train.left = now, packets, packets
	}
}

// told takes a result, and tells whether it is the train's.
func (e *Estimator) told(r Result, now time.Time) bool {
	t := &e.train
	if !r.Sent.Equal(t.sent) {
		if !t.sent.IsZero() && r.Sent.Sub(t.sent) > trainPatience {
			*t = train{} // some of its feedback was lost, and with it what it would have told
		}
		if !r.Lost {
			e.note(r)
		}
		return false
	}
	t.left--
	if r.Lost {
		t.lost++
	} else {
		t.bytes += r.Bytes
		t.last = max(t.last, r.Arrived)
	}
	if t.left == 0 {
		e.arrived(now)
	}
	return true
}

// note keeps the least delay.
func (p *prober) note(r Result) {
	if p.epoch.IsZero() {
		p.epoch = r.Sent
	}
	offset := r.Arrived - r.Sent.Sub(p.epoch)
	if p.window.IsZero() {
		p.window, p.least, p.past = r.Sent, offset, offset
	}
	if r.Sent.Sub(p.window) > floorWindow {
		p.window, p.past, p.least = r.Sent, p.least, offset
	}
	p.least = min(p.least, offset)
}

// arrived reads a train that has arrived as a whole.
func (e *Estimator) arrived(now time.Time) {
	t := e.train
	e.train = train{}
	if t.lost > 0 {
		if e.apart == apartLeast {
			e.next = t.sent.Add(apartLeast / 2)
		}
		return
	}
	took := t.last - t.sent.Sub(e.epoch) - min(e.least, e.past)
	rate := float64(t.bytes) * float64(t.packets-1) / float64(t.packets) * 8 / max(took, time.Millisecond).Seconds()
	if rate < trainClear*e.estimate {
		return
	}
	e.knee, e.calm, e.resume = 0, 0, now
	if rate < t.target {
		e.knee = rate
	}
	e.clear, e.next = min(rate, t.most), now
	if rate >= t.target {
		e.widens, e.claim = now, min(rate, t.target)
	}
}

// failed notes a cut at a delivered rate, to which a train may have led that found more.
func (e *Estimator) failed(rate float64, now time.Time) {
	if e.claim > 0 && rate < claimKept*e.claim {
		e.apart = min(apartGrowth*e.apart, apartMost)
		e.next = now.Add(e.apart)
	}
	e.claim = 0
}

// kept notes that what a train found was there.
func (e *Estimator) kept(now time.Time) {
	if e.claim > 0 && now.Sub(e.widens) > trainOwed {
		e.apart, e.claim = 0, 0
	}
}
