package sfu

import (
	"encoding/binary"
	"errors"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"

	"confab/sfu/allocate"
	"confab/sfu/codec"
	"confab/sfu/packet"
	"confab/sfu/repair"
	"confab/sfu/rewrite"
	"confab/sfu/section"
)

// slot is one receiving section of a leg: an RTP stream that never ends, whatever it carries. It is bound to its m-line
// for the leg's life and is the webrtc.TrackLocal that stands behind it.
//
// The publishing uplink's goroutine calls forward, the receiving leg's RTCP goroutine resend, the room's and the
// notifier's goroutine detach and attach. All of them hold mu while they touch the stream's state; nobody holds it while
// anything is sent to the network.
type slot struct {
	leg         *Leg
	kind        string
	index       int
	mid         string // set before the slot is listed
	transceiver *webrtc.RTPTransceiver
	source      *publication // what the room gave it; owned by leg.mu
	blocked     bool         // the receiver cannot decode source; owned by leg.mu

	mu sync.Mutex // owns the fields below

	// What every packet needs lies together. With hundreds of receivers little of it is in the processor's caches when a
	// packet comes, and a line that comes from memory costs as much as encrypting a hundred bytes.
	ssrc        uint32
	payloadType uint8
	ids         extensionIDs
	temporal    uint8 // highest temporal layer that is sent
	spatial     uint8 // highest spatial layer that is sent, of a stream that has several
	cc          [2]byte
	strips      bool // redundancy is taken off sound, because the receiver does not take it
	caughtUp    bool // packets of current up to this one were sent from its ring
	caughtUpTo  uint16
	catchingUp  bool            // they still come from there
	run         uint32          // of current
	out         output          // chosen at the first packet, once the leg is connected
	current     *layer          // what is forwarded
	target      *layer          // what shall be forwarded from its next key frame on; current if nothing else is wanted
	format      *format         // that the payload and what is derived from it were derived from
	choice      allocate.Choice // of the publication's layers
	held        []byte          // heldMemory, once the receiver was asked to hold pictures back (playout delay extension)
	sentAt      time.Time       // of the newest packet
	counters    slotCounters
	direct      directOutput // out, if that is past Pion
	stream      rewrite.Rewriter

	section formats
	bound   bool
	rtxSSRC uint32
	plain   webrtc.TrackLocalWriter // the way out through Pion

	publication *publication // what is carried, once attached
	payload     section.Codec

	tag        uint32    // of the newest source in stream
	origins    [8]origin // the newest sources, by tag, for retransmissions
	reportedAt time.Time // when the newest sender report was made
	rtxSeq     uint16
	answered   answered
	numbered   [255]byte // scratch for a dependency descriptor with another frame number
	waiting    time.Time // since when a key frame is waited for; zero if not
	delay      repair.Delay
	heldMemory [3]byte
}

// extensionIDs are those negotiated for the section, 0 where not.
type extensionIDs struct {
	twcc, level, orientation, descriptor, delay uint8
}

// origin is a source that a slot carried.
type origin struct {
	tag, run uint32
	layer    *layer
}

// slotCounters are read by statistics and written under mu; atomic because statistics take no locks of packet paths.
type slotCounters struct {
	packets, bytes, resent, dropped, nacks, plis atomic.Uint64
	lost                                         atomic.Uint32 // fraction of 256, by the last receiver report
	jitter                                       atomic.Uint32 // ticks
}

// newSlot makes the slot of a section. The index counts the leg's slots of that kind.
func newSlot(l *Leg, kind string, index int) *slot {
	return &slot{leg: l, kind: kind, index: index}
}

// Bind is called by Pion when the section is negotiated: the stream gets its SSRCs and its way out.
func (s *slot) Bind(c webrtc.TrackLocalContext) (webrtc.RTPCodecParameters, error) {
	if len(c.CodecParameters()) == 0 {
		return webrtc.RTPCodecParameters{}, errors.New("sfu: no codec negotiated")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ssrc, s.rtxSSRC = uint32(c.SSRC()), uint32(c.SSRCRetransmission())
	s.plain = c.WriteStream()
	s.bound = true
	return c.CodecParameters()[0], nil
}

// Unbind is called when Pion stops the section's sender.
func (s *slot) Unbind(webrtc.TrackLocalContext) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bound = false
	return nil
}

// ID is the track's name in the description.
func (s *slot) ID() string { return s.kind + "-" + strconv.Itoa(s.index) }

// RID is empty: to receivers there is no simulcast.
func (s *slot) RID() string { return "" }

// StreamID puts sound and picture of the same index into one stream, so that a plain client, with one of each, can show
// what it gets as it comes. Who is behind a slot is told by LegHandler.Slots.
func (s *slot) StreamID() string { return "confab-" + strconv.Itoa(s.index) }

