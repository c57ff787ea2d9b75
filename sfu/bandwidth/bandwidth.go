// Package bandwidth estimates how much a path carries from transport-wide feedback: which packets arrived, and when
// (draft-holmer-rmcat-transport-wide-cc-extensions-01).
//
// The signal is delay: a queue that builds up somewhere on the path makes packets arrive ever later than they were sent. The
// estimator follows Google's congestion control (draft-ietf-rmcat-gcc-02): packets are grouped by the burst in which they
// were sent; the trend of the groups' one-way delay variation, by linear regression, is held against a threshold that
// adapts itself; overuse cuts the estimate to 85 % of what got through, and while the path is calm the estimate grows.
// Heavy loss (over 10 %) cuts it too; light loss is the network's noise and is left to retransmission.
//
// A media server differs from an encoder: it cannot make more media to try, it can only choose larger layers, or send padding.
// So nothing is estimated before the first sign of congestion (zero means: unknown, take what you like), and growth goes on
// while more is wanted, for the owner to fill with padding while Growing. Far from where the path was found to end, the estimate
// doubles every second; near there it grows as gently as in section 5.5, and a growth that ended in overuse is tried again later
// and later. That the path has become wider meanwhile is found out with short trains of padding (Train), after which the
// estimate grows quickly to what they have shown.
//
// Not every delay is congestion. A computer that has no time for a moment, a radio link that repeats itself and a large key
// frame all look like a queue that builds up, until it is gone without our having sent less. Packets that were sent before
// a cut and arrived as early as ever tell so, and the cut is taken back.
//
// It is a pure function of feedback and the times passed in.
package bandwidth

import (
	"math"
	"time"
)

const (
	// beta is what is left of the delivered rate after overuse (gcc-02, section 5.5).
	beta = 0.85
	// growth is the relative increase per second while calm and near the end of the path (section 5.5).
	growth = 1.08
	// probing is the relative increase per second elsewhere.
	probing = 2.0
	// leap is the same up to what a train has shown to be there, for padding to make sure of within a second.
	leap = 4.0
	// nearKnee and beyondKnee are the range around the delivered rate at which growth failed last, as shares of it, in which
	// growth is gentle. What is delivered beyond shows that the path is another one, and the failure is forgotten.
	nearKnee   = 0.85
	beyondKnee = 1.2
	// Floor is the least estimate, in bits per second: sound has to go through.
	Floor = 60_000
	// heavyLoss is the share of lost packets from which the estimate is cut (section 6).
	heavyLoss = 0.10
	// lossWindow is the least number of packets that a share is computed of.
	lossWindow = 50
	// deliveredWindow is the time over which the delivered rate is measured.
	deliveredWindow = 500 * time.Millisecond
	// queuedWindow is the time over which it is measured while a queue builds up, where it is what the path carries, also if
	// much less had been sent until then.
	queuedWindow = 150 * time.Millisecond
	// calmAfter is how long growth rests after a cut, until the queue has drained; calmFailed is how long after a growth
	// that failed, doubled each time, up to maxCalm: a gentle growth that fails costs little, a picture held back much.
	calmAfter  = time.Second
	calmFailed = 2 * time.Second
	maxCalm    = 12 * time.Second
	// cutEvery is the least time between two cuts: feedback of packets sent before the first has to come in.
	cutEvery = 300 * time.Millisecond
)

// Estimator estimates one path's bandwidth. The zero value is ready.
type Estimator struct {
	trend     trend
	delivered meter
	lossSeen  int
	lossLost  int
	loss      float64 // of the last full window
	updated   time.Time
	cut       time.Time
	recovery
	before recovery // as it was before the last cut
	doubt  bool     // that cut may still be taken back
	prober
}

// recovery is the estimate, and how it comes back after a cut.
type recovery struct {
	estimate float64       // bits per second; 0 while unknown
	resume   time.Time     // no growth before
	calm     time.Duration // how long growth has to rest after its last failure
	knee     float64       // delivered rate at which it failed; 0 if it never did
	clear    float64       // rate at which a train got through since; 0 if none did
	next     time.Time     // no train before
	apart    time.Duration // between trains; 0 for apartLeast
	grew     bool          // since the last cut
}

// Bits returns the estimate in bits per second, or 0 while there was no sign of a limit.
func (e *Estimator) Bits() int64 { return int64(e.estimate) }

// Loss returns the share of packets lost lately, 0 to 1.
func (e *Estimator) Loss() float64 { return e.loss }

