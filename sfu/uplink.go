package sfu

import (
	"cmp"
	"encoding/binary"
	"io"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/interceptor/pkg/twcc"
	"github.com/pion/rtcp"
	"github.com/pion/sdp/v3"
	"github.com/pion/transport/v5/packetio"

	"confab/sfu/codec"
	"confab/sfu/repair"
	"confab/sfu/section"
)

const (
	// maxStreams bounds the SSRCs that a client sends on, and those that its reports are about. A browser uses two per
	// simulcast layer and slot; a thousand is an attack on memory.
	maxStreams = 1000
	// feedbackPeriod is how often transport-wide feedback tells a sender what arrived; libwebrtc's own is 50 to 250 ms.
	feedbackPeriod = 50 * time.Millisecond
	// mtu is the room for a packet that is unwrapped from a retransmission.
	mtu = 1500
)

// uplink takes what a client sends. RTP arrives in the goroutine that decrypts it, the transport's (see taker) or Pion's (see
// bufferFor), which walks it all the way to the slots that carry it. receiving is held meanwhile and owns media, scratch,
// nacks and out; in steady state only one of the two wants it. The state that
// ticks and statistics also look at is owned by mu, which is not held while packets are forwarded.
type uplink struct {
	leg *Leg
	out *fanout

	receiving sync.Mutex

	media   media     // the packet at hand
	scratch [mtu]byte // a packet unwrapped from RTX
	nacks   []uint16  // to be asked for now
	rtcpID  uint32    // SSRC of our reports

	clockAhead atomic.Pointer[time.Duration] // our clock less the publisher's; nil while unknown

	mu       sync.Mutex // owns the fields below
	table    routes
	streams  map[uint32]*stream
	recorder *twcc.Recorder
	held     int // packets recorded and not reported
	reported time.Time
	began    time.Time // zero of the recorder's clock
}

// routes is what a negotiation says of the streams to come.
type routes struct {
	sections map[string]*inbound // by mid
	// Header extension ids, 0 if not negotiated. Bundled sections share them (RFC 9143, section 15).
	mid, rid, rrid, twcc, level, orientation, descriptor uint8
}

// inbound is a section on which the client sends.
type inbound struct {
	section     section.Section
	publication *publication // made when it is announced or when its first packet comes
	source      string
	muted       bool // as the client says
	dropped     bool // the client has negotiated that it does not send there any more
}

// stream is one SSRC that arrives.
type stream struct {
	ssrc       uint32
	layer      *layer // nil until routed
	repairs    *layer // for RTX: the layer that it repairs
	watch      repair.Stream
	reported   time.Time
	lastReport repair.Report
	strange    int // packets in a row that did not decrypt; the taker's
}

func (u *uplink) init(l *Leg) {
	u.leg = l
	u.rtcpID = rand.Uint32()
	u.streams = map[uint32]*stream{}
	u.recorder = twcc.NewRecorder(u.rtcpID)
	u.began = time.Now()
	u.out = newFanout(l.room.server)
	u.table.sections = map[string]*inbound{}
}

func (u *uplink) close() {
	u.out.close()
	u.mu.Lock()
	defer u.mu.Unlock()
	clear(u.streams)
}

// bufferFor gives Pion the buffer into which it writes decrypted packets of an SSRC. Ours keeps nothing: it handles
// each packet before it returns.
func (l *Leg) bufferFor(kind packetio.BufferPacketType, ssrc uint32) io.ReadWriteCloser {
	if kind == packetio.RTCPBufferPacket {
		if l.downlink.subjects.Add(1) > maxStreams {
			l.shut(ErrAbuse)
		}
		return &rtcpSink{leg: l, ssrc: ssrc}
	}
	u := &l.uplink
	u.mu.Lock()
	s := &stream{ssrc: ssrc}
	if old := u.streams[ssrc]; old != nil {
		s = old
	}
	u.streams[ssrc] = s
	tooMany := len(u.streams) > maxStreams
	u.mu.Unlock()
	if tooMany {
		l.shut(ErrAbuse)
	}
	return &rtpSink{uplink: u, stream: s}
}

