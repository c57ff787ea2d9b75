package bandwidth_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"confab/sfu/bandwidth"
)

// leg is a receiver of one picture in layers, whose sender goes by the estimate as the media server does: it chooses the
// largest layer that fits, wants something to spare for a larger one, and fills with padding what the estimate has beyond.
type leg struct {
	e       bandwidth.Estimator
	p       *path
	layers  []float64 // bits per second, smallest first
	layer   int
	at      time.Duration
	sent    float64 // bytes since the last tick
	frames  int
	late    int // frames that met a queue of more than 200 ms
	changes int // of layer
	bucket  float64
	tokens  float64 // bytes that pass at once, on a path that is a token bucket
	filled  time.Duration
	trains  int
	hiccup  time.Duration // for which the receiver has no time now and then, at most
}

func newLeg(seed uint64, p *path) *leg {
	p.r = rand.New(rand.NewPCG(seed, 11))
	return &leg{p: p, layers: []float64{150_000, 500_000, 1_800_000}, layer: 2}
}

// send puts a packet on the path, or past its queue while the bucket has tokens.
func (l *leg) send(at time.Duration, bytes int) {
	l.sent += float64(bytes)
	if l.bucket > 0 {
		l.filled = max(l.filled, l.p.freeAt) // while a queue drains, nothing fills the bucket
		l.tokens = min(l.bucket, l.tokens+max(0, at-l.filled).Seconds()*l.p.bits/8)
		l.filled = max(l.filled, at)
		if l.p.freeAt <= at && l.tokens >= float64(bytes) {
			l.tokens -= float64(bytes)
			l.p.results = append(l.p.results, bandwidth.Result{Sent: start.Add(at), Bytes: bytes, Arrived: at + l.p.delay + time.Duration(l.p.r.Int64N(int64(l.p.jitter)+1))})
			return
		}
	}
	l.p.send(at, bytes)
}

// run goes on for a while, or until the condition holds, and returns how long that took.
func (l *leg) run(d time.Duration, until func() bool) time.Duration {
	const step = time.Millisecond
	began, wanted := l.at, int64(l.layers[len(l.layers)-1])
	for ; l.at < began+d && (until == nil || !until()); l.at += step {
		at := l.at
		if l.hiccup > 0 && at%time.Second == 0 && l.p.r.IntN(3) == 0 {
			l.p.stall(at, time.Duration(l.p.r.Int64N(int64(l.hiccup))))
		}
		if at%(33*step) == 0 {
			l.frames++
			if l.p.freeAt-at > 200*time.Millisecond {
				l.late++
			}
			for bytes := l.layers[l.layer] * 0.033 / 8; bytes > 0; bytes -= 1100 {
				l.send(at, int(min(bytes, 1100)))
			}
		}
		if at%(66*step) == 65*step {
			n := 0
			for n < len(l.p.results) && l.p.results[n].Arrived+l.p.delay < at {
				n++
			}
			l.e.Feedback(l.p.results[:n], start.Add(at))
			l.p.results = l.p.results[n:]
		}
		if at%(100*step) == 99*step {
			l.tick(wanted)
		}
	}
	return l.at - began
}

func (l *leg) tick(wanted int64) {
	now := start.Add(l.at)
	l.e.Grow(wanted, now)
	budget := float64(l.e.Bits())
	next := len(l.layers) - 1
	for ; next > 0 && budget > 0; next-- {
		if cost := l.layers[next]; cost*1.1 <= budget || next <= l.layer && cost <= budget {
			break
		}
	}
	if next != l.layer {
		l.changes++
		l.layer = next
	}
	sent := l.sent
	l.sent = 0
	if next == len(l.layers)-1 {
		return
	}
	if bytes := l.e.Train(wanted, now); bytes > 0 {
		l.trains++
		l.e.Trained(l.pad(bytes), now)
		l.sent = 0
		return
	}
	if l.e.Growing(now) {
		l.pad(int(min(budget, 1.15*float64(wanted))/80 - sent))
		l.sent = 0
	}
}

