package sfu

import (
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"confab/sfu/assign"
	"confab/sfu/loudness"
)

const (
	// speakersPeriod is the least time between two calls of RoomHandler.Speakers.
	speakersPeriod = 200 * time.Millisecond
	// maxSpeakers bounds the list of speakers: more voices than that at once are a crowd.
	maxSpeakers = 16
)

// Room is a set of legs that receive each other. Its methods may be called by several goroutines.
//
// One goroutine, run, decides what every leg receives. It is woken when anything changes that the decision depends on,
// and takes as long as there are changes, so that a hundred joins at once cost few rounds.
type Room struct {
	server  *Server
	handler RoomHandler
	wake    chan struct{}  // capacity 1: something changed
	beat    chan time.Time // capacity 1: the server's pulse, when it is time to look who is speaking
	stop    chan struct{}
	done    chan struct{}
	making  sync.WaitGroup // legs that are being made; added to under mu, and not once closed
	news    atomic.Uint64  // counts changes of what is published

	mu       sync.Mutex          // owns the fields below
	legs     []*Leg              // those that came first are first, but for legs that join at the same time
	expected map[string]struct{} // legs that are being made
	joined   int                 // legs ever joined
	closed   bool

	beats int // of the pulse so far; owned by it

	// owned by run
	heard    uint64   // of news
	loudest  []string // ids of tracks: the ranking with its hysteresis
	speakers []string // ids of legs whose microphones are among them
	told     []Speaker
	toldAt   time.Time
}

func newRoom(s *Server, h RoomHandler) *Room {
	r := &Room{
		server: s, handler: h, expected: map[string]struct{}{},
		wake: make(chan struct{}, 1), beat: make(chan time.Time, 1), stop: make(chan struct{}), done: make(chan struct{}),
	}
	go r.run()
	return r
}

// Join adds a leg with an id of the caller's that is unique in the room. Nothing flows before a negotiation by
// RingOffer and Answer, or by Offer. Errors: ErrClosed, ErrDuplicateLeg, ErrFull.
func (r *Room) Join(id string, h LegHandler) (*Leg, error) {
	joined, err := r.expect(id)
	if err != nil {
		return nil, err
	}
	defer r.making.Done()
	l, err := newLeg(r, id, joined, h) // takes a while: others join meanwhile
	r.mu.Lock()
	delete(r.expected, id)
	closed := r.closed
	if err == nil && !closed {
		r.legs = append(r.legs, l)
	}
	r.mu.Unlock()
	if err != nil {
		return nil, err
	}
	if closed {
		l.shut(ErrClosed)
		<-l.gone
		return nil, ErrClosed
	}
	return l, nil
}

// expect reserves a place for a leg, and returns how many came before.
func (r *Room) expect(id string) (joined int, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, expected := r.expected[id]
	switch {
	case r.closed:
		return 0, ErrClosed
	case expected || slices.ContainsFunc(r.legs, func(l *Leg) bool { return l.id == id }):
		return 0, fmt.Errorf("%w: %q", ErrDuplicateLeg, id)
	case len(r.legs)+len(r.expected) >= r.server.cfg.MaxLegs:
		return 0, fmt.Errorf("%w: %d legs", ErrFull, len(r.legs))
	}
	r.expected[id] = struct{}{}
	r.making.Add(1)
	r.joined++
	return r.joined - 1, nil
}

// Close closes all legs and waits. It is idempotent.
func (r *Room) Close() error {
	r.close()
	return nil
}

func (r *Room) close() {
	r.mu.Lock()
	first := !r.closed
	r.closed = true
	legs := slices.Clone(r.legs)
	r.mu.Unlock()
	var wait sync.WaitGroup
	for _, l := range legs {
		wait.Go(func() {
			l.shut(ErrClosed)
			<-l.gone
		})
	}
	wait.Wait()
	r.making.Wait()
	if first {
		close(r.stop)
	}
	<-r.done
	r.server.forget(r)
}

// leave takes a leg out. Its tracks are gone for the others at the next round.
func (r *Room) leave(l *Leg) {
	r.mu.Lock()
	r.legs = slices.DeleteFunc(r.legs, func(other *Leg) bool { return other == l })
	r.mu.Unlock()
	r.changed()
}

