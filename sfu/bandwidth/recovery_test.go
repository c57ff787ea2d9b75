package bandwidth_test

import (
	"testing"
	"time"

	"confab/sfu/bandwidth"
)

// fill sends as much as is estimated, up to a limit.
func fill(limit float64) func(int64) float64 {
	return func(estimate int64) float64 {
		if estimate == 0 {
			return limit
		}
		return min(float64(estimate), limit)
	}
}

// stall holds up everything that is on the path, as a computer does that has no time, and lets it go at once.
func (p *path) stall(at, d time.Duration) { p.freeAt = max(p.freeAt, at+d) }

// converse sends frames for a while, and has feedback come back when what it tells of has arrived. It returns the share of
// the frames that met a queue of more than 200 ms.
func converse(e *bandwidth.Estimator, p *path, from, d time.Duration, rate func(int64) float64, wanted int64) float64 {
	const frame, feedback, long = 33 * time.Millisecond, 66 * time.Millisecond, 200 * time.Millisecond
	late, all := 0, 0
	for at := from; at < from+d; at += frame {
		for bytes := rate(e.Bits()) * frame.Seconds() / 8; bytes > 0; bytes -= 1200 {
			p.send(at, int(min(bytes, 1200)))
		}
		all++
		if p.freeAt-at > long {
			late++
		}
		if at/feedback == (at+frame)/feedback {
			continue
		}
		n := 0
		for n < len(p.results) && p.results[n].Arrived+p.delay < at {
			n++
		}
		e.Feedback(p.results[:n], start.Add(at))
		p.results = p.results[n:]
		e.Grow(wanted, start.Add(at))
	}
	return float64(late) / float64(all)
}

// TestHiccupsAreNotCongestion has all packets held up for a moment, again and again, on a path with a lot of room.
func TestHiccupsAreNotCongestion(t *testing.T) {
	t.Parallel()
	for _, d := range []time.Duration{20, 60, 150, 300, 450} {
		var e bandwidth.Estimator
		p := newPath(20_000_000)
		converse(&e, p, 0, 3*time.Second, constant(2_000_000), 2_000_000)
		at := 3 * time.Second
		for i := range 20 {
			p.stall(at, d*time.Millisecond)
			converse(&e, p, at, time.Second, constant(2_000_000), 2_000_000)
			if bits := e.Bits(); bits != 0 && bits < 2_000_000 {
				t.Errorf("a second after hiccup %d of %d ms: %d", i, d, bits)
			}
			at += time.Second
		}
	}
}

// TestKeyFramesAreNotCongestion has a frame of ten times the size now and then.
func TestKeyFramesAreNotCongestion(t *testing.T) {
	t.Parallel()
	var e bandwidth.Estimator
	p := newPath(4_000_000)
	at := time.Duration(0)
	for range 15 {
		for range 60 {
			p.send(at, 1200)
		}
		converse(&e, p, at, 2*time.Second, constant(1_500_000), 1_500_000)
		at += 2 * time.Second
	}
	if bits := e.Bits(); bits != 0 && bits < 1_500_000 {
		t.Errorf("limited to %d", bits)
	}
}

// TestWhatWasHeldBackComesBackSoon has a path that is narrow for a while, and then as wide as before.
func TestWhatWasHeldBackComesBackSoon(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ narrow, soon time.Duration }{{time.Second, 6 * time.Second}, {3 * time.Second, 12 * time.Second}} {
		var e bandwidth.Estimator
		p := newPath(10_000_000)
		converse(&e, p, 0, 3*time.Second, fill(2_000_000), 2_000_000)
		p.bits = 300_000
		converse(&e, p, 3*time.Second, c.narrow, fill(2_000_000), 2_000_000)
		p.bits = 10_000_000
		converse(&e, p, 3*time.Second+c.narrow, 500*time.Millisecond, fill(2_000_000), 2_000_000)
		low := e.Bits()
		if low == 0 || low > 1_000_000 {
			t.Fatalf("after %v at 300 kbit/s: %d", c.narrow, low)
		}
		converse(&e, p, 3500*time.Millisecond+c.narrow, c.soon, fill(2_000_000), 2_000_000)
		if bits := e.Bits(); bits < 2_000_000 {
			t.Errorf("%v at 300 kbit/s brought it to %d, and %v later it is at %d", c.narrow, low, c.soon, bits)
		}
	}
}

// TestNarrowPathIsLeftInPeace has one that stays narrow: growth must not flood it over and over, neither where a sender
// fills it smoothly nor where there are only a few sizes of picture.
func TestNarrowPathIsLeftInPeace(t *testing.T) {
	t.Parallel()
	for _, bits := range []float64{300_000, 1_000_000, 3_000_000} {
		steps := func(estimate int64) float64 {
			for _, step := range []float64{1.7, 0.5} {
				if estimate == 0 || float64(estimate) > 1.1*step*bits {
					return step * bits
				}
			}
			return 0.2 * bits
		}
		for name, rate := range map[string]func(int64) float64{"smooth": fill(4 * bits), "in steps": steps} {
			var e bandwidth.Estimator
			p := newPath(bits)
			converse(&e, p, 0, 20*time.Second, rate, int64(4*bits))
			if late := converse(&e, p, 20*time.Second, 2*time.Minute, rate, int64(4*bits)); late > 0.05 {
				t.Errorf("at %.0f, %s: a queue of more than 200 ms for %.0f %% of the frames", bits, name, 100*late)
			} else {
				t.Logf("at %.0f, %s: %.1f %%", bits, name, 100*late)
			}
		}
	}
}
