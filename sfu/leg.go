package sfu

import (
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v4"

	"confab/sfu/allocate"
	"confab/sfu/assign"
	"confab/sfu/section"
)

// Leg is one device's connection with a room: one PeerConnection, which sends and receives. Its methods may be called by
// several goroutines; negotiations wait for each other.
//
// Who owns what: negotiating (a semaphore) is held through a negotiation and owns the PeerConnection's descriptions. mu
// owns what a leg publishes and receives, and is never held while a packet is handled. Packets that come from the client
// are the uplink's, reports about packets sent to it the downlink's. The notifier calls the handler.
type Leg struct {
	id       string
	joined   int // how many joined the room before
	room     *Room
	notifier *notifier
	uplink   uplink
	downlink downlink
	path     path
	moves    *errand     // takes the path that ICE has chosen
	moving   sync.Mutex  // held while that is taken, so that the newest is taken last
	ready    atomic.Bool // connected at least once, with the path's keys decided

	negotiating chan struct{} // semaphore of one
	pc          atomic.Pointer[webrtc.PeerConnection]

	remote, local section.Description // of the last negotiation; owned by negotiating
	stage         stage               // owned by negotiating
	pending       []*slot             // of the ring offer; owned by negotiating
	ring          string              // the offer itself, until it is answered; owned by negotiating

	choosing   sync.Mutex // serialises decide, and owns its memory below; taken before all others
	considered []considered
	videos     []allocate.Video

	mu        sync.Mutex // owns the fields below
	published []*publication
	slots     []*slot // in the order of their sections
	watches   bool    // some are for pictures
	wanted    Wanted
	state     State

	view atomic.Pointer[[]Tile] // nil: no opinion

	shutOnce sync.Once
	reason   error         // set once, before shutting is closed
	shutting chan struct{} // closed when the leg begins to close
	gone     chan struct{} // closed when nothing of it is left
}

// stage is how far a leg's first negotiation is.
type stage int

const (
	stageNew     stage = iota // nothing negotiated
	stageRinging              // our offer waits for its answer
	stageStable
	stageStuck // an offer after the first went wrong half-way
)

func newLeg(r *Room, id string, joined int, h LegHandler) (*Leg, error) {
	l := &Leg{
		id: id, joined: joined, room: r, state: StateConnecting,
		negotiating: make(chan struct{}, 1),
		shutting:    make(chan struct{}), gone: make(chan struct{}),
	}
	l.moves = newErrand(l.move)
	l.notifier = newNotifier(l, h)
	l.uplink.init(l)
	l.downlink.init(l)
	if err := l.connect(); err != nil {
		return nil, err
	}
	return l, nil
}

// connect makes a fresh PeerConnection.
func (l *Leg) connect() error {
	pc, err := l.newPeerConnection()
	if err != nil {
		return fmt.Errorf("sfu: make peer connection: %w", err)
	}
	l.pc.Store(pc)
	pc.SCTP().Transport().ICETransport().OnSelectedCandidatePairChange(func(*webrtc.ICECandidatePair) { l.moves.ask() })
	pc.OnConnectionStateChange(func(s webrtc.PeerConnectionState) {
		if l.pc.Load() == pc {
			l.connectionChanged(s)
		}
	})
	return nil
}

func (l *Leg) connectionChanged(s webrtc.PeerConnectionState) {
	switch s {
	case webrtc.PeerConnectionStateConnected:
		l.opened()
		l.setState(StateGood)
	case webrtc.PeerConnectionStateDisconnected, webrtc.PeerConnectionStateFailed:
		l.setState(StateLost)
	case webrtc.PeerConnectionStateClosed:
		l.shut(ErrPeerClosed) // by DTLS; has no effect if we closed it
	}
}

// move takes the candidate pair that ICE has chosen. It is an errand: Pion waits for its callbacks when it closes, with a lock held
// that is needed here.
func (l *Leg) move() {
	defer func() {
		if p := recover(); p != nil {
			l.broke(p)
		}
	}()
	l.moving.Lock()
	defer l.moving.Unlock()
	pair, err := l.pc.Load().SCTP().Transport().ICETransport().GetSelectedCandidatePair()
	if err == nil && pair != nil && !l.closing() {
		l.selected(pair)
	}
}

