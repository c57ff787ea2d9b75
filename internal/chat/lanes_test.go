package chat

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"sync"
	"testing"

	"confab/internal/bus"
	"confab/store"
)

// revs takes the revisions down, which the tests put into Data.
type revs struct {
	mu  sync.Mutex
	got []int64
}

func (r *revs) publish(e bus.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.got = append(r.got, e.Data.(int64))
}

func (t *turn) publishRev(rev int64) { t.publish(rev, bus.Event{Data: rev}) }

func TestLaneHoldsBackUntilTheEarlierOneIsKnown(t *testing.T) {
	t.Parallel()
	out := &revs{}
	l := newLanes(out.publish)
	first, second := l.enter("c"), l.enter("c")
	second.publishRev(6)
	if len(out.got) != 0 {
		t.Fatal("6 went out while 5 may still come")
	}
	first.publishRev(5)
	if !slices.Equal(out.got, []int64{5, 6}) {
		t.Fatalf("got %v", out.got)
	}
}

func TestLaneDoesNotWaitForWhoCameLater(t *testing.T) {
	t.Parallel()
	out := &revs{}
	l := newLanes(out.publish)
	ready, earlier := l.enter("c"), l.enter("c")
	ready.publishRev(1)
	later := l.enter("c")
	earlier.leave()
	if !slices.Equal(out.got, []int64{1}) {
		t.Fatalf("got %v: 1 waits for one that came after it", out.got)
	}
	l.enter("c").publishRev(2) // later is open still, but 2 follows 1
	if !slices.Equal(out.got, []int64{1, 2}) {
		t.Fatalf("got %v", out.got)
	}
	later.leave()
}

func TestLaneLetsGoWhenTheEarlierOneFails(t *testing.T) {
	t.Parallel()
	out := &revs{}
	l := newLanes(out.publish)
	first, second := l.enter("c"), l.enter("c")
	second.publishRev(9)
	first.leave()
	first.leave()
	if !slices.Equal(out.got, []int64{9}) {
		t.Fatalf("got %v", out.got)
	}
	if len(l.byChat) != 0 {
		t.Error("an idle lane is kept")
	}
}

// TestLanesInOrder lets many requests race, each taking its revision between enter and publish as a transaction does.
func TestLanesInOrder(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		out := &revs{}
		l := newLanes(out.publish)
		var lock sync.Mutex // the chat's lock
		var last int64
		var wg sync.WaitGroup
		for i := range 40 {
			wg.Go(func() {
				random := rand.New(rand.NewPCG(seed, uint64(i)))
				for range 20 {
					turn := l.enter("c")
					if random.IntN(5) == 0 {
						turn.leave()
						continue
					}
					lock.Lock()
					last++
					rev := last
					lock.Unlock()
					turn.publishRev(rev)
				}
			})
		}
		wg.Wait()
		if int64(len(out.got)) != last || !slices.IsSorted(out.got) {
			t.Fatalf("seed %d: %d of %d went out, sorted: %v", seed, len(out.got), last, slices.IsSorted(out.got))
		}
		if len(l.byChat) != 0 {
			t.Errorf("seed %d: an idle lane is kept", seed)
		}
	}
}

func TestAsidesDoNotReachWhoLostTheChat(t *testing.T) {
	t.Parallel()
	var got [][]store.ID
	l := newLanes(func(e bus.Event) { got = append(got, e.To) })
	all := []store.ID{"a", "b"}
	leave := l.attend("c") // and here the members are read
	l.enter("c").publish(1, bus.Event{To: []store.ID{"b"}, Data: ChatRemovedEvent{}})
	l.aside("c", bus.Event{To: all})
	l.aside("c", bus.Event{To: []store.ID{"b"}})
	l.enter("c").publish(2, bus.Event{To: []store.ID{"b"}, Data: ChatCreatedEvent{}})
	l.aside("c", bus.Event{To: all})
	leave()
	if want := [][]store.ID{{"b"}, {"a"}, {"b"}, {"a", "b"}}; !reflect.DeepEqual(got, want) {
		t.Errorf("told %v, want %v", got, want)
	}
	if !slices.Equal(all, []store.ID{"a", "b"}) || len(l.byChat) != 0 {
		t.Errorf("left behind: %v, %v", all, l.byChat)
	}
}
