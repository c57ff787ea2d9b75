package signaling

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"confab/internal/bus"
	"confab/store"
)

// pipe is a wire whose other end is the test: writes wait until the test takes them.
type pipe struct {
	written chan []byte
	broken  chan struct{} // closed: the connection is dead

	mu      sync.Mutex
	hurried []time.Duration
	closed  bool
}

func newPipe() *pipe { return &pipe{written: make(chan []byte), broken: make(chan struct{})} }

func (p *pipe) read(func() *bytes.Buffer) (bool, error) { <-p.broken; return false, io.EOF }

func (p *pipe) write(frames []*frame) error {
	for _, f := range frames {
		select {
		case p.written <- f.wire:
		case <-p.broken:
			return io.ErrClosedPipe
		}
	}
	return nil
}

func (p *pipe) hurry(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hurried = append(p.hurried, d)
}

func (p *pipe) linger(time.Duration) {}

func (p *pipe) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
}

func (p *pipe) isClosed() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.closed
}

var _ conn = (*pipe)(nil)

// piped makes a session over a pipe.
func piped(bounds queueBounds) (*session, *pipe, *atomic.Int64) {
	p, leavings := newPipe(), new(atomic.Int64)
	s := &session{
		id: store.NewID(), userID: "u", sessionID: "s", known: true, conn: p, timing: Timing{}.withDefaults(), bounds: bounds,
		now: time.Now, left: func(*session) { leavings.Add(1) },
	}
	return s, p, leavings
}

func text(t testing.TB, s string) *frame {
	t.Helper()
	f, err := textFrame(s)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestFinishWaitsForTheWriter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, p, _ := piped(defaultBounds)
		s.push(text(t, "one"))
		synctest.Wait()
		finished := make(chan struct{})
		go func() { s.finish(); close(finished) }()
		synctest.Wait()
		select {
		case <-finished:
			t.Fatal("finished while a write was under way")
		default:
		}
		if p.isClosed() {
			t.Fatal("closed while a write was under way")
		}
		<-p.written
		<-finished
		if !p.isClosed() {
			t.Fatal("the connection is still open")
		}
		s.push(text(t, "two")) // nobody reads: a write would hang the test
		s.end(CloseGoingAway, "")
		synctest.Wait()
	})
}

func TestOverflowEndsTheSessionAndNobodyWaits(t *testing.T) {
	t.Parallel()
	for name, bounds := range map[string]queueBounds{
		"by frames": {frames: 3, bytes: 1 << 20},
		"by bytes":  {frames: 1 << 20, bytes: 3 * len("\x81\x03\"x\"")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, p, _ := piped(bounds)
				began := time.Now()
				s.push(text(t, "0"))
				synctest.Wait() // the writer has taken that one, and is stuck with it
				for range 3 {
					if !s.push(text(t, "x")) {
						t.Fatal("overflow within the bounds")
					}
				}
				if s.push(text(t, "x")) {
					t.Fatal("no overflow")
				}
				if !s.push(text(t, "x")) {
					t.Error("overflowed twice")
				}
				if time.Since(began) != 0 {
					t.Error("a sender waited")
				}
				if got := string(<-p.written); got != "\x81\x03\"0\"" {
					t.Errorf("first %q", got)
				}
				if got := <-p.written; got[0] != finClose || int(got[2])<<8|int(got[3]) != CloseSlow {
					t.Errorf("then %q, wanted a close with 4408", got)
				}
				s.finish()
				if !s.overflowed() {
					t.Error("not counted as an overflow")
				}
			})
		})
	}
}

// TestSleeperLearnsWhyItWasClosed has a peer read again, and then slowly, when writes would long have been given up.
func TestSleeperLearnsWhyItWasClosed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, _, _ := piped(queueBounds{frames: 1, bytes: 1 << 20})
		here, there := net.Pipe()
		s.conn = newWSConn(here, nil, newBuffers(), s.timing, nil, nil)
		s.push(text(t, "0"))
		synctest.Wait() // the writer has taken that one, and is stuck with it
		time.Sleep(s.timing.Write - time.Second)
		for s.push(text(t, "x")) {
		}
		_ = there.SetReadDeadline(time.Now().Add(s.timing.Slow))
		for _, next := range []struct {
			after time.Duration
			want  *frame
		}{
			{2 * time.Second, text(t, "0")},
			{s.timing.Slow - 3*time.Second, closeFrame(CloseSlow, "too slow")},
		} {
			time.Sleep(next.after)
			got := make([]byte, len(next.want.wire))
			if _, err := io.ReadFull(there, got); err != nil || !bytes.Equal(got, next.want.wire) {
				t.Errorf("read %q, %v, want %q", got, err, next.want.wire)
			}
		}
		s.finish()
	})
}

func TestReadyComesBeforeWhatWasHeldBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, p, _ := piped(defaultBounds)
		s.held = true
		s.push(text(t, "live"))
		synctest.Wait() // a writer would be stuck in its first write now
		s.release(text(t, "ready"))
		for _, want := range []string{`"ready"`, `"live"`} {
			if got := <-p.written; string(got[2:]) != want {
				t.Errorf("%q, want %s", got, want)
			}
		}
		s.finish()
	})
}

func TestOnlyTheCloseFrameFollowsTheEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, p, leavings := piped(defaultBounds)
		s.held = true
		s.push(text(t, "secret"))
		s.end(CloseUnauthorized, "revoked")
		s.push(text(t, "more"))
		if got := <-p.written; string(got[4:]) != "revoked" {
			t.Errorf("%q", got)
		}
		s.end(CloseGoingAway, "again")
		s.finish()
		if leavings.Load() == 0 {
			t.Error("the session stayed in the hub")
		}
	})
}

func TestBrokenWireWakesTheReader(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, p, _ := piped(defaultBounds)
		close(p.broken)
		s.push(text(t, "one"))
		synctest.Wait()
		if len(p.hurried) != 1 || p.hurried[0] != 0 {
			t.Errorf("hurried %v", p.hurried)
		}
		s.finish()
	})
}

func TestPingsAndExpiry(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, p, _ := piped(defaultBounds)
		began := time.Now()
		s.watch(began.Add(40 * time.Second))
		for _, at := range []time.Duration{15 * time.Second, 30 * time.Second} {
			if got := <-p.written; got[0] != finPing || time.Since(began) != at {
				t.Errorf("%q after %v", got, time.Since(began))
			}
		}
		s.refresh(began.Add(50 * time.Second))
		if got := <-p.written; got[0] != finPing {
			t.Errorf("%q after %v", got, time.Since(began))
		}
		if got := <-p.written; got[0] != finClose || string(got[4:]) != "token expired" || time.Since(began) != 50*time.Second {
			t.Errorf("%q after %v", got, time.Since(began))
		}
		s.finish()
	})
}

func TestFrameHeaders(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 125, 126, 127, 1<<16 - 1, 1 << 16, 1<<16 + 1} {
		b := append(make([]byte, headerRoom), bytes.Repeat([]byte("x"), n)...)
		wire := withHeader(finText, b)
		if wire[0] != finText || !strings.HasSuffix(string(wire), strings.Repeat("x", n)) {
			t.Fatalf("%d bytes: % x", n, wire[:min(len(wire), 12)])
		}
		var length, header int
		switch wire[1] {
		case 127:
			header = 10
			for _, d := range wire[2:10] {
				length = length<<8 | int(d)
			}
		case 126:
			header, length = 4, int(wire[2])<<8|int(wire[3])
		default:
			header, length = 2, int(wire[1])
		}
		if length != n || len(wire) != header+n {
			t.Errorf("%d bytes: the header says %d, the frame has %d", n, length, len(wire)-header)
		}
	}
	if got := closeFrame(CloseNoStatus, "x").wire; len(got) != 2 {
		t.Errorf("close without a code: % x", got)
	}
	if got := closeFrame(4401, strings.Repeat("é", 100)).wire; len(got) > 2+maxControl || !bytes.HasSuffix(got, []byte("é")) {
		t.Errorf("long close: %q", got)
	}
}

func TestPanicInOneEventIsItsOwn(t *testing.T) {
	t.Parallel()
	srv := New(Config{Hub: NewHub(HubConfig{})})
	srv.events["boom"] = entry{"", func(context.Context, *socket, json.RawMessage) (any, error) { panic("boom") }}
	_, err := srv.dispatch(&socket{session: &session{}}, request{Event: "boom"})
	if r := refusalOf(err); r.Code != "internal" || strings.Contains(r.Message, "boom") {
		t.Errorf("%+v", r)
	}
	if _, err := srv.dispatch(&socket{session: &session{}}, request{Event: "ping"}); err != nil {
		t.Errorf("the next event: %v", err)
	}
}

func TestSocketThatComesTooLateIsNotCounted(t *testing.T) {
	t.Parallel()
	srv := New(Config{Hub: NewHub(HubConfig{})})
	in, late := new(socket), new(socket)
	if !srv.enter(in) {
		t.Fatal("refused")
	}
	srv.Drain()
	if srv.enter(late) {
		t.Error("let in while draining")
	}
	srv.leave(late)
	select {
	case <-srv.idle:
		t.Error("idle with a socket")
	default:
	}
	srv.leave(in)
	<-srv.idle
	srv.leave(late)
	srv.Drain()
	if err := srv.Shutdown(context.Background()); err != nil {
		t.Error(err)
	}
}

