package limit

import (
	"strconv"
	"testing"
	"time"
)

// clock is a time that stands still until it is moved.
type clock struct{ t time.Time }

func (c *clock) now() time.Time { return c.t }

func drain(l *Limiter, kind, key string) (n int) {
	for {
		if ok, _ := l.Allow(kind, key); !ok {
			return n
		}
		n++
	}
}

func TestEveryLimitHoldsAtEveryScale(t *testing.T) {
	t.Parallel()
	for _, scale := range []float64{0.001, 0.1, 1, 7} {
		c := &clock{time.Unix(1e9, 0)}
		l := NewAt(scale, c.now)
		for kind, r := range rates() {
			burst := max(int(r.burst*scale+1e-6), 1)
			if n := drain(l, kind, "a"); n != burst {
				t.Errorf("scale %v, kind %s: %d at once, want %d", scale, kind, n, burst)
			}
		}
	}
}

func TestBucketFillsAtItsRate(t *testing.T) {
	t.Parallel()
	c := &clock{time.Unix(1e9, 0)}
	l := NewAt(1, c.now)
	drain(l, Send, "a")
	_, retry := l.Allow(Send, "a")
	if retry <= 0 || retry > time.Second/30+time.Millisecond {
		t.Fatalf("retry after %v", retry)
	}
	c.t = c.t.Add(retry)
	if ok, _ := l.Allow(Send, "a"); !ok {
		t.Error("refused after the time that was told")
	}
	c.t = c.t.Add(time.Second)
	if n := drain(l, Send, "a"); n < 29 || n > 30 {
		t.Errorf("%d in a second, want 30", n)
	}
}

func TestBucketsAreApart(t *testing.T) {
	t.Parallel()
	l := NewAt(1, (&clock{time.Unix(1e9, 0)}).now)
	drain(l, Login, "a")
	if ok, _ := l.Allow(Login, "b"); !ok {
		t.Error("another key pays")
	}
	if ok, _ := l.Allow(Register, "a"); !ok {
		t.Error("another kind pays")
	}
}

func TestMemoryIsBoundedAndTheBusyAreRemembered(t *testing.T) {
	t.Parallel()
	l := NewAt(1, (&clock{time.Unix(1e9, 0)}).now)
	allowed := 0
	for i := range 3 * maxKeys {
		l.Allow(Login, strconv.Itoa(i))
		if i%500 == 0 {
			if ok, _ := l.Allow(Login, "busy"); ok {
				allowed++
			}
		}
	}
	table := l.tables[Login]
	if n := len(table.newer) + len(table.older); n > 2*maxKeys {
		t.Errorf("%d entries", n)
	}
	if want := int(rates()[Login].burst); allowed != want {
		t.Errorf("the busy one got %d, want %d: its bucket was forgotten", allowed, want)
	}
}

func BenchmarkAllow(b *testing.B) {
	l := New(1e9)
	b.ReportAllocs()
	for b.Loop() {
		l.Allow(Send, "somebody")
	}
}

// TestAnAddressGetsMoreThanAnAccount and no more than some of them.
func TestAnAddressGetsMoreThanAnAccount(t *testing.T) {
	t.Parallel()
	all := rates()
	for _, kind := range []string{Send, Search, Upload, Join} {
		one, together := all[kind], all[ByNetwork(kind)]
		if together.burst <= one.burst || together.burst > 20*one.burst || together.perSecond <= one.perSecond {
			t.Errorf("%s: %+v for an account, %+v for an address", kind, one, together)
		}
	}
}