// Kind tells audio from video.
func (s *slot) Kind() webrtc.RTPCodecType { return webrtc.NewRTPCodecType(s.kind) }

// formatAs takes what was negotiated for the section.
func (s *slot) formatAs(sec section.Section) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.section = formats(sec.Codecs)
	s.ids = extensionIDs{
		twcc: sec.Extensions[sdp.TransportCCURI], level: sec.Extensions[sdp.AudioLevelURI],
		orientation: sec.Extensions[uriOrientation], descriptor: sec.Extensions[uriDescriptor],
		delay: sec.Extensions[uriDelay],
	}
	if s.kind == KindVideo && !slices.ContainsFunc(sec.Codecs, func(c section.Codec) bool { return c.RTX != 0 }) {
		// Packets sent again as copies have to be the very same: they use the same SRTP index.
		s.ids.twcc, s.ids.delay = 0, 0
	}
	s.format = nil
}

// told describes the slot for the handler. Called with leg.mu held.
func (s *slot) told() Slot {
	out := Slot{MID: s.mid, Kind: s.kind}
	if p := s.source; p != nil {
		out.Leg, out.Track, out.Source = p.leg.id, p.id, p.source()
		out.Undecodable = s.blocked
	}
	return out
}

// decodes tells whether the receiver negotiated the publication's codec. Nothing is known before its first packet.
func (s *slot) decodes(p *publication) bool {
	all := p.all()
	if len(all) == 0 {
		return true
	}
	c := all[0].format.Load().codec
	s.mu.Lock()
	defer s.mu.Unlock()
	_, _, ok := s.section.decoder(c)
	return ok
}

// detach stops what the slot carries, before it returns.
func (s *slot) detach() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.publication != nil {
		s.publication.demand(s, allocate.None)
	}
	s.publication = nil
	s.carry(nil, nil)
}

// attach gives the slot a publication. What is sent of it, and when, is for aim to say.
func (s *slot) attach(p *publication) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.bound || s.leg.closing() || s.publication == p {
		return
	}
	if s.publication != nil {
		s.publication.demand(s, allocate.None)
	}
	s.publication = p
	s.choice = allocate.Choice{Layer: allocate.None}
	s.carry(nil, nil)
}

// lost is called when a layer ends.
func (s *slot) lost(l *layer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	current, target := s.current, s.target
	if current == l {
		current = nil
	}
	if target == l {
		target = nil
	}
	s.carry(current, target)
	s.ask()
}

// restart makes the stream begin anew, pictures with their next key frame.
func (s *slot) restart() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.carry(nil, s.target)
	s.ask()
}

// rest leaves the slot without a layer until the next choice, which then begins with one.
func (s *slot) rest() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.carry(nil, nil)
}

// carry sets what is forwarded and what shall be, and subscribes accordingly. Called with mu held.
func (s *slot) carry(current, target *layer) {
	for _, l := range []*layer{s.current, s.target} {
		if l != nil && l != current && l != target {
			l.unsubscribe(s)
		}
	}
	s.current, s.target = current, target
	for _, l := range []*layer{current, target} {
		if l != nil {
			l.subscribe(s)
		}
	}
	s.waiting = time.Time{}
	if target != nil && target != current && s.kind == KindVideo {
		s.waiting = time.Now()
	}
}

// ask asks for the key frame that the slot is waiting for. One that comes before the leg is connected would be lost on it, and
// the next could be asked for only keyFramePeriod later. Called with mu held.
func (s *slot) ask() {
	if !s.waiting.IsZero() && s.leg.ready.Load() && s.target.live(s.waiting) && !s.target.publication.muted.Load() {
		s.target.askKeyFrame()
	}
}

// forward sends a packet of a layer to the receiver, with the counters of this slot's stream.
func (s *slot) forward(m *media, b *burst) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.out == nil && !s.open() {
		return
	}
	in := m.counters()
	var out rewrite.Out
	switch {
	case m.layer == s.current && m.run == s.run && m.format == s.format:
		if s.caughtUp && s.caught(m.Sequence) {
			return
		}
		if len(m.Payload) == 0 || !s.keeps(m) {
			s.skip(m)
			return
		}
		var ok bool
		if out, ok = s.stream.Map(in); !ok {
			s.counters.dropped.Add(1)
			return
		}
		if out.Sequence != s.stream.Last().Sequence {
			s.answered.late(out.Sequence, m.arrival)
		}
	case m.layer == s.target && len(m.Payload) > 0 && s.accepts(m):
		out = s.begin(m, in, m.arrival.Sub(s.sentAt))
	case m.layer == s.current: // and cannot go on: its numbers, or what it is encoded as, are others
		s.counters.dropped.Add(1)
		s.carry(nil, s.target)
		s.ask()
		return
	default:
		s.counters.dropped.Add(1)
		return
	}
	s.write(m, out, b)
	s.sentAt = m.arrival
}

