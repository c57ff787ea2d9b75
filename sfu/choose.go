package sfu

import (
	"cmp"
	"slices"
	"time"

	"confab/sfu/allocate"
	"confab/sfu/bandwidth"
	"confab/sfu/codec"
)

const (
	// idleBefore is how long nobody may want a layer before its sender is told to stop it: long enough for a tile that
	// is dragged about, short enough to save something.
	idleBefore = 2 * time.Second
	// awaitBefore is the same while a layer that is wanted does not come. Senders cannot always send them all: browsers leave the
	// largest of three out while another is active and the camera's picture is small, or bandwidth or time is short.
	awaitBefore = 300 * time.Millisecond
	// toldAgain is how long a layer that is wanted may be away until its sender is told of it again, doubled each time up to
	// mostToldAgain: cameras take a second to begin, and who does not send at all need not hear of it for ever.
	toldAgain     = 2 * time.Second
	mostToldAgain = 32 * time.Second
	// crowd is the number of pictures from which on those of unknown size are taken for small.
	crowd = 4
	// crowdHeight is their height, in lines.
	crowdHeight = 360
	// soundRate is what a slot with sound is taken to cost, in bits per second.
	soundRate = 40_000
)

// choose decides which layer each slot of the leg is to carry, from what it shows and what its path bears, and gives the
// slots that begin with one what they have missed. The notifier and whoever ticks the leg call it.
func (l *Leg) choose(now time.Time) {
	for _, b := range l.decide(now) {
		if !b.slot.catchUp(b.layer, now) {
			b.slot.await()
		}
	}
}

// beginning is a slot that begins with a layer.
type beginning struct {
	slot  *slot
	layer *layer
}

func (l *Leg) decide(now time.Time) (begun []beginning) {
	l.choosing.Lock()
	defer l.choosing.Unlock()
	l.considered = l.considered[:0]
	wanted, starved := int64(0), false
	budget := l.downlink.budget()
	for _, s := range l.receiving() {
		busy, muted := s.busy()
		if !busy {
			continue
		}
		if s.kind == KindVideo {
			l.considered = append(l.considered, considered{slot: s, order: len(l.considered), muted: muted})
			continue
		}
		s.aim(allocate.Choice{Temporal: allocate.AllTemporal}, now) // all of it
		if muted {
			continue
		}
		wanted += soundRate
		if budget > 0 {
			budget = max(bandwidth.Floor, budget-soundRate)
		}
	}
	if len(l.considered) == 0 {
		l.downlink.wanted.Store(0)
		l.downlink.starved.Store(false)
		return nil
	}
	l.see(l.considered)
	slices.SortStableFunc(l.considered, func(a, b considered) int { return a.order - b.order })
	videos := l.videos[:0]
	chosen := l.considered[:0] // those that are left of it
	for _, c := range l.considered {
		v, ok := c.slot.options()
		if !ok {
			continue
		}
		v.Height = c.height
		if c.muted { // it costs nothing, and begins with what its tile deserves
			c.slot.aim(allocate.Choice{Layer: v.Ideal(), Temporal: allocate.AllTemporal}, now)
			continue
		}
		videos = append(videos, v)
		chosen = append(chosen, c)
	}
	l.videos = videos
	for i, c := range allocate.Choose(videos, budget) {
		ideal := videos[i].Ideal()
		starved = starved || c.Layer < ideal || c.Temporal < videos[i].Temporal-1
		if layer := chosen[i].slot.aim(c, now); layer != nil {
			begun = append(begun, beginning{chosen[i].slot, layer})
		}
		wanted += videos[i].Cost(allocate.Choice{Layer: ideal, Temporal: allocate.AllTemporal})
	}
	l.downlink.wanted.Store(wanted)
	l.downlink.starved.Store(starved)
	return begun
}

// considered is a slot for a picture, for which a layer is being chosen.
type considered struct {
	slot   *slot
	height int // lines that the picture is shown with, 0 if unknown
	order  int // its place in the view
	muted  bool
}

// see finds out how large each slot's picture is shown, and in which place of the view.
func (l *Leg) see(slots []considered) {
	view := l.view.Load()
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range slots {
		c := &slots[i]
		if c.slot.source == nil {
			continue
		}
		if view == nil {
			if len(slots) > crowd {
				c.height = crowdHeight
			}
			continue
		}
		leg, source := c.slot.source.leg.id, c.slot.source.source()
		at := slices.IndexFunc(*view, func(t Tile) bool { return t.Leg == leg && t.Source == source })
		if at >= 0 {
			c.height, c.order = (*view)[at].Height, at
		}
	}
}

// busy tells whether the slot has a publication, and whether that is muted.
func (s *slot) busy() (busy, muted bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.publication != nil, s.publication != nil && s.publication.muted.Load()
}

// options returns what the slot could carry; it is false if it has no publication.
func (s *slot) options() (allocate.Video, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.publication
	if p == nil {
		return allocate.Video{}, false
	}
	layers := p.options()
	if len(p.rids) == 0 && len(layers) > 1 && s.ids.descriptor == 0 && p.all()[0].format.Load().kind == codec.AV1 {
		// Without the dependency descriptor a decoder takes spatial layers for pictures of their own, and is lost.
		layers = layers[:1]
	}
	return allocate.Video{Layers: layers, Temporal: p.temporals(), Now: s.choice}, true
}