// rtpSink takes the packets of one SSRC.
type rtpSink struct {
	uplink *uplink
	stream *stream
}

// Write handles a packet. It always says that the buffer is full, which makes Pion forget the packet.
func (s *rtpSink) Write(b []byte) (int, error) {
	s.uplink.receive(s.stream, b, time.Now())
	return 0, packetio.ErrFull
}

// Read has nothing for Pion's own readers.
func (*rtpSink) Read([]byte) (int, error) { return 0, io.EOF }

// Close has nothing to free.
func (*rtpSink) Close() error { return nil }

// receive handles one RTP packet, which came at a time that may be a while ago: what it waited for us is not the path's, and the
// client shall not be told that it is.
func (u *uplink) receive(s *stream, raw []byte, came time.Time) {
	defer func() {
		if p := recover(); p != nil {
			u.leg.broke(p)
		}
	}()
	if u.leg.closing() {
		return
	}
	u.receiving.Lock()
	defer u.receiving.Unlock()
	counters := &u.leg.room.server.counters
	counters.packetsIn.Add(1)
	counters.bytesIn.Add(uint64(len(raw)))
	m := &u.media
	if err := m.Parse(raw); err != nil {
		counters.malformed.Add(1)
		return
	}
	m.came, m.arrival = came, time.Now()
	layer := u.account(s, m)
	u.feedBack(m.arrival, layer)
	if layer != nil {
		layer.forward(m, u.out)
	}
}

// account does what must be done with a packet under the lock: recording its arrival, finding its layer, and telling
// new packets from repetitions. It returns the layer if the packet is new and to be forwarded.
func (u *uplink) account(s *stream, m *media) *layer {
	u.mu.Lock()
	defer u.mu.Unlock()
	if e := m.Extension(u.table.twcc); len(e) == 2 {
		u.recorder.Record(m.SSRC, binary.BigEndian.Uint16(e), m.came.Sub(u.began).Microseconds())
		u.held++
	}
	if s.layer == nil && s.repairs == nil && !u.route(s, m) {
		u.leg.room.server.counters.malformed.Add(1)
		return nil
	}
	watched := s
	again := s.repairs != nil
	if again {
		if len(m.Payload) == 0 {
			return nil // padding: probing for bandwidth
		}
		if watched = u.unwrap(s, m); watched == nil {
			u.leg.room.server.counters.malformed.Add(1)
			return nil
		}
	}
	l := watched.layer
	if len(m.Payload) == 0 {
		// Padding only: probing for bandwidth. Its number is used up.
		if !watched.receives(m) {
			return nil
		}
		m.layer, m.format, m.info = l, l.format.Load(), codec.Info{}
		if l.ring != nil {
			l.ring.Store(m.Sequence, m.Raw, false) // so that nothing seems to be missing there
		}
		return l
	}
	if !watched.receives(m) {
		return nil
	}
	if !l.read(m, &u.table) {
		u.leg.room.server.counters.malformed.Add(1)
		return nil
	}
	if again {
		watched.watch.Repaired()
	} else {
		watched.watch.Timed(m.Timestamp, l.format.Load().codec.ClockRate, m.came)
	}
	l.count(m)
	u.nacks = u.nacks[:0]
	if l.nacks && watched.watch.Missing() {
		u.nacks = watched.watch.Due(u.nacks, m.arrival, u.leg.downlink.rtt())
		l.nacked.Add(uint64(len(u.nacks)))
	}
	return l
}

// receives takes note of a packet of the stream's layer, and tells whether it is a new one.
func (s *stream) receives(m *media) bool {
	verdict := s.watch.Received(m.Sequence, m.arrival)
	if verdict == repair.Restarted {
		s.layer.restart()
	}
	m.run = s.layer.run.Load()
	return verdict != repair.Duplicate
}