// selected takes the candidate pair that ICE chose. A leg that cannot follow is ended: its client has to come anew.
func (l *Leg) selected(pair *webrtc.ICECandidatePair) {
	local, err := l.pc.Load().SCTP().Transport().ICETransport().GetLocalParameters()
	if err == nil {
		err = l.path.selected(pair, local.UsernameFragment, l.room.server.cfg.Transport.TCPMux())
		for _, s := range l.receiving() {
			s.redirect()
		}
		l.takeMedia()
	}
	if err != nil && !l.closing() {
		l.room.server.log.Warn("sfu: follow the transport", "leg", l.id, "error", err)
		l.shut(ErrTransport)
	}
}

// opened is called when the connection stands, for the first time or again: slots may send.
func (l *Leg) opened() {
	if l.ready.Load() {
		return
	}
	l.move() // the callback may still be on its way
	if err := l.path.keyed(); err == nil {
		if l.room.server.batch != nil {
			l.room.server.counters.directLegs.Add(1)
		}
	} else {
		l.room.server.log.Debug("sfu: media goes through Pion", "leg", l.id, "reason", err)
	}
	l.ready.Store(true)
	l.takeMedia()
	// Until now packets went nowhere: everything begins now, pictures with what the rings have since their last key frame.
	for _, s := range l.receiving() {
		s.rest()
	}
	l.downlink.poke()
}

// setState tells a change of state. Poor and good are the downlink's to tell apart, and only while connected.
func (l *Leg) setState(s State) {
	l.mu.Lock()
	changed := l.state != s
	l.state = s
	l.mu.Unlock()
	if changed {
		l.notifier.state(s)
	}
}

func (l *Leg) currentState() State {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.state
}

// ID returns the id that the leg joined with.
func (l *Leg) ID() string { return l.id }

// View says which pictures the receiver shows, first ones first. Nil means that it does not care: screen shares, active
// speakers, then order of joining. An empty list that is not nil means that it shows none.
func (l *Leg) View(tiles []Tile) {
	if tiles == nil {
		l.view.Store(nil)
	} else {
		view := slices.Clone(tiles[:min(len(tiles), section.MaxSections)])
		if view == nil {
			view = []Tile{}
		}
		l.view.Store(&view)
	}
	l.room.changed()
	l.downlink.poke()
}

// tiles returns the view as assignment wants it: nil for no opinion.
func (l *Leg) tiles() []assign.Tile {
	view := l.view.Load()
	if view == nil {
		return nil
	}
	out := make([]assign.Tile, len(*view))
	for i, t := range *view {
		out[i] = assign.Tile{Leg: t.Leg, Source: t.Source}
	}
	return out
}

// Mute stops or resumes forwarding of what the leg publishes from a source, at once, also if nothing was sent yet.
// Errors: ErrUnknownTrack, ErrClosed.
func (l *Leg) Mute(source string, muted bool) error {
	if l.closing() {
		return ErrClosed
	}
	found := l.uplink.muteAhead(source, muted) // first, so that no publication is made in between
	for _, p := range l.publications() {
		if p.source() == source {
			p.mute(muted)
		}
	}
	if !found {
		return fmt.Errorf("%w: %q", ErrUnknownTrack, source)
	}
	l.notifier.tracks()
	l.room.published()
	return nil
}

// Tracks returns what the leg publishes, in the order of its sections.
func (l *Leg) Tracks() []Track {
	published := l.publications()
	tracks := make([]Track, len(published))
	for i, p := range published {
		tracks[i] = Track{ID: p.id, Kind: p.kind, Source: p.source(), Muted: p.muted.Load(), MID: p.mid}
	}
	return tracks
}

// Slots returns what the leg's receiving sections carry, as last told by LegHandler.Slots or about to be.
func (l *Leg) Slots() ([]Slot, Wanted) {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := make([]Slot, len(l.slots))
	for i, s := range l.slots {
		out[i] = s.told()
	}
	return out, l.wanted
}

// publications and receiving return lists that others share: they only ever grow, so what was returned stays as it is.
func (l *Leg) publications() []*publication {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clip(l.published)
}

func (l *Leg) receiving() []*slot {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clip(l.slots)
}

// listens tells whether the leg sends nothing and is sent sound alone.
func (l *Leg) listens() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.published) == 0 && !l.watches
}

// assigned returns the leg's slots for the next decision.
func (l *Leg) assigned() []assign.Slot {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := make([]assign.Slot, len(l.slots))
	for i, s := range l.slots {
		out[i] = assign.Slot{MID: s.mid, Kind: s.kind}
		if s.source != nil {
			out[i].Track = s.source.id
		}
	}
	return out
}

