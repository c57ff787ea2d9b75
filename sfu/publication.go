package sfu

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"confab/sfu/cache"
	"confab/sfu/codec"
	"confab/sfu/loudness"
	"confab/sfu/packet"
	"confab/sfu/section"
)

// publication is what a leg sends on one section: a track, in one layer or in several (simulcast). Publications are keyed
// by mid, because ids of tracks and streams outlive RTCRtpSender.replaceTrack.
type publication struct {
	id   string
	mid  string
	kind string
	leg  *Leg
	rids []string // simulcast layers announced, worst first; nil without simulcast

	muted       atomic.Bool
	undecodable atomic.Bool // somebody who is to receive it cannot decode its codec
	named       atomic.Pointer[string]
	layers      atomic.Pointer[[]*layer] // immutable snapshot, worst first
	meter       loudness.Meter           // fed by the uplink

	advised []string // codecs that the publisher was last told to choose from; owned by the room's goroutine

	mu      sync.Mutex // serialises changes of layers; owns the fields below
	ended   bool
	demands map[*slot]int        // which layer each slot wants, whether it arrives or not
	idle    map[string]time.Time // since when nobody wants a layer
	active  []string             // as last told; nil before

	tellAgain time.Time     // when that is told again; zero while all comes that is wanted
	patience  time.Duration // until then
}

// media is a packet of a layer on its way to the slots. It is valid until the layer's forward returns.
type media struct {
	packet.Packet
	came        time.Time // when the system got it
	arrival     time.Time // when it was looked at
	layer       *layer
	format      *format
	info        codec.Info
	level       []byte // audio level (RFC 6464)
	orientation []byte // of the camera (3GPP TS 26.114)
	descriptor  []byte // dependency descriptor
	run         uint32 // of the layer's sequence numbers: those of another run have nothing to do with these
}

// format is what a layer is encoded as. A new one is made when the sender changes its payload type.
type format struct {
	codec section.Codec
	kind  codec.Kind
}

// layer is one RTP stream of a publication.
type layer struct {
	publication *publication
	rid         string
	ssrc        uint32
	nacks       bool        // lost packets can be asked for again
	ring        *cache.Ring // nil for audio
	run         atomic.Uint32
	keys        keyFrames

	format atomic.Pointer[format]
	// subscribers are the slots that carry the layer or are about to; an immutable snapshot, so that forwarding takes no
	// lock and a join does not stop the flow.
	subscribers atomic.Pointer[[]*slot]
	subscribing sync.Mutex // serialises changes of subscribers

	ids    extensionIDs // of the publisher's extensions, as far as they are passed on
	height atomic.Int32 // lines of the picture; 0 if unknown

	temporals, spatials atomic.Int32 // how many layers there are in the stream itself; 0 if unknown
	spatialRates        [codec.MaxSpatial]rate
	spatialHeights      [codec.MaxSpatial]atomic.Int32  // lines of each one's picture; 0 if unknown
	structure           atomic.Pointer[codec.Structure] // of AV1's templates
	seen                atomic.Int64                    // when the newest packet came, Unix nanoseconds

	report                           atomic.Pointer[senderReport]
	packets, bytes, nacked, askedKey atomic.Uint64
	rate                             rate
	lost                             atomic.Uint32 // fraction of 256 on the way up, by our last receiver report
}

func newPublication(l *Leg, sec section.Section, source string) *publication {
	p := &publication{
		id: l.id + "-" + sec.MID, mid: sec.MID, kind: sec.Kind, leg: l, rids: worstFirst(sec.RIDs),
		demands: map[*slot]int{}, idle: map[string]time.Time{},
	}
	p.named.Store(&source)
	p.layers.Store(&[]*layer{})
	return p
}

func (p *publication) source() string     { return *p.named.Load() }
func (p *publication) name(source string) { p.named.Store(&source) }
func (p *publication) all() []*layer      { return *p.layers.Load() }

// worstFirst orders the names of simulcast layers from the smallest picture to the largest: names that are in common use
// by their meaning, others as the sender lists them.
func worstFirst(rids []string) []string {
	for _, known := range [][]string{{"q", "h", "f"}, {"l", "m", "h"}, {"low", "mid", "high"}, {"0", "1", "2"}} {
		if !slices.ContainsFunc(rids, func(r string) bool { return !slices.Contains(known, r) }) {
			sorted := slices.Clone(rids)
			slices.SortFunc(sorted, func(a, b string) int { return slices.Index(known, a) - slices.Index(known, b) })
			return sorted
		}
	}
	return slices.Clone(rids)
}

