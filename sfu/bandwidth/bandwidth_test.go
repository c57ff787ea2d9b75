package bandwidth_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"confab/sfu/bandwidth"
)

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// path is a link with a queue: so many bits per second, a delay, jitter, random loss, and room for half a second.
type path struct {
	r       *rand.Rand
	bits    float64
	delay   time.Duration
	jitter  time.Duration
	loss    float64
	freeAt  time.Duration
	results []bandwidth.Result
}

// send puts a packet on the link at a time.
func (p *path) send(at time.Duration, bytes int) {
	r := bandwidth.Result{Sent: start.Add(at), Bytes: bytes}
	const room = 500 * time.Millisecond
	p.freeAt = max(p.freeAt, at)
	if p.r.Float64() < p.loss || p.freeAt-at > room {
		r.Lost = true
	} else {
		p.freeAt += time.Duration(float64(bytes) * 8 / p.bits * 1e9)
		r.Arrived = p.freeAt + p.delay + time.Duration(p.r.Int64N(int64(p.jitter)+1))
	}
	p.results = append(p.results, r)
}

// run sends frames at a rate decided by what is estimated, for a while, and returns the estimates at each second's end.
func run(e *bandwidth.Estimator, p *path, from, d time.Duration, rate func(estimate int64) float64, wanted int64) []int64 {
	var out []int64
	const frame = 33 * time.Millisecond
	for at := from; at < from+d; at += frame {
		bytes := rate(e.Bits()) * frame.Seconds() / 8
		for ; bytes > 0; bytes -= 1200 {
			p.send(at, int(min(bytes, 1200)))
		}
		now := start.Add(at)
		if int(at/frame)%3 == 0 {
			e.Feedback(p.results, now)
			p.results = p.results[:0]
			e.Grow(wanted, now)
		}
		if at/time.Second != (at+frame)/time.Second {
			out = append(out, e.Bits())
		}
	}
	return out
}

func newPath(bits float64) *path {
	return &path{r: rand.New(rand.NewPCG(1, 8)), bits: bits, delay: 50 * time.Millisecond, jitter: 2 * time.Millisecond}
}

func constant(bits float64) func(int64) float64 { return func(int64) float64 { return bits } }

func TestAPathWithRoomIsNotLimited(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*path){
		"clean":       func(*path) {},
		"jittery":     func(p *path) { p.jitter = 8 * time.Millisecond },
		"lossy":       func(p *path) { p.loss = 0.05 },
		"a long way":  func(p *path) { p.delay = 400 * time.Millisecond },
		"just enough": func(p *path) { p.bits = 2_400_000 },
	} {
		var e bandwidth.Estimator
		p := newPath(10_000_000)
		change(p)
		run(&e, p, 0, 60*time.Second, constant(2_000_000), 2_000_000)
		if bits := e.Bits(); bits != 0 && bits < 2_000_000 {
			t.Errorf("%s: limited to %d", name, bits)
		}
	}
}

func TestANarrowPathIsFoundAndNotLost(t *testing.T) {
	t.Parallel()
	for _, bits := range []float64{300_000, 1_000_000, 3_000_000} {
		var e bandwidth.Estimator
		p := newPath(bits)
		follow := func(estimate int64) float64 {
			if estimate == 0 {
				return 4 * bits
			}
			return min(float64(estimate), 4*bits)
		}
		found := run(&e, p, 0, 5*time.Second, follow, int64(4*bits))
		if first := found[2]; first == 0 {
			t.Errorf("at %.0f: nothing noticed in three seconds", bits)
		}
		sum := 0.0
		estimates := run(&e, p, 5*time.Second, 60*time.Second, follow, int64(4*bits))
		for _, x := range estimates {
			sum += float64(x)
		}
		if mean := sum / float64(len(estimates)); mean < 0.6*bits || mean > 1.15*bits {
			t.Errorf("a path of %.0f is estimated at %.0f on average: %v", bits, mean, estimates)
		}
	}
}

