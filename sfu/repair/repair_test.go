package repair_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"confab/sfu/repair"
)

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

const rtt = 80 * time.Millisecond

func at(ms int) time.Time { return start.Add(time.Duration(ms) * time.Millisecond) }

func TestWhatIsMissingIsAskedForUntilItComes(t *testing.T) {
	t.Parallel()
	var s repair.Stream
	s.Received(65534, at(0))
	s.Received(1, at(0)) // 65535 and 0 are missing, over the wrap
	if due := s.Due(nil, at(1), rtt); len(due) != 0 {
		t.Errorf("asked at once for %v: it may only be out of order", due)
	}
	if due := s.Due(nil, at(10), rtt); !slices.Equal(due, []uint16{65535, 0}) {
		t.Errorf("asked for %v", due)
	}
	if due := s.Due(nil, at(50), rtt); len(due) != 0 {
		t.Errorf("asked again within half the round trip for %v", due)
	}
	if due := s.Due(nil, at(60), rtt); !slices.Equal(due, []uint16{65535, 0}) {
		t.Errorf("the request may be lost too: asked for %v", due)
	}
	if v := s.Received(65535, at(90)); v != repair.New {
		t.Errorf("the retransmission is %v", v)
	}
	if v := s.Received(65535, at(91)); v != repair.Duplicate {
		t.Errorf("its repetition is %v", v)
	}
	if due := s.Due(nil, at(120), rtt); !slices.Equal(due, []uint16{0}) {
		t.Errorf("asked for %v", due)
	}
}

func TestGivingUp(t *testing.T) {
	t.Parallel()
	var s repair.Stream
	s.Received(1, at(0))
	s.Received(3, at(0))
	asked := 0
	for ms := 0; ms < 5000; ms += 10 {
		asked += len(s.Due(nil, at(ms), rtt))
	}
	if asked == 0 || asked > 20 || s.Missing() || !s.GaveUp() || s.GaveUp() {
		t.Errorf("asked %d times", asked)
	}
	s.Received(2000, at(6000))
	if due := s.Due(nil, at(6010), rtt); len(due) > 128 || !s.GaveUp() {
		t.Errorf("asked for %d packets at once", len(due))
	}
}

func TestAJumpBeginsAnew(t *testing.T) {
	t.Parallel()
	var s repair.Stream
	s.Received(100, at(0))
	if v := s.Received(30_000, at(1)); v != repair.Restarted || s.Missing() {
		t.Errorf("a jump ahead is %v", v)
	}
	if v := s.Received(200, at(2)); v != repair.Restarted {
		t.Errorf("a jump back is %v", v)
	}
	if r := s.Report(); r.Lost != 0 {
		t.Errorf("%d lost", r.Lost)
	}
}

// TestReportsTellTheTruth counts random loss, duplication and reordering by hand.
func TestReportsTellTheTruth(t *testing.T) {
	t.Parallel()
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, 5))
		var s repair.Stream
		first := uint16(r.Uint32())
		s.Received(first, at(0))
		sent, lost, repaired := 1, 0, 0
		var held []uint16
		for i := 1; i < 4000; i++ {
			seq := first + uint16(i)
			sent++
			switch r.IntN(20) {
			case 0:
				if i < 3999 {
					lost++
					continue
				}
			case 1:
				if i < 3900 {
					held = append(held, seq)
					continue
				}
			}
			if v := s.Received(seq, at(i)); v != repair.New {
				t.Fatalf("seed %d: %d is %v", seed, seq, v)
			}
			if i < 3999 && r.IntN(20) == 0 {
				s.Repaired()
				repaired++
			}
			for len(held) > 0 && i%7 == 0 {
				if v := s.Received(held[0], at(i)); v != repair.New {
					t.Fatalf("seed %d: late %d is %v", seed, held[0], v)
				}
				if v := s.Received(held[0], at(i)); v != repair.Duplicate {
					t.Fatalf("seed %d: %d again is %v", seed, held[0], v)
				}
				held = held[1:]
			}
		}
		lost += len(held)
		report := s.Report()
		onTheWay := lost + repaired
		if int(report.Lost) != onTheWay || report.FractionLost != uint8(onTheWay*256/sent) || s.Lost() != uint64(lost) {
			t.Fatalf("seed %d: %+v, lost %d of %d, %d repaired", seed, report, lost, sent, repaired)
		}
		if again := s.Report(); again.FractionLost != 0 || again.Lost != report.Lost {
			t.Fatalf("seed %d: an empty interval lost %d/256", seed, again.FractionLost)
		}
	}
}

func TestJitter(t *testing.T) {
	t.Parallel()
	var even, uneven repair.Stream
	for i := range 500 {
		even.Timed(uint32(i*960), 48000, at(i*20))
		uneven.Timed(uint32(i*960), 48000, at(i*20+10*(i%2)))
	}
	if even.Jitter() > 1 || uneven.Jitter() < 400 || uneven.Jitter() > 500 {
		t.Errorf("jitter %v and %v ticks, want 0 and some 480", even.Jitter(), uneven.Jitter())
	}
}

func FuzzStream(f *testing.F) {
	f.Add([]byte{1, 2, 200, 3, 255, 255})
	f.Fuzz(func(t *testing.T, steps []byte) {
		var s repair.Stream
		seq := uint16(0)
		for i, b := range steps {
			seq += uint16(int8(b)) * uint16(1+i%100)
			s.Received(seq, at(i))
			if due := s.Due(nil, at(i+6), rtt); len(due) > 128 {
				t.Fatalf("asked for %d packets", len(due))
			}
			s.Report()
		}
	})
}

func BenchmarkReceived(b *testing.B) {
	var s repair.Stream
	now := start
	b.ReportAllocs()
	seq := uint16(0)
	for b.Loop() {
		seq++
		s.Received(seq, now)
	}
}
