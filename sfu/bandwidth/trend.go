package bandwidth

import "time"

// Constants of the trendline filter and its threshold, in milliseconds, after libwebrtc's defaults, which every browser at
// the other end of such paths is tuned with.
const (
	groupLength   = 5 * time.Millisecond
	window        = 20
	smoothing     = 0.9
	gain          = 4.0
	maxDeltas     = 60
	thresholdInit = 12.5
	thresholdMin  = 6.0
	thresholdMax  = 600.0
	adaptUp       = 0.0087
	adaptDown     = 0.039
	overuseTime   = 10.0
	// baseRise is how fast the least delay is forgotten, in milliseconds per millisecond: quicker than clocks drift apart
	// (some 0.0001), slower than any queue builds up.
	baseRise = 0.001
	// emptyQueue is the delay above the least, in milliseconds, at which a queue counts as gone: the usual jitter.
	emptyQueue = 5.0
	// emptyShare is the same as a share of what it had been.
	emptyShare = 0.2
	// resetGap: after a pause this long the path may be another one.
	resetGap = 3 * time.Second
)

// trend detects a queue that builds up.
type trend struct {
	group, previous group
	started         bool

	deltas      int
	accumulated float64
	smoothed    float64
	points      [window]point
	first, n    int

	threshold float64
	adapted   float64 // arrival of the last adaption, ms
	over      float64 // how long the trend has been above, ms
	last      float64 // trend before
	hits      int

	base   float64 // least delay lately, on the scale of accumulated, ms
	based  float64 // arrival of its last change, ms
	queued bool    // a queue built up, and has not gone yet
	peak   float64 // its largest delay, ms
}

// sign is what a packet tells of the queue on the path.
type sign int

const (
	nothing  sign = iota
	building      // the queue grows: the path is overused
	drained       // what had been building is gone
)

type group struct {
	firstSent, lastSent time.Time
	arrived             time.Duration
	ok                  bool
}

type point struct{ x, y float64 }

// add takes a packet that arrived, and tells what is new of the queue.
func (t *trend) add(sent time.Time, arrived time.Duration) sign {
	if !t.started {
		t.threshold = thresholdInit
		t.started = true
	}
	if t.group.ok && sent.Sub(t.group.firstSent) < groupLength && sent.Sub(t.group.firstSent) > -groupLength {
		t.group.lastSent = sent
		t.group.arrived = max(t.group.arrived, arrived)
		return nothing
	}
	if t.group.ok && sent.Before(t.group.firstSent) {
		return nothing // reordered; its group is over
	}
	news := nothing
	if t.previous.ok && t.group.ok {
		if gap := t.group.firstSent.Sub(t.previous.lastSent); gap > resetGap {
			threshold := t.threshold
			*t = trend{started: true, threshold: threshold}
		} else {
			news = t.delta(ms(t.group.lastSent.Sub(t.previous.lastSent)), ms(t.group.arrived-t.previous.arrived), ms(t.group.arrived))
		}
	}
	t.previous = t.group
	t.group = group{firstSent: sent, lastSent: sent, arrived: arrived, ok: true}
	return news
}

// delta takes the differences between two groups.
func (t *trend) delta(sent, arrived, at float64) sign {
	t.deltas = min(t.deltas+1, maxDeltas)
	t.accumulated += arrived - sent
	t.smoothed = smoothing*t.smoothed + (1-smoothing)*t.accumulated
	t.push(point{at, t.smoothed})
	t.base = min(t.accumulated, t.base+baseRise*(at-t.based))
	t.based = at
	over := t.n == window && t.detect(t.slope()*float64(t.deltas)*gain, sent, at)
	queue := t.accumulated - t.base
	switch empty := queue <= max(emptyQueue, emptyShare*t.peak); {
	case empty && t.queued:
		t.queued, t.peak = false, 0
		return drained
	case over && !empty:
		t.queued, t.peak = true, max(t.peak, queue)
		return building
	case t.queued:
		t.peak = max(t.peak, queue)
	}
	return nothing
}

func (t *trend) push(p point) {
	if t.n == window {
		t.first = (t.first + 1) % window
		t.n--
	}
	t.points[(t.first+t.n)%window] = p
	t.n++
}

// slope fits a line through the points by least squares.
func (t *trend) slope() float64 {
	var x, y float64
	for _, p := range t.points {
		x += p.x
		y += p.y
	}
	x, y = x/window, y/window
	var above, below float64
	for _, p := range t.points {
		above += (p.x - x) * (p.y - y)
		below += (p.x - x) * (p.x - x)
	}
	if below == 0 {
		return 0
	}
	return above / below
}

// detect holds the trend against the threshold, and adapts that.
func (t *trend) detect(value, sent, at float64) bool {
	overuse := false
	if value > t.threshold {
		t.over += sent
		t.hits++
		if t.over > overuseTime && t.hits > 1 && value >= t.last {
			t.over, t.hits = 0, 0
			overuse = true
		}
	} else {
		t.over, t.hits = 0, 0
	}
	t.last = value
	t.adapt(value, at)
	return overuse
}

func (t *trend) adapt(value, at float64) {
	size := value
	if size < 0 {
		size = -size
	}
	const outlier = 15 // ms above the threshold: a sudden jump, which it must not learn
	if size <= t.threshold+outlier {
		k := adaptDown
		if size > t.threshold {
			k = adaptUp
		}
		t.threshold += k * (size - t.threshold) * min(at-t.adapted, 100)
		t.threshold = min(max(t.threshold, thresholdMin), thresholdMax)
	}
	t.adapted = at
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
