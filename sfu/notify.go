package sfu

import "sync"

// notifier calls a leg's handler, one call at a time, from a goroutine of its own. What is to be told is kept as flags and
// latest values, not as a queue, so that a handler that is slow gets fewer, newer calls and nothing grows.
type notifier struct {
	leg     *Leg
	handler LegHandler
	telling *errand

	mu            sync.Mutex // owns the fields below
	states        []State    // not yet told; consecutive ones differ, and a bounded tail is kept
	slotsChanged  bool
	slotsTold     bool
	tracksChanged bool
	layers        map[string][]string // by mid
	codecs        map[string][]string
	closed        bool
	ended         bool // the handler was told that it is closed
}

// maxStates bounds the states kept for a handler that does not return.
const maxStates = 16

func newNotifier(l *Leg, h LegHandler) *notifier {
	if h == nil {
		h = deaf{}
	}
	n := &notifier{leg: l, handler: h}
	n.telling = newErrand(n.round)
	return n
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
	n.note(func() { remember(&n.layers, mid, active) })
}

func (n *notifier) wantCodecs(mid string, usable []string) {
	n.note(func() { remember(&n.codecs, mid, usable) })
}

// remember makes the map first where there is none: most legs are never told of layers or codecs.
func remember(m *map[string][]string, key string, value []string) {
	if *m == nil {
		*m = map[string][]string{}
	}
	(*m)[key] = value
}

// close tells the rest, and last that it is the end, and waits.
func (n *notifier) close() {
	n.note(func() { n.closed = true })
	n.telling.close()
}

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
	n.telling.ask()
}

// round tells everything that is noted.
func (n *notifier) round() {
	n.mu.Lock()
	states, slots, tracks := n.states, n.slotsChanged, n.tracksChanged
	layers, codecs := n.layers, n.codecs
	ending := n.closed && !n.ended
	n.ended = n.closed
	n.states, n.slotsChanged, n.tracksChanged = nil, false, false
	n.layers, n.codecs = nil, nil
	n.slotsTold = n.slotsTold || slots
	n.mu.Unlock()

	defer func() {
		if p := recover(); p != nil {
			n.leg.broke(p)
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
	if ending {
		n.handler.Closed(n.leg.reason)
	}
}

// deaf is the handler of a leg whose owner does not want to hear of it.
type deaf struct{}

func (deaf) Slots([]Slot, Wanted)    {}
func (deaf) Tracks([]Track)          {}
func (deaf) Layers(string, []string) {}
func (deaf) Codecs(string, []string) {}
func (deaf) Connection(State)        {}
func (deaf) Closed(error)            {}