func TestPanicOfASessionEndsIt(t *testing.T) {
	t.Parallel()
	srv := New(Config{Hub: NewHub(HubConfig{})})
	s, p, _ := piped(defaultBounds)
	srv.apart(&socket{session: s}, func() { panic("boom") })
	if got := <-p.written; got[0] != finClose || int(got[2])<<8|int(got[3]) != CloseInternal {
		t.Errorf("%q", got)
	}
	s.finish()
	if err := srv.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestStacksAreUsedAgainAndBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStacks()
		gate, ran := make(chan struct{}), make(chan struct{})
		for range 2 * spareStacks {
			go s.run(func() { ran <- struct{}{}; <-gate })
		}
		for range 2 * spareStacks {
			<-ran
		}
		close(gate)
		synctest.Wait()
		if n := s.spare.Load(); n != spareStacks {
			t.Errorf("%d wait, want %d", n, spareStacks)
		}
		s.run(func() {
			if n := s.spare.Load(); n != spareStacks-1 {
				t.Errorf("%d wait during a call, want %d", n, spareStacks-1)
			}
		})
		s.close()
		s.run(func() {})
	})
}

func TestDeliverAddressing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := NewHub(HubConfig{})
		all := map[string]*session{}
		for _, d := range []struct{ name, user, session string }{
			{"a tab 1", "a", "a1"}, {"a tab 2", "a", "a1"}, {"a phone", "a", "a2"}, {"b", "b", "b1"},
		} {
			s, _, _ := piped(defaultBounds)
			s.userID, s.sessionID, s.held = store.ID(d.user), store.ID(d.session), true
			if err := h.attach(s); err != nil {
				t.Fatal(err)
			}
			all[d.name] = s
		}
		both := []store.ID{"a", "b"}
		for name, c := range map[string]struct {
			event bus.Event
			want  string
		}{
			"everybody":           {bus.Event{To: both}, "a phone,a tab 1,a tab 2,b"},
			"one user":            {bus.Event{To: both[1:]}, "b"},
			"nobody":              {bus.Event{}, ""},
			"a session":           {bus.Event{To: both, Session: "a1"}, "a tab 1,a tab 2"},
			"a socket":            {bus.Event{To: both, Session: all["a tab 2"].id}, "a tab 2"},
			"another's session":   {bus.Event{To: both[1:], Session: "a1"}, ""},
			"all but a session":   {bus.Event{To: both, Except: "a1"}, "a phone,b"},
			"all but a socket":    {bus.Event{To: both, Except: all["a tab 1"].id}, "a phone,a tab 2,b"},
			"a socket each":       {bus.Event{To: both, Only: []store.ID{all["a phone"].id, all["b"].id}}, "a phone,b"},
			"one of them is gone": {bus.Event{To: both, Only: []store.ID{"x", all["b"].id}}, "b"},
		} {
			for _, s := range all {
				s.queue, s.queued = nil, 0
			}
			c.event.Name = "e"
			h.Deliver(c.event)
			var got []string
			for _, n := range []string{"a phone", "a tab 1", "a tab 2", "b"} {
				if len(all[n].queue) > 0 {
					got = append(got, n)
				}
			}
			if strings.Join(got, ",") != c.want {
				t.Errorf("%s: reached %v, want %s", name, got, c.want)
			}
		}
	})
}

func TestEventThatCannotBeEncodedReachesNobody(t *testing.T) {
	t.Parallel()
	h := NewHub(HubConfig{})
	s, _, _ := piped(defaultBounds)
	s.held = true
	if err := h.attach(s); err != nil {
		t.Fatal(err)
	}
	h.Deliver(bus.Event{Name: "e", To: []store.ID{"u"}, Data: make(chan int)})
	if len(s.queue) != 0 {
		t.Error("something was queued")
	}
}

// BenchmarkFanOut delivers one event to a thousand people with a socket each.
func BenchmarkFanOut(b *testing.B) {
	const receivers = 1000
	h := NewHub(HubConfig{})
	var to []store.ID
	var all []*session
	for range receivers {
		s, _, _ := piped(queueBounds{frames: 1 << 20, bytes: 1 << 40})
		s.userID, s.conn = store.NewID(), sink{}
		if err := h.attach(s); err != nil {
			b.Fatal(err)
		}
		to, all = append(to, s.userID), append(all, s)
	}
	data := map[string]any{"message": map[string]any{"id": store.NewID(), "content": strings.Repeat("text ", 40)}}
	b.ReportAllocs()
	for b.Loop() {
		h.Deliver(bus.Event{Name: "message:received", To: to, Data: data})
	}
	b.StopTimer()
	for _, s := range all {
		s.finish()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/receivers, "ns/receiver")
}

// sink is a wire that takes everything.
type sink struct{}

func (sink) read(func() *bytes.Buffer) (bool, error) { return false, io.EOF }
func (sink) write([]*frame) error                    { return nil }
func (sink) hurry(time.Duration)                     {}
func (sink) linger(time.Duration)                    {}
func (sink) close()                                  {}