// layer makes the layer of an SSRC that has begun to arrive. A layer that comes back with another SSRC replaces the old
// one, whose slots move over. It is nil if the publication has ended.
func (p *publication) layer(rid string, ssrc uint32, c section.Codec, ids extensionIDs) *layer {
	p.mu.Lock()
	if p.ended {
		p.mu.Unlock()
		return nil
	}
	l := &layer{publication: p, rid: rid, ssrc: ssrc, nacks: c.NACK, ids: ids}
	l.format.Store(&format{codec: c, kind: codec.KindOf(c.MIME)})
	l.subscribers.Store(&[]*slot{})
	if p.kind == KindVideo {
		l.ring = cache.New()
	}
	var replaced *layer
	all := slices.Clone(p.all())
	if i := slices.IndexFunc(all, func(o *layer) bool { return o.rid == rid }); i >= 0 {
		replaced, all[i] = all[i], l
	} else {
		all = append(all, l)
		slices.SortFunc(all, func(a, b *layer) int {
			return slices.Index(p.rids, a.rid) - slices.Index(p.rids, b.rid)
		})
	}
	p.layers.Store(&all)
	p.mu.Unlock()
	if replaced != nil {
		replaced.end()
	}
	p.leg.room.published()
	return l
}

// mute stops forwarding before it returns. When it resumes, receivers begin with a key frame. The sender is told of layers
// that nobody wants while it is muted.
func (p *publication) mute(muted bool) {
	if p.muted.Swap(muted) == muted {
		return
	}
	for _, l := range p.all() {
		for _, s := range *l.subscribers.Load() {
			s.restart()
		}
	}
	p.leg.downlink.poke()
}

// end frees the publication's memory.
func (p *publication) end() {
	p.mu.Lock()
	p.ended = true
	all := p.all()
	p.layers.Store(&[]*layer{})
	p.mu.Unlock()
	for _, l := range all {
		l.end()
	}
}

func (l *layer) end() {
	for _, s := range *l.subscribers.Load() {
		s.lost(l)
	}
	if l.ring != nil {
		l.ring.Close()
	}
}

// subscribe and unsubscribe replace the snapshot of slots.
func (l *layer) subscribe(s *slot) {
	l.subscribing.Lock()
	defer l.subscribing.Unlock()
	old := *l.subscribers.Load()
	if slices.Contains(old, s) {
		return
	}
	next := append(slices.Clone(old), s)
	l.subscribers.Store(&next)
}

func (l *layer) unsubscribe(s *slot) {
	l.subscribing.Lock()
	defer l.subscribing.Unlock()
	next := slices.DeleteFunc(slices.Clone(*l.subscribers.Load()), func(o *slot) bool { return o == s })
	l.subscribers.Store(&next)
}

// read looks into a packet once for all receivers. It is false for payloads that lie about their lengths and for
// payload types that were not negotiated.
func (l *layer) read(m *media, t *routes) bool {
	f := l.format.Load()
	if f.codec.PayloadType != m.PayloadType {
		c, ok := l.publication.codec(m.PayloadType)
		if !ok {
			return false
		}
		f = &format{codec: c, kind: codec.KindOf(c.MIME)}
		l.format.Store(f)
		l.publication.leg.room.published() // who could not decode it may be able to now, and the other way round
	}
	if l.publication.kind == KindAudio {
		m.layer, m.format, m.info = l, f, codec.Info{Key: true, Start: true}
		m.orientation, m.descriptor = nil, nil
		m.level = m.Extension(t.level)
		if len(m.level) == 1 && !l.publication.muted.Load() {
			l.publication.meter.Observe(m.level[0], m.arrival)
		}
		return true
	}
	if !l.look(m, f) {
		return false
	}
	info := m.info
	if info.Key {
		l.keys.arrived()
	}
	if info.Height > 0 {
		l.height.Store(int32(info.Height))
	}
	l.learn(m)
	l.ring.Store(m.Sequence, m.Raw, info.Key)
	return true
}

// restart begins a new run: sequence numbers have jumped to where nothing is known of.
func (l *layer) restart() {
	if l.ring != nil {
		l.ring.Reset()
	}
	l.run.Add(1)
}

// look reads what a video packet's payload and extensions tell. It serves packets that arrive and those from the ring.
func (l *layer) look(m *media, f *format) bool {
	m.layer, m.format, m.level = l, f, nil
	m.orientation, m.descriptor = m.Extension(l.ids.orientation), m.Extension(l.ids.descriptor)
	var err error
	m.info, err = codec.Parse(f.kind, m.Payload, m.descriptor)
	l.place(m)
	return err == nil
}

// usable returns the codecs that the publisher can send and all other legs with a slot of the kind can decode.
func (p *publication) usable(legs []*Leg) []string {
	usable := []string{}
	for _, c := range p.sendable() {
		everybody := !slices.ContainsFunc(legs, func(l *Leg) bool { return l != p.leg && !l.takes(p.kind, c) })
		if everybody && !slices.Contains(usable, c.MIME) {
			usable = append(usable, c.MIME)
		}
	}
	return usable
}

