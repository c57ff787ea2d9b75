package memory

import (
	"context"
	"runtime"
	"runtime/metrics"
	"testing"
	"time"
)

func TestDue(t *testing.T) {
	t.Parallel()
	const mb = 1 << 20
	start, share := time.Now(), time.Duration(runtime.GOMAXPROCS(0))*time.Minute/100
	for name, c := range map[string]struct {
		now   usage
		since time.Duration // the last release
		want  bool
	}{
		"a burst has left garbage":       {usage{objects: 50 * mb, live: 20 * mb}, time.Minute, true},
		"a burst has left free pages":    {usage{objects: 20 * mb, live: 20 * mb, free: 30 * mb}, time.Minute, true},
		"some of both":                   {usage{objects: 30 * mb, live: 20 * mb, free: reserve}, time.Minute, true},
		"no more than the reserve":       {usage{objects: 30 * mb, live: 20 * mb, free: reserve - 10*mb}, time.Minute, false},
		"still busy":                     {usage{objects: 50 * mb, live: 20 * mb, allocated: 3 * mb}, time.Minute, false},
		"not busy for so large a one":    {usage{objects: 300 * mb, live: 200 * mb, allocated: 3 * mb}, time.Minute, true},
		"processors are idle":            {usage{objects: 50 * mb, live: 20 * mb, cpu: 20 * share}, time.Minute, true},
		"processors are busy":            {usage{objects: 50 * mb, live: 20 * mb, cpu: 30 * share}, time.Minute, false},
		"so soon again":                  {usage{objects: 50 * mb, live: 20 * mb}, 4 * time.Second, false},
		"not worth it":                   {usage{objects: 11 * mb, live: 10 * mb, free: reserve}, time.Minute, false},
		"not worth it in so large a one": {usage{objects: 104 * mb, live: 100 * mb, free: reserve}, time.Minute, false},
		"freed since it was marked":      {usage{objects: 19 * mb, live: 20 * mb, free: reserve}, time.Minute, false},
	} {
		k := New()
		k.done, k.seen = start, start
		if got := k.due(c.now, start.Add(c.since)); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestDueWaitsForCalm(t *testing.T) {
	t.Parallel()
	const mb = 1 << 20
	k, now := New(), time.Now()
	at := usage{objects: 20 * mb, live: 10 * mb, free: reserve}
	for _, want := range []bool{false, false, true, false} { // two busy seconds, calm, and just released
		if !want && k.done.IsZero() {
			at.allocated += 5 * mb
		}
		now = now.Add(Period)
		if got := k.due(at, now); got != want {
			t.Errorf("%v, want %v, %d MB allocated", got, want, at.allocated/mb)
		}
	}
}

func TestASmallHeapMayGrowByMoreThanItself(t *testing.T) {
	t.Parallel()
	const mb = 1 << 20
	k := &Keeper{}
	for _, step := range []struct {
		live    uint64
		want    int
		changed bool
	}{
		{0, 800, true}, // nothing collected yet
		{2 * mb, 400, true},
		{2*mb + mb/4, 400, false}, // hardly another
		{4 * mb, 200, true},
		{7 * mb, 114, true},
		{20 * mb, 100, true},
		{200 * mb, 100, false},
		{4 * mb, 200, true},
	} {
		if got, changed := k.adapt(usage{live: step.live}); got != step.want || changed != step.changed {
			t.Errorf("%d MB live: %d, %v; want %d, %v", step.live/mb, got, changed, step.want, step.changed)
		}
	}
	k = &Keeper{fixed: true}
	if _, changed := k.adapt(usage{live: mb}); changed {
		t.Error("the operator's GOGC was changed")
	}
}

// No test runs beside this one, so that the heap is what it makes it.
func TestRunGivesBack(t *testing.T) {
	released := func() uint64 {
		s := []metrics.Sample{{Name: "/memory/classes/heap/released:bytes"}}
		metrics.Read(s)
		return s[0].Value.Uint64()
	}
	runtime.GC()
	before := released()
	burst := make([][]byte, 64)
	for i := range burst {
		burst[i] = make([]byte, 1<<20)
		for j := 0; j < len(burst[i]); j += 4096 {
			burst[i][j] = 1
		}
	}
	runtime.KeepAlive(burst)

	k := New()
	ctx, cancel := context.WithCancel(t.Context())
	tick, done := make(chan time.Time), make(chan struct{})
	go func() {
		defer close(done)
		k.Run(ctx, tick)
	}()
	now := time.Now()
	for range 3 { // the first sees all that was ever allocated, the second a process at rest, the third is taken after the release
		now = now.Add(Period)
		tick <- now
	}
	cancel()
	<-done
	if got := released(); got < before+32<<20 {
		t.Errorf("%d MB were given back, %d MB before", got>>20, before>>20)
	}
}