// open chooses the way out, which is possible as soon as the leg is connected. Called with mu held.
func (s *slot) open() bool {
	if !s.leg.ready.Load() {
		return false
	}
	s.out = &plainOutput{writer: s.plain}
	if s.leg.room.server.batch == nil {
		return true
	}
	direct, err := s.leg.path.open(&s.direct, s.ssrc, s.rtxSSRC)
	if err != nil {
		s.leg.room.server.log.Warn("sfu: make SRTP context", "leg", s.leg.id, "error", err)
	}
	if direct {
		s.out = &s.direct
	}
	return true
}

// redirect makes packets go where the leg's path ends now.
func (s *slot) redirect() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.direct.way = s.leg.path.current()
}

// accepts tells whether the stream can begin with a packet, and derives how it is written if so. Called with mu held.
func (s *slot) accepts(m *media) bool {
	if !m.info.Key {
		return false
	}
	if s.format != m.format {
		payload, strips, ok := s.section.decoder(m.format.codec)
		if !ok {
			return false
		}
		s.format, s.payload, s.payloadType, s.strips = m.format, payload, payload.PayloadType, strips
	}
	return true
}

// begin starts a new source in the stream, some time after its newest packet. Called with mu held.
func (s *slot) begin(m *media, in rewrite.In, after time.Duration) rewrite.Out {
	s.tag++
	s.origins[s.tag%uint32(len(s.origins))] = origin{tag: s.tag, run: m.run, layer: m.layer}
	advance := uint32(1)
	if !s.sentAt.IsZero() {
		advance = max(1, uint32(max(0, after).Seconds()*float64(m.format.codec.ClockRate)))
	}
	s.carry(m.layer, m.layer)
	s.temporal, s.spatial = uint8(s.choice.Temporal), uint8(max(0, s.choice.Layer))
	s.caughtUp, s.catchingUp, s.run = false, false, m.run
	return s.stream.Start(in, advance, s.tag)
}

// counters returns the packet's counters as package rewrite wants them.
func (m *media) counters() rewrite.In {
	return rewrite.In{
		Timestamp: m.Timestamp, Sequence: m.Sequence,
		Picture: m.info.Picture.ID, TL0: m.info.Picture.TL0, KeyIndex: m.info.Picture.KeyIndex,
	}
}

// write builds the packet in the burst's memory and sends it on its way. Called with mu held.
func (s *slot) write(m *media, out rewrite.Out, b *burst) {
	payload := m.Payload
	if s.strips {
		if payload = codec.Primary(payload); payload == nil {
			return
		}
	}
	buf := b.reserve(maxHeader + len(payload))
	elements := s.elements(m, out)
	if s.ids.twcc != 0 {
		binary.BigEndian.PutUint16(s.cc[:], s.leg.downlink.sending(len(m.Raw), m.arrival))
	}
	buf = packet.AppendHeader(buf, packet.Header{
		Marker: m.Marker || s.lastKept(m), PayloadType: s.payloadType,
		Sequence: out.Sequence, Timestamp: out.Timestamp, SSRC: s.ssrc,
	}, elements[:])
	head := len(buf)
	buf = append(buf, payload...)
	m.info.Picture.Rewrite(buf[head:], out.Picture, out.TL0, out.KeyIndex)
	s.counters.packets.Add(1)
	s.counters.bytes.Add(uint64(len(payload)))
	s.out.send(b, buf, head)
}

// maxHeader is the room that write needs for a header with all extensions. Descriptors are at most 255 bytes by the
// two-byte form; structures of AV1 have some 80.
const maxHeader = packet.HeaderLen + 4 + 5*2 + 2 + 1 + 1 + 3 + 255 + 3

// elements returns the header extensions of a packet. The same packet sent again has the same ones. Called with mu held.
//
// A dependency descriptor goes with AV1 alone. Browsers send it with VP8 too, but number its frames through all layers of
// a simulcast, so that it would contradict the picture ids, which a decoder of VP8 can go by as well.
func (s *slot) elements(m *media, out rewrite.Out) [5]packet.Element {
	var descriptor []byte
	if m.info.Kind == codec.AV1 && len(m.descriptor) > 2 {
		descriptor = s.numbered[:copy(s.numbered[:], m.descriptor)]
		codec.RenumberDescriptor(descriptor, out.Picture)
	}
	return [5]packet.Element{
		{ID: s.ids.twcc, Data: s.cc[:]},
		{ID: present(s.ids.level, m.level), Data: m.level},
		{ID: present(s.ids.orientation, m.orientation), Data: m.orientation},
		{ID: present(s.ids.descriptor, descriptor), Data: descriptor},
		{ID: present(s.ids.delay, s.held), Data: s.held},
	}
}

func present(id uint8, data []byte) uint8 {
	if len(data) == 0 {
		return 0
	}
	return id
}