func TestItGrowsBackWhenThePathWidens(t *testing.T) {
	t.Parallel()
	var e bandwidth.Estimator
	p := newPath(500_000)
	follow := func(estimate int64) float64 {
		if estimate == 0 {
			return 2_000_000
		}
		return min(float64(estimate), 2_000_000)
	}
	run(&e, p, 0, 10*time.Second, follow, 2_000_000)
	if bits := e.Bits(); bits == 0 || bits > 700_000 {
		t.Fatalf("on 500 kbit/s: %d", bits)
	}
	p.bits = 5_000_000
	run(&e, p, 10*time.Second, 60*time.Second, follow, 2_000_000)
	if bits := e.Bits(); bits < 2_000_000 {
		t.Errorf("a minute after the path has widened: %d", bits)
	}
}

func TestHeavyLossCuts(t *testing.T) {
	t.Parallel()
	var e bandwidth.Estimator
	p := newPath(10_000_000)
	p.loss = 0.3
	run(&e, p, 0, 5*time.Second, constant(2_000_000), 2_000_000)
	if bits := e.Bits(); bits == 0 || bits > 1_500_000 || e.Loss() < 0.15 {
		t.Errorf("at 30 %% loss: %d, loss %v", bits, e.Loss())
	}
}

func TestSendLog(t *testing.T) {
	t.Parallel()
	var l bandwidth.SendLog
	if _, ok := l.Result(0, 0, true); ok {
		t.Error("an empty log has a result")
	}
	var numbers []uint16
	for i := range 100_000 {
		numbers = append(numbers, l.Add(i%1500, start.Add(time.Duration(i))))
	}
	last := numbers[len(numbers)-1]
	if r, ok := l.Result(last-1000, time.Second, true); !ok || r.Bytes != (100_000-1-1000)%1500 || r.Lost {
		t.Errorf("%+v", r)
	}
	if _, ok := l.Result(last-1000, time.Second, true); ok {
		t.Error("told twice")
	}
	if r, ok := l.Result(last-5, 0, false); !ok || !r.Lost {
		t.Errorf("%+v", r)
	}
	if _, ok := l.Result(last-5, time.Second, true); !ok {
		t.Error("what was thought lost came late, and is not known")
	}
	if _, ok := l.Result(last-5000, 0, true); ok {
		t.Error("too long ago")
	}
	if _, ok := l.Result(last+1, 0, true); ok {
		t.Error("not sent yet")
	}
}

func FuzzEstimator(f *testing.F) {
	f.Add([]byte{1, 2, 3, 255, 0, 128})
	f.Fuzz(func(t *testing.T, script []byte) {
		var e bandwidth.Estimator
		at, arrived := time.Duration(0), time.Duration(0)
		for i, b := range script {
			at += time.Duration(b) * time.Millisecond
			arrived += time.Duration(int8(b)) * 10 * time.Millisecond
			e.Feedback([]bandwidth.Result{{Sent: start.Add(at), Arrived: arrived, Bytes: 1200, Lost: b%7 == 0}}, start.Add(at))
			e.Grow(int64(i)*100_000, start.Add(at))
			if n := e.Train(int64(i)*100_000, start.Add(at)); n > 0 {
				e.Trained(n/500, start.Add(at))
			}
			if bits := e.Bits(); bits != 0 && bits < bandwidth.Floor {
				t.Fatalf("estimate %d", bits)
			}
		}
	})
}

func BenchmarkFeedback(b *testing.B) {
	var e bandwidth.Estimator
	results := make([]bandwidth.Result, 50)
	at := time.Duration(0)
	b.ReportAllocs()
	for b.Loop() {
		for i := range results {
			at += 2 * time.Millisecond
			results[i] = bandwidth.Result{Sent: start.Add(at), Arrived: at, Bytes: 1200}
		}
		e.Feedback(results, start.Add(at))
	}
}