// unwrap turns a retransmission (RFC 4588) into the packet that it repeats, and returns that packet's stream; nil if there never
// was such a packet.
func (u *uplink) unwrap(s *stream, m *media) *stream {
	original := s.repairs
	owner := u.streams[original.ssrc]
	if owner == nil || owner.layer != original || len(m.Payload) < 2 || len(m.Raw) > mtu ||
		!owner.watch.Before(binary.BigEndian.Uint16(m.Payload)) {
		return nil
	}
	n := copy(u.scratch[:], m.Raw[:m.Offset]) // padding is left off
	n += copy(u.scratch[n:], m.Payload[2:])
	u.scratch[0] &^= 0x20
	u.scratch[1] = u.scratch[1]&0x80 | original.format.Load().codec.PayloadType
	copy(u.scratch[2:4], m.Payload[:2])
	binary.BigEndian.PutUint32(u.scratch[8:], original.ssrc)
	if err := m.Parse(u.scratch[:n]); err != nil {
		return nil
	}
	return owner
}

// route finds out what a new SSRC is: by the header extensions mid, rid and repaired rid, by the SSRCs of the
// description, or by a payload type that only one section has.
func (u *uplink) route(s *stream, m *media) bool {
	rid, repaired := string(m.Extension(u.table.rid)), string(m.Extension(u.table.rrid))
	in := u.table.sections[string(m.Extension(u.table.mid))]
	if in == nil {
		in = u.bySSRC(s.ssrc)
	}
	if in == nil {
		in = u.byPayloadType(m.PayloadType)
	}
	if in == nil {
		return false
	}
	if c, ok := in.codecOfRTX(m.PayloadType); ok {
		return u.routeRTX(s, in, c, repaired)
	}
	c, ok := in.section.Codec(m.PayloadType)
	if !ok {
		return false
	}
	if len(in.section.RIDs) > 0 {
		if rid == "" || !slices.Contains(in.section.RIDs, rid) {
			return false // the next packets carry it
		}
	} else {
		rid = ""
	}
	p := u.publish(in)
	l := p.layer(rid, s.ssrc, c, extensionIDs{orientation: u.table.orientation, descriptor: u.table.descriptor})
	if l == nil {
		return false
	}
	s.layer = l
	return true
}

func (u *uplink) routeRTX(s *stream, in *inbound, c section.Codec, repaired string) bool {
	if in.publication == nil {
		return false
	}
	for _, l := range in.publication.all() {
		if media, declared := in.section.RTX[s.ssrc]; declared && media == l.ssrc ||
			!declared && (repaired != "" && repaired == l.rid || repaired == "" && len(in.section.RIDs) == 0) {
			s.repairs = l
			return true
		}
	}
	return false
}

func (u *uplink) bySSRC(ssrc uint32) *inbound {
	for _, in := range u.table.sections {
		if _, rtx := in.section.RTX[ssrc]; rtx || slices.Contains(in.section.SSRCs, ssrc) {
			return in
		}
	}
	return nil
}

func (u *uplink) byPayloadType(pt uint8) *inbound {
	var found *inbound
	for _, in := range u.table.sections {
		_, media := in.section.Codec(pt)
		_, rtx := in.codecOfRTX(pt)
		if !media && !rtx {
			continue
		}
		if found != nil {
			return nil
		}
		found = in
	}
	return found
}

func (in *inbound) codecOfRTX(pt uint8) (section.Codec, bool) {
	for _, c := range in.section.Codecs {
		if c.RTX == pt && pt != 0 {
			return c, true
		}
	}
	return section.Codec{}, false
}