// aim sets the choice. The layer wanted may not be there yet, or no more; then the nearest that is there has to do, a
// smaller one rather than a larger. It returns the layer if the slot is to go on with it.
func (s *slot) aim(c allocate.Choice, now time.Time) (begun *layer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.publication
	if p == nil {
		return nil
	}
	climbs, news := s.climbs(c), c.Layer != s.choice.Layer
	s.choice = c
	if news {
		p.demand(s, c.Layer)
	}
	if c.Layer == allocate.None {
		s.carry(nil, nil)
		return nil
	}
	target := p.nearest(c.Layer, now)
	if target == nil || target == s.target {
		if climbs && s.current != nil {
			s.current.askKeyFrame()
		}
		return nil
	}
	s.carry(s.current, target)
	return target // which is in the ring, or is asked for
}

// index returns a layer's place among those announced.
func (p *publication) index(l *layer) int { return max(0, slices.Index(p.rids, l.rid)) }

// options describes all layers announced, for allocation: simulcast layers, or the spatial layers of a single stream.
func (p *publication) options() []allocate.Layer {
	all := p.all()
	if len(p.rids) == 0 && len(all) == 1 && all[0].spatials.Load() > 1 {
		return all[0].spatialOptions()
	}
	out := make([]allocate.Layer, max(1, len(p.rids)))
	for _, l := range all {
		o := &out[p.index(l)]
		o.Height = l.lines()
		o.BitsPerSec = l.rate.value.Load()
	}
	return out
}

func (p *publication) temporals() int {
	most := 0
	for _, l := range p.all() {
		most = max(most, int(l.temporals.Load()))
	}
	return most
}

// nearest returns the layer to send when one is wanted: the best live one up to it, else the least live one above it, else
// any.
func (p *publication) nearest(wanted int, now time.Time) *layer {
	var below, above, any *layer
	for _, l := range p.all() { // worst first
		any = l
		switch i := p.index(l); {
		case !l.live(now):
		case i <= wanted:
			below = l
		case above == nil:
			above = l
		}
	}
	return cmp.Or(below, above, any)
}

// demand notes which layer a slot wants; None for no more. A change that the sender has to hear of reaches it soon.
func (p *publication) demand(s *slot, layer int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	old, had := p.demands[s]
	if layer == allocate.None {
		delete(p.demands, s)
	} else {
		p.demands[s] = layer
	}
	if !had || old != layer {
		p.leg.downlink.poke()
	}
}

// names returns the layers' names, worst first; the one of a track without simulcast is empty.
func (p *publication) names() []string {
	if len(p.rids) == 0 {
		return []string{""}
	}
	return p.rids
}

// activity tells which layers the sender should send, and whether that is news to it: those that are wanted or were
// until lately. Of a muted track none is.
func (p *publication) activity(now time.Time) (active []string, news bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	wanted := make([]bool, len(p.names()))
	for _, layer := range p.demands {
		wanted[min(layer, len(wanted)-1)] = !p.muted.Load() // the layers of one stream are wanted or not as one
	}
	if p.undecodable.Load() && !p.muted.Load() {
		wanted[0] = true // or its sender would fall silent, and nobody would learn that it has changed its codec
	}
	grace := idleBefore
	if p.missing(wanted, now, awaitBefore) >= 0 {
		grace = awaitBefore
	}
	again := p.missesOut(wanted, now)
	for i, name := range p.names() {
		if wanted[i] {
			delete(p.idle, name)
		} else if p.idle[name].IsZero() {
			p.idle[name] = now
		}
		if wanted[i] || (p.active == nil || slices.Contains(p.active, name)) && now.Sub(p.idle[name]) < grace {
			active = append(active, name)
		}
	}
	if p.ended || p.active == nil && len(active) == len(wanted) || p.active != nil && slices.Equal(active, p.active) && !again {
		return active, false
	}
	p.active = slices.Clone(active)
	if p.active == nil {
		p.active = []string{}
	}
	return p.active, true
}

// missesOut tells whether a sender that does not send what is wanted is to be told again, later and later: what it was told may
// have been lost with its socket, or may not have been possible then. The layer below is wanted too until the one above comes,
// since the sender may not have the bandwidth or the time for that. Called with mu held.
func (p *publication) missesOut(wanted []bool, now time.Time) (again bool) {
	missing := p.missing(wanted, now, deadAfter)
	if p.active == nil || missing < 0 {
		p.patience, p.tellAgain = 0, time.Time{}
		return false
	}
	if p.tellAgain.IsZero() {
		p.patience = toldAgain
		p.tellAgain = now.Add(p.patience)
		return false
	}
	if again = !now.Before(p.tellAgain); again {
		p.patience = min(2*p.patience, mostToldAgain)
		p.tellAgain = now.Add(p.patience)
	}
	if missing > 0 && p.patience > toldAgain {
		wanted[missing-1] = true
	}
	return again
}

// missing returns the least layer that is wanted and has not come for so long, or -1. Called with mu held.
func (p *publication) missing(wanted []bool, now time.Time, long time.Duration) int {
	all := p.all()
	for i, w := range wanted {
		comes := func(l *layer) bool { return p.index(l) == i && now.UnixNano()-l.seen.Load() < int64(long) }
		if w && !slices.ContainsFunc(all, comes) {
			return i
		}
	}
	return -1
}

// tellActivity tells the sender which layers are wanted, if that has changed.
func (l *Leg) tellActivity(now time.Time) {
	for _, p := range l.publications() {
		if p.kind != KindVideo {
			continue
		}
		if active, news := p.activity(now); news {
			l.notifier.wantLayers(p.mid, active)
		}
	}
}