// sendable returns the formats that were negotiated for the publisher's section.
func (p *publication) sendable() []section.Codec {
	u := &p.leg.uplink
	u.mu.Lock()
	defer u.mu.Unlock()
	if in := u.table.sections[p.mid]; in != nil {
		return in.section.Codecs
	}
	return nil
}

// codec returns the negotiated format with a payload type.
func (p *publication) codec(pt uint8) (section.Codec, bool) {
	in := p.leg.uplink.table.sections[p.mid] // the uplink's lock is held by the caller
	if in == nil {
		return section.Codec{}, false
	}
	return in.section.Codec(pt)
}

func (l *layer) count(m *media) {
	l.packets.Add(1)
	l.bytes.Add(uint64(len(m.Raw)))
	if measured := l.rate.add(len(m.Raw), m.arrival); measured && l.ring != nil {
		// A second of packets, so that even a far receiver's requests find them, and a quarter more for a livelier one.
		l.ring.Grow(l.rate.packets * 5 / 4)
	}
	if was := l.seen.Swap(m.arrival.UnixNano()); m.arrival.UnixNano()-was >= int64(deadAfter) {
		l.publication.leg.room.published() // who waits for it can have it
	}
}

// live tells whether packets of the layer come. A sender switches layers off when nobody wants them, or when it runs out of
// bandwidth or computing power.
func (l *layer) live(now time.Time) bool { return now.UnixNano()-l.seen.Load() < int64(deadAfter) }

// deadAfter is how long no packet of a layer may come: screens that stand still have some frames a second at the least.
const deadAfter = time.Second

// forward hands a packet to every slot that carries the layer. It goes out at the end of a frame, or within a millisecond.
func (l *layer) forward(m *media, f *fanout) {
	if l.publication.muted.Load() {
		return
	}
	if slots := *l.subscribers.Load(); len(slots) > 0 {
		f.forward(l, slots, m)
	}
}

// forwardTo hands a packet to slots and gathers what they make of it in a burst.
func (l *layer) forwardTo(slots []*slot, m *media, b *burst) {
	b.begin()
	for done := 0; done < len(slots); {
		done = l.forwardFrom(slots, done, m, b)
	}
	b.end(m.Marker || l.publication.kind == KindAudio)
}

// forwardFrom serves slots from the first on and returns how many are served. A panic ends the leg of the slot where it
// happened and no other.
func (l *layer) forwardFrom(slots []*slot, first int, m *media, b *burst) (next int) {
	next = first
	defer func() {
		if p := recover(); p != nil {
			slots[next].leg.broke(p)
			next++
		}
	}()
	for ; next < len(slots); next++ {
		slots[next].forward(m, b)
	}
	return next
}

// keyFrames merges requests for key frames of one layer.
type keyFrames struct {
	mu     sync.Mutex // owns the fields below
	wanted bool       // asked for by somebody, and not begun to arrive since it was last sent on
	asked  time.Time  // when it was last sent on
}

const (
	// keyFramePeriod is the least time between two requests for a key frame of one layer: each costs the sender ten
	// times the bits of another frame.
	keyFramePeriod = 300 * time.Millisecond
)

func (k *keyFrames) arrived() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.wanted = false
}

// due tells whether a request has to be sent on now, and notes that it was.
func (k *keyFrames) due(now time.Time) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.wanted || now.Sub(k.asked) < keyFramePeriod {
		return false
	}
	k.asked = now
	return true
}

func (k *keyFrames) want() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.wanted = true
}

// askKeyFrame notes that a receiver needs a key frame. The publishing leg's own goroutine sends the request on, at once if
// none was sent lately: nobody who asks waits for a write.
func (l *layer) askKeyFrame() {
	l.keys.want()
	l.publication.leg.downlink.poke()
}

// senderReport is what a publisher last said of the time of a layer's timestamps.
type senderReport struct {
	ntp       uint64 // RFC 3550 section 4, of the publisher's clock
	timestamp uint32
	arrival   time.Time
}

// rateWindow is the least time over which a rate is measured.
const rateWindow = time.Second

// rate measures over windows of a second. It belongs to the uplink; value may be read by others.
type rate struct {
	began   time.Time
	bytes   int
	count   int
	packets int          // in the last window
	value   atomic.Int64 // bits per second
}

// add counts a packet, and tells whether that ended a window.
func (r *rate) add(n int, now time.Time) bool {
	r.bytes += n
	r.count++
	d := now.Sub(r.began)
	switch {
	case d < rateWindow:
		return false
	case d >= 2*rateWindow: // a pause, or the beginning; what the layer costs when it goes on is what it cost before
		r.began, r.bytes, r.count = now, 0, 0
		return false
	}
	r.value.Store(int64(float64(r.bytes) * 8 / d.Seconds()))
	r.packets = r.count
	r.began, r.bytes, r.count = now, 0, 0
	return true
}