// negotiated takes the result of a negotiation: the client's description and ours.
func (u *uplink) negotiated(remote, local section.Description, hints []TrackHint) {
	u.mu.Lock()
	announced := false
	var turned []*inbound // dropped, or sent on again
	for i, sec := range local.Sections {
		if sec.Rejected || sec.Kind == "application" {
			continue
		}
		if known := u.table.sections[sec.MID]; known != nil && known.publication != nil && known.dropped == sec.Direction.Receive {
			known.dropped = !sec.Direction.Receive
			turned = append(turned, known)
		}
		if !sec.Direction.Receive {
			continue
		}
		theirs := remote.Sections[i]
		in := u.table.sections[sec.MID]
		if in == nil {
			in = &inbound{}
			u.table.sections[sec.MID] = in
			in.source = u.defaultSource(sec.Kind)
		}
		in.section = sec // formats and extensions as agreed
		in.section.RIDs, in.section.SSRCs, in.section.RTX = theirs.RIDs, theirs.SSRCs, theirs.RTX
		u.table.mid = cmp.Or(u.table.mid, sec.Extensions[sdp.SDESMidURI])
		u.table.rid = cmp.Or(u.table.rid, sec.Extensions[sdp.SDESRTPStreamIDURI])
		u.table.rrid = cmp.Or(u.table.rrid, sec.Extensions[sdp.SDESRepairRTPStreamIDURI])
		u.table.twcc = cmp.Or(u.table.twcc, sec.Extensions[sdp.TransportCCURI])
		u.table.level = cmp.Or(u.table.level, sec.Extensions[sdp.AudioLevelURI])
		u.table.orientation = cmp.Or(u.table.orientation, sec.Extensions[uriOrientation])
		u.table.descriptor = cmp.Or(u.table.descriptor, sec.Extensions[uriDescriptor])
		if h := slices.IndexFunc(hints, func(h TrackHint) bool { return h.MID == sec.MID }); h >= 0 {
			if validSource(hints[h].Source, sec.Kind) {
				in.source = hints[h].Source
				if in.publication != nil {
					in.publication.name(in.source)
				}
			}
			u.publish(in)
			announced = true
		}
	}
	u.mu.Unlock()
	for _, in := range turned {
		in.publication.mute(in.dropped || in.muted)
	}
	if len(turned) > 0 {
		u.leg.room.published()
	}
	if announced || len(turned) > 0 {
		u.leg.notifier.tracks()
	}
}

// defaultSource names a section that no hint names: the first of its kind is what everybody has.
func (u *uplink) defaultSource(kind string) string {
	first, further := SourceMicrophone, SourceScreenAudio
	if kind == KindVideo {
		first, further = SourceCamera, SourceScreen
	}
	for _, in := range u.table.sections {
		if in.source == first {
			return further
		}
	}
	return first
}

func validSource(source, kind string) bool {
	switch source {
	case SourceMicrophone, SourceScreenAudio:
		return kind == KindAudio
	case SourceCamera, SourceScreen:
		return kind == KindVideo
	}
	return false
}

// muteAhead mutes what has not been sent yet from a source, so that nobody hears a word of who joins muted. It tells
// whether the client announced such a section.
func (u *uplink) muteAhead(source string, muted bool) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	found := false
	for _, in := range u.table.sections {
		if in.source == source {
			in.muted, found = muted, true
		}
	}
	return found
}

// publish makes a section's publication, if it is not there yet. Called with mu held.
func (u *uplink) publish(in *inbound) *publication {
	if in.publication == nil {
		in.publication = newPublication(u.leg, in.section, in.source)
		in.publication.muted.Store(in.muted)
		u.leg.mu.Lock()
		u.leg.published = append(u.leg.published, in.publication)
		u.leg.mu.Unlock()
		u.leg.notifier.tracks()
		u.leg.room.published()
	}
	return in.publication
}

// feedBack sends what the client should know right away: packets that are missing, and the transport-wide feedback
// that its bandwidth estimation lives on.
func (u *uplink) feedBack(now time.Time, l *layer) {
	if l != nil && len(u.nacks) > 0 {
		u.leg.room.server.counters.nacksOut.Add(uint64(len(u.nacks)))
		u.leg.writeRTCP(&rtcp.TransportLayerNack{
			SenderSSRC: u.rtcpID, MediaSSRC: l.ssrc, Nacks: rtcp.NackPairsFromSequenceNumbers(u.nacks),
		})
		u.nacks = u.nacks[:0]
	}
	if feedback := u.transportFeedback(now); len(feedback) > 0 {
		u.leg.writeRTCP(feedback...)
	}
}

func (u *uplink) transportFeedback(now time.Time) []rtcp.Packet {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.held == 0 || now.Sub(u.reported) < feedbackPeriod {
		return nil
	}
	u.held = 0
	u.reported = now
	return u.recorder.BuildFeedbackPacket()
}
