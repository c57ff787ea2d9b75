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

// TestHiccupsAreNotCongestion has all packets held up for a moment, again and again, on a path with a lot of room.
func TestHiccupsAreNotCongestion(t *testing.T) {
	t.Parallel()
	for _, d := range []time.Duration{20 * time.Millisecond, 60 * time.Millisecond, 150 * time.Millisecond, 400 * time.Millisecond} {
		var e bandwidth.Estimator
		p := newPath(20_000_000)
		run(&e, p, 0, 3*time.Second, constant(2_000_000), 2_000_000)
		at := 3 * time.Second
		for i := range 20 {
			p.stall(at, d)
			run(&e, p, at, time.Second, constant(2_000_000), 2_000_000)
			if bits := e.Bits(); bits != 0 && bits < 2_000_000 {
				t.Errorf("a second after hiccup %d of %v: %d", i, d, bits)
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
		run(&e, p, at, 2*time.Second, constant(1_500_000), 1_500_000)
		at += 2 * time.Second
	}
	if bits := e.Bits(); bits != 0 && bits < 1_500_000 {
		t.Errorf("limited to %d", bits)
	}
}

// TestWhatWasHeldBackComesBackSoon has a path that is narrow for a while, and then as wide as before.
func TestWhatWasHeldBackComesBackSoon(t *testing.T) {
	t.Parallel()
	for _, narrow := range []time.Duration{time.Second, 3 * time.Second} {
		var e bandwidth.Estimator
		p := newPath(10_000_000)
		run(&e, p, 0, 3*time.Second, fill(2_000_000), 2_000_000)
		p.bits = 300_000
		run(&e, p, 3*time.Second, narrow, fill(2_000_000), 2_000_000)
		low := e.Bits()
		if low == 0 || low > 1_000_000 {
			t.Fatalf("after %v at 300 kbit/s: %d", narrow, low)
		}
		p.bits = 10_000_000
		run(&e, p, 3*time.Second+narrow, 7*time.Second, fill(2_000_000), 2_000_000)
		if bits := e.Bits(); bits < 2_000_000 {
			t.Errorf("%v at 300 kbit/s brought it to %d, and 7 s later it is at %d", narrow, low, bits)
		}
	}
}

// TestNarrowPathIsLeftInPeace has one that stays narrow: growth must not flood it over and over.
func TestNarrowPathIsLeftInPeace(t *testing.T) {
	t.Parallel()
	for _, bits := range []float64{300_000, 1_000_000, 3_000_000} {
		var e bandwidth.Estimator
		p := newPath(bits)
		run(&e, p, 0, 20*time.Second, fill(4*bits), int64(4*bits))
		late, all, lost := 0, 0, 0
		follow := fill(4 * bits)
		for at := 20 * time.Second; at < 80*time.Second; at += 33 * time.Millisecond {
			run(&e, p, at, 33*time.Millisecond, follow, int64(4*bits))
			all++
			if p.freeAt-at > 200*time.Millisecond {
				late++
			}
		}
		for _, r := range p.results {
			if r.Lost {
				lost++
			}
		}
		if late > all/20 || lost > 0 {
			t.Errorf("at %.0f: a queue of more than 200 ms for %d of %d frames", bits, late, all)
		}
	}
}
