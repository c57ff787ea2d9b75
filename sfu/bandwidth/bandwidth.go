// Package bandwidth estimates how much a path carries from transport-wide feedback: which packets arrived, and when
// (draft-holmer-rmcat-transport-wide-cc-extensions-01).
//
// The signal is delay: a queue that builds up somewhere on the path makes packets arrive ever later than they were sent. The
// estimator follows Google's congestion control (draft-ietf-rmcat-gcc-02): packets are grouped by the burst in which they
// were sent; the trend of the groups' one-way delay variation, by linear regression, is held against a threshold that
// adapts itself; overuse cuts the estimate to 85 % of what got through, and while the path is calm the estimate grows.
// Heavy loss (over 10 %) cuts it too; light loss is the network's noise and is left to retransmission.
//
// A media server differs from an encoder: it cannot send more to try, it can only choose larger layers. So nothing is
// estimated before the first sign of congestion (zero means: unknown, take what you like), growth goes on unproven while more
// is wanted, and a growth that ended in overuse is tried again later and later.
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
	// growth is the relative increase per second while calm (section 5.5).
	growth = 1.08
	// Floor is the least estimate, in bits per second: sound has to go through.
	Floor = 60_000
	// heavyLoss is the share of lost packets from which the estimate is cut (section 6).
	heavyLoss = 0.10
	// lossWindow is the least number of packets that a share is computed of.
	lossWindow = 50
	// deliveredWindow is the time over which the delivered rate is measured.
	deliveredWindow = 500 * time.Millisecond
	// calmAfter is how long growth rests after a cut, at first; doubled each time that a growth fails, up to maxCalm.
	calmAfter = 2 * time.Second
	maxCalm   = time.Minute
	// cutEvery is the least time between two cuts: feedback of packets sent before the first has to come in.
	cutEvery = 300 * time.Millisecond
)

// Estimator estimates one path's bandwidth. The zero value is ready.
type Estimator struct {
	trend     trend
	estimate  float64 // bits per second; 0 while unknown
	delivered meter
	lossSeen  int
	lossLost  int
	loss      float64 // of the last full window
	updated   time.Time
	cut       time.Time
	resume    time.Time
	calm      time.Duration
	grewTo    float64 // largest estimate since the last cut
}

// Bits returns the estimate in bits per second, or 0 while there was no sign of a limit.
func (e *Estimator) Bits() int64 { return int64(e.estimate) }

// Loss returns the share of packets lost lately, 0 to 1.
func (e *Estimator) Loss() float64 { return e.loss }

// Delivered returns the rate at which packets arrived lately, in bits per second.
func (e *Estimator) Delivered() int64 { return int64(e.delivered.rate()) }

// Feedback takes the results of one feedback message, in the order of sending.
func (e *Estimator) Feedback(results []Result, now time.Time) {
	overuse := false
	for _, r := range results {
		e.lossSeen++
		if r.Lost {
			e.lossLost++
			continue
		}
		e.delivered.add(r.Arrived, r.Bytes)
		if e.trend.add(r.Sent, r.Arrived) {
			overuse = true
		}
	}
	if overuse {
		e.reduce(beta*e.delivered.rate(), now)
	}
	if e.lossSeen >= lossWindow {
		e.loss = float64(e.lossLost) / float64(e.lossSeen)
		e.lossSeen, e.lossLost = 0, 0
		if e.loss > heavyLoss {
			from := e.estimate
			if from == 0 {
				from = e.delivered.rate() / (1 - e.loss)
			}
			e.reduce(from*(1-e.loss/2), now)
		}
	}
}

// Grow lets the estimate rise while the path is calm, toward what is wanted, in bits per second.
func (e *Estimator) Grow(wanted int64, now time.Time) {
	since := min(now.Sub(e.updated), time.Second)
	e.updated = now
	if e.estimate == 0 || now.Before(e.resume) || e.estimate >= float64(wanted)*1.2 {
		return
	}
	e.estimate *= math.Pow(growth, since.Seconds())
	e.grewTo = max(e.grewTo, e.estimate)
	if e.estimate > 2*e.delivered.peak { // far beyond what failed before: forget it
		e.calm = 0
	}
}

func (e *Estimator) reduce(to float64, now time.Time) {
	if now.Sub(e.cut) < cutEvery || e.delivered.rate() == 0 {
		return
	}
	if e.estimate > 0 {
		to = min(to, e.estimate)
	}
	if e.grewTo > 0 { // it had been growing, and that is what failed
		e.calm = min(max(calmAfter, 2*e.calm), maxCalm)
	}
	e.estimate = max(to, Floor)
	e.grewTo = 0
	e.delivered.peak = e.delivered.rate()
	e.cut = now
	e.resume = now.Add(max(calmAfter, e.calm))
}

// meter measures the delivered rate by the receiver's clock.
type meter struct {
	packets [256]arrival // ring; some 5 Mbit/s in a window, beyond which the oldest are left out and the rate stays right
	first   int
	n       int
	bytes   int
	peak    float64
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

func (m *meter) rate() float64 {
	if m.n < 2 {
		return 0
	}
	oldest, newest := m.packets[m.first], m.packets[(m.first+m.n-1)%len(m.packets)]
	span := max(newest.at-oldest.at, deliveredWindow/5)
	return float64(m.bytes-oldest.bytes) * 8 / span.Seconds()
}