// published tells that there is something new to choose from: a track, a layer, another format, or sound and pictures again
// that were muted.
func (r *Room) published() {
	r.news.Add(1)
	r.changed()
}

// changed wakes the room's goroutine.
func (r *Room) changed() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

func (r *Room) size() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.legs)
}

func (r *Room) members() []*Leg {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.legs)
}

func (r *Room) run() {
	defer close(r.done)
	for {
		select {
		case <-r.stop:
			return
		case <-r.wake:
			r.guard(r.distribute)
		case now := <-r.beat:
			r.guard(func() { r.listen(now) })
		}
	}
}

// guard keeps a room alive through a panic in its own goroutine, which would otherwise end the process: the round is lost,
// and the next one starts from the state of the legs again.
func (r *Room) guard(round func()) {
	defer func() {
		if p := recover(); p != nil {
			r.server.counters.panics.Add(1)
			r.server.log.Error("sfu: panic in a room", "panic", p, "stack", string(debug.Stack()))
		}
	}()
	round()
}

// listen ranks the speakers, tells them, and follows a changed order with the slots.
func (r *Room) listen(now time.Time) {
	var entries []loudness.Entry
	microphones := map[string]string{} // whose, by the track
	for _, l := range r.members() {
		for _, p := range l.publications() {
			if p.kind != KindAudio || p.muted.Load() {
				continue
			}
			if level := p.meter.Level(now); level > 0 {
				entries = append(entries, loudness.Entry{ID: p.id, Level: level})
			}
			if p.source() == SourceMicrophone {
				microphones[p.id] = l.id
			}
		}
	}
	ranked := loudness.Rank(r.loudest, entries)
	ranked = ranked[:min(len(ranked), maxSpeakers)]
	loudest := make([]string, len(ranked))
	var ids []string
	var speakers []Speaker
	for i, e := range ranked {
		loudest[i] = e.ID
		if leg, ok := microphones[e.ID]; ok {
			ids = append(ids, leg)
			// In tenths: a change that no eye sees is none.
			speakers = append(speakers, Speaker{Leg: leg, Level: float64(int(e.Level*10+0.5)) / 10})
		}
	}
	if !slices.Equal(loudest, r.loudest) {
		r.loudest, r.speakers = loudest, ids
		r.distribute()
	}
	if r.handler != nil && now.Sub(r.toldAt) >= speakersPeriod && !slices.Equal(speakers, r.told) {
		r.told, r.toldAt = speakers, now
		r.handler.Speakers(speakers)
	}
}

// distribute decides anew what all slots of all legs carry. When fifty join one after the other, each time fifty get nothing
// new, and are left alone.
func (r *Room) distribute() {
	news := r.news.Load()
	fresh := news != r.heard
	r.heard = news
	legs := r.members()
	var tracks []assign.Track
	published := map[string]*publication{}
	for _, l := range legs {
		for _, p := range l.publications() {
			published[p.id] = p
			tracks = append(tracks, assign.Track{
				ID: p.id, Leg: l.id, Kind: p.kind, Source: p.source(), Muted: p.muted.Load(), Joined: l.joined,
			})
		}
	}
	for _, l := range legs {
		slots := l.assigned()
		next, wanted := assign.Tracks(assign.Input{
			Self: l.id, Tracks: tracks, Slots: slots, View: l.tiles(), Loudest: r.loudest, Speakers: r.speakers,
		})
		if l.assign(next, Wanted(wanted), published) || fresh {
			l.downlink.poke()
		}
	}
	r.reconcile(legs, published)
}

// reconcile tells publishers whose codec somebody cannot decode which ones all could.
func (r *Room) reconcile(legs []*Leg, published map[string]*publication) {
	for _, p := range published {
		blocked := slices.ContainsFunc(legs, func(l *Leg) bool { return l.cannotDecode(p) })
		if p.undecodable.Swap(blocked) != blocked {
			p.leg.downlink.poke()
		}
		if !blocked {
			p.advised = nil
			continue
		}
		if usable := p.usable(legs); !slices.Equal(usable, p.advised) || p.advised == nil {
			p.advised = usable
			p.leg.notifier.wantCodecs(p.mid, usable)
		}
	}
}