// assign takes a decision of the room's, and tells whether it is another than the last. What a slot no longer carries stops at
// once; what it carries now begins when the handler was told.
func (l *Leg) assign(next []assign.Slot, wanted Wanted, published map[string]*publication) (changed bool) {
	l.mu.Lock()
	changed = l.wanted != wanted || l.notifier.neverTold()
	l.wanted = wanted
	for i, a := range next {
		s, p := l.slots[i], published[a.Track]
		if s.source != p {
			changed = true
			s.source = p
			s.detach()
		}
		if blocked := p != nil && !s.decodes(p); blocked != s.blocked {
			changed = true
			s.blocked = blocked
		}
	}
	l.mu.Unlock()
	if changed {
		l.notifier.slots()
	}
	return changed
}

// cannotDecode tells whether a slot should carry a publication and cannot.
func (l *Leg) cannotDecode(p *publication) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.ContainsFunc(l.slots, func(s *slot) bool { return s.source == p && s.blocked })
}

// takes tells whether the leg's slots of a kind decode a codec, all of them; true if it has none.
func (l *Leg) takes(kind string, c section.Codec) bool {
	for _, s := range l.receiving() {
		if s.kind != kind {
			continue
		}
		s.mu.Lock()
		_, _, ok := s.section.decoder(c)
		s.mu.Unlock()
		if !ok {
			return false
		}
	}
	return true
}

// attach begins what the handler was just told. The assignment may have changed again meanwhile; then another telling
// follows, and another attach.
func (l *Leg) attach() {
	type pair struct {
		slot   *slot
		source *publication
	}
	l.mu.Lock()
	pairs := make([]pair, len(l.slots))
	for i, s := range l.slots {
		pairs[i] = pair{s, s.source}
		if s.blocked {
			pairs[i].source = nil
		}
	}
	l.mu.Unlock()
	for _, p := range pairs {
		if p.source == nil {
			p.slot.detach()
		} else {
			p.slot.attach(p.source)
		}
	}
	l.choose(time.Now())
}

// writeRTCP sends reports and feedback to the client; without a connection they are lost, as on the network.
func (l *Leg) writeRTCP(packets ...rtcp.Packet) {
	if err := l.pc.Load().WriteRTCP(packets); err != nil && !l.closing() {
		l.room.server.counters.sendErrors.Add(1)
	}
}

// broke ends the leg after a panic in code that worked for it. It is called deferred, with what recover returned.
func (l *Leg) broke(p any) {
	if p == nil {
		return
	}
	l.room.server.counters.panics.Add(1)
	l.room.server.log.Error("sfu: panic in a leg", "leg", l.id, "panic", p, "stack", string(debug.Stack()))
	l.shut(ErrPanic)
}

func (l *Leg) closing() bool {
	select {
	case <-l.shutting:
		return true
	default:
		return false
	}
}

// Close leaves the room and waits until nothing of the leg is left. It is idempotent. The handler's Closed has returned by
// then, so Close must not be called from a handler: use CloseAsync there.
func (l *Leg) Close() error {
	l.shut(nil)
	<-l.gone
	return nil
}

// CloseAsync is Close without the waiting.
func (l *Leg) CloseAsync() { l.shut(nil) }

// shut begins to close the leg, once. It does not wait, so that packet paths and Pion's callbacks may call it.
func (l *Leg) shut(reason error) {
	l.shutOnce.Do(func() {
		l.reason = reason
		close(l.shutting)
		go l.finish()
	})
}

// finish frees what the leg holds, in an order in which nothing new can be attached to what is freed already.
func (l *Leg) finish() {
	l.room.leave(l)
	for _, s := range l.receiving() {
		s.detach()
	}
	for _, p := range l.publications() {
		p.end()
	}
	l.negotiating <- struct{}{} // a negotiation under way ends first; no other begins after shutting
	if err := l.pc.Load().GracefulClose(); err != nil {
		l.room.server.log.Debug("sfu: close peer connection", "leg", l.id, "error", err)
	}
	l.moves.close()
	if err := l.path.close(); err != nil {
		l.room.server.log.Debug("sfu: close path", "leg", l.id, "error", err)
	}
	l.notifier.close()
	l.downlink.attention.close()
	l.downlink.settle() // no other tick begins after shutting
	l.uplink.close()
	l.downlink.burst.close()
	if l.room.server.batch != nil && l.path.keys.Load() != nil {
		l.room.server.counters.directLegs.Add(-1)
	}
	close(l.gone)
}
