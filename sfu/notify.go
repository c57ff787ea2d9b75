package sfu

import "sync"

// notifier calls a leg's handler, one call at a time, from a goroutine of its own. What is to be told is kept as flags and
// latest values, not as a queue, so that a handler that is slow gets fewer, newer calls and nothing grows.
type notifier struct {
	leg     *Leg
	handler LegHandler
	wake    chan struct{} // capacity 1
	done    chan struct{}

	mu            sync.Mutex // owns the fields below
	states        []State    // not yet told; consecutive ones differ, and a bounded tail is kept
	slotsChanged  bool
	slotsTold     bool
	tracksChanged bool
	layers        map[string][]string // by mid
	codecs        map[string][]string
	closed        bool
}

// maxStates bounds the states kept for a handler that does not return.
const maxStates = 16

func newNotifier(l *Leg, h LegHandler) *notifier {
	if h == nil {
		h = deaf{}
	}
	return &notifier{
		leg: l, handler: h, wake: make(chan struct{}, 1), done: make(chan struct{}),
		layers: map[string][]string{}, codecs: map[string][]string{},
	}
}

func (n *notifier) state(s State) {
	n.note(func() {
		if len(n.states) == maxStates {
			n.states = n.states[1:]
		}
		n.states = append(n.states, s)
	})
}

func (n *notifier) slots()  { n.note(func() { n.slotsChanged = true }) }
func (n *notifier) tracks() { n.note(func() { n.tracksChanged = true }) }

func (n *notifier) wantLayers(mid string, active []string) {
	n.note(func() { n.layers[mid] = active })
}

func (n *notifier) wantCodecs(mid string, usable []string) {
	n.note(func() { n.codecs[mid] = usable })
}

func (n *notifier) close() { n.note(func() { n.closed = true }) }

// neverTold tells whether the handler has not heard of any slots yet.
func (n *notifier) neverTold() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return !n.slotsTold && !n.slotsChanged
}

func (n *notifier) note(change func()) {
	n.mu.Lock()
	change()
	n.mu.Unlock()
	select {
	case n.wake <- struct{}{}:
	default:
	}
}

func (n *notifier) run() {
	defer close(n.done)
	for range n.wake {
		if n.round() {
			return
		}
	}
}

// round tells everything that is noted, and reports whether that was the end.
func (n *notifier) round() (ended bool) {
	n.mu.Lock()
	states, slots, tracks := n.states, n.slotsChanged, n.tracksChanged
	layers, codecs := n.layers, n.codecs
	closed := n.closed
	n.states, n.slotsChanged, n.tracksChanged = nil, false, false
	n.layers, n.codecs = map[string][]string{}, map[string][]string{}
	n.slotsTold = n.slotsTold || slots
	n.mu.Unlock()

	defer func() {
		if p := recover(); p != nil {
			n.leg.broke(p)
			ended = closed
		}
	}()
	for _, s := range states {
		n.handler.Connection(s)
	}
	if tracks {
		n.handler.Tracks(n.leg.Tracks())
	}
	if slots {
		told, wanted := n.leg.Slots()
		n.handler.Slots(told, wanted)
		n.leg.attach()
	}
	for mid, active := range layers {
		n.handler.Layers(mid, active)
	}
	for mid, usable := range codecs {
		n.handler.Codecs(mid, usable)
	}
	if closed {
		n.handler.Closed(n.leg.reason)
	}
	return closed
}

// deaf is the handler of a leg whose owner does not want to hear of it.
type deaf struct{}

func (deaf) Slots([]Slot, Wanted)    {}
func (deaf) Tracks([]Track)          {}
func (deaf) Layers(string, []string) {}
func (deaf) Codecs(string, []string) {}
func (deaf) Connection(State)        {}
func (deaf) Closed(error)            {}