// Feedback takes the results of one feedback message, in the order of sending.
func (e *Estimator) Feedback(results []Result, now time.Time) {
	overuse := false
	for _, r := range results {
		trains := e.told(r, now)
		e.lossSeen++
		if r.Lost {
			e.lossLost++
			continue
		}
		e.delivered.add(r.Arrived, r.Bytes)
		if trains {
			continue // its own queue is no sign of others
		}
		switch e.trend.add(r.Sent, r.Arrived) {
		case building:
			overuse = true
		case drained:
			overuse = false
			e.undo()
		}
		e.doubt = e.doubt && !r.Sent.After(e.cut)
	}
	if overuse && e.reduce(beta*e.delivered.most(), now) {
		e.doubt = true
	}
	if e.lossSeen >= lossWindow {
		e.loss = float64(e.lossLost) / float64(e.lossSeen)
		e.lossSeen, e.lossLost = 0, 0
		if e.loss > heavyLoss {
			from := e.estimate
			if from == 0 {
				from = e.delivered.rate() / (1 - e.loss)
			}
			if e.reduce(from*(1-e.loss/2), now) {
				e.doubt = false
			}
		}
	}
}

// Growing tells whether the estimate may rise: a limit was found, and the path has been calm since.
func (e *Estimator) Growing(now time.Time) bool { return e.estimate > 0 && !now.Before(e.resume) }

// Grow lets the estimate rise while the path is calm, toward what is wanted, in bits per second.
func (e *Estimator) Grow(wanted int64, now time.Time) {
	since := min(now.Sub(e.updated), time.Second)
	e.updated = now
	if !e.Growing(now) || e.estimate >= float64(wanted)*1.2 {
		return
	}
	if e.delivered.rate() > beyondKnee*e.knee {
		e.knee, e.calm = 0, 0
	}
	factor := growth
	switch {
	case e.estimate < nearKnee*e.clear:
		factor = leap
	case e.estimate <= nearKnee*e.knee || e.estimate >= beyondKnee*e.knee:
		factor = probing
	}
	e.estimate *= math.Pow(factor, since.Seconds())
	e.kept(now)
	e.grew = true
}

// reduce cuts the estimate, and tells whether it did.
func (e *Estimator) reduce(to float64, now time.Time) bool {
	if now.Sub(e.cut) < cutEvery || e.delivered.rate() == 0 {
		return false
	}
	e.before = e.recovery
	if e.estimate > 0 {
		to = min(to, e.estimate)
	}
	if e.grew { // and that is what failed
		e.calm = min(max(calmFailed, 2*e.calm), maxCalm)
		e.knee = e.delivered.most()
	}
	e.estimate = max(to, Floor)
	e.grew, e.clear = false, 0
	e.cut = now
	e.resume = now.Add(max(calmAfter, e.calm))
	e.failed(e.delivered.most(), now)
	return true
}

// undo takes the last cut back, if it is in doubt.
func (e *Estimator) undo() {
	if e.doubt {
		e.recovery, e.doubt = e.before, false
	}
}

// meter measures the delivered rate by the receiver's clock.
type meter struct {
	packets [256]arrival // ring; some 5 Mbit/s in a window, beyond which the oldest are left out and the rate stays right
	first   int
	n       int
	bytes   int
}

type arrival struct {
	at    time.Duration
	bytes int
}

func (m *meter) add(at time.Duration, bytes int) {
	for m.n > 0 && (m.n == len(m.packets) || m.packets[m.first].at < at-deliveredWindow) {
		m.bytes -= m.packets[m.first].bytes
		m.first = (m.first + 1) % len(m.packets)
		m.n--
	}
	m.packets[(m.first+m.n)%len(m.packets)] = arrival{at, bytes}
	m.n++
	m.bytes += bytes
}

// rate returns the bits per second over the whole window.
func (m *meter) rate() float64 {
	if m.n < 2 {
		return 0
	}
	oldest := m.packet(0)
	span := max(m.packet(m.n-1).at-oldest.at, deliveredWindow/5)
	return float64(m.bytes-oldest.bytes) * 8 / span.Seconds()
}

// most returns the larger of the rates over the whole window and over its end.
func (m *meter) most() float64 {
	bytes, first := 0, m.n-1
	for ; first > 0 && m.packet(first-1).at >= m.packet(m.n-1).at-queuedWindow; first-- {
		bytes += m.packet(first).bytes
	}
	if first < 0 {
		return 0
	}
	span := max(m.packet(m.n-1).at-m.packet(first).at, deliveredWindow/5)
	return max(m.rate(), float64(bytes)*8/span.Seconds())
}

func (m *meter) packet(i int) arrival { return m.packets[(m.first+i)%len(m.packets)] }