func (l *leg) pad(bytes int) (packets int) {
	for ; bytes > 0; bytes -= 1000 {
		l.send(l.at, 1000)
		packets++
	}
	return packets
}

// TestSizesComeBackWithinSeconds has a path that is narrow for a while and then wide again, and wants the largest layer back
// within five seconds, at whatever moment that is.
func TestSizesComeBackWithinSeconds(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*leg){
		"clean":    func(*leg) {},
		"jittery":  func(l *leg) { l.p.jitter = 10 * time.Millisecond },
		"lossy":    func(l *leg) { l.p.loss = 0.02 },
		"far away": func(l *leg) { l.p.delay = 150 * time.Millisecond },
		"hiccups":  func(l *leg) { l.hiccup = 80 * time.Millisecond },
	} {
		for _, narrow := range []float64{200_000, 400_000, 800_000, 1_500_000} {
			slowest, sum, n := time.Duration(0), time.Duration(0), 0
			for _, seconds := range []time.Duration{1, 3, 12, 30} {
				for seed := range uint64(8) {
					l := newLeg(seed, newPath(8_000_000))
					change(l)
					l.run(3*time.Second, nil)
					l.p.bits = narrow
					l.run(seconds*time.Second+time.Duration(seed)*173*time.Millisecond, nil)
					l.p.bits = 8_000_000
					took := time.Duration(0)
					for largest := func() bool { return l.layer == 2 }; ; { // and it has to stay
						took += l.run(time.Minute, largest)
						if l.run(500*time.Millisecond, func() bool { return !largest() }) == 500*time.Millisecond {
							break
						}
					}
					slowest, sum, n = max(slowest, took), sum+took, n+1
				}
			}
			mean := sum / time.Duration(n)
			t.Logf("%s, after %.0f bit/s: %v on average, %v at most", name, narrow, mean, slowest)
			if mean > 4*time.Second || slowest > 5*time.Second {
				t.Errorf("%s, after %.0f bit/s: the largest layer is back after %v on average, %v at most", name, narrow, mean, slowest)
			}
		}
	}
}

// TestTrainsLeaveANarrowPathInPeace has one that stays narrow for minutes, with room for a smaller layer: looking whether it has
// become wider must neither hold pictures up nor have larger ones come and go, also where a token bucket lets trains through.
func TestTrainsLeaveANarrowPathInPeace(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		bucket  float64 // bytes
		late    float64 // share of frames, at most
		changes float64 // of layer in a minute, at most
	}{{0, 0.01, 0.5}, {5_000, 0.05, 8}, {20_000, 0.15, 6}} {
		for _, bits := range []float64{200_000, 400_000, 800_000, 1_500_000} {
			late, changes, frames, trains := 0, 0.0, 0, 0
			const runs, minutes = 3, 2
			for seed := range uint64(runs) {
				p := newPath(bits)
				p.jitter = time.Duration(1+seed%3*4) * time.Millisecond
				l := newLeg(seed, p)
				l.bucket = c.bucket
				l.run(20*time.Second, nil)
				l.late, l.changes, l.frames, l.trains = 0, 0, 0, 0
				l.run(minutes*time.Minute, nil)
				late, frames, trains = late+l.late, frames+l.frames, trains+l.trains
				changes += float64(l.changes) / (runs * minutes)
			}
			share := float64(late) / float64(frames)
			t.Logf("bucket of %.0f, %.0f bit/s: %.1f %% late, %.1f changes and %d trains a minute", c.bucket, bits, 100*share, changes, trains/(runs*minutes))
			if share > c.late || changes > c.changes || trains == 0 {
				t.Errorf("bucket of %.0f, %.0f bit/s: %.1f %% late, %.1f changes a minute", c.bucket, bits, 100*share, changes)
			}
		}
	}
}
