package sfu

import (
	"encoding/binary"
	"math/bits"
	"time"

	"github.com/pion/rtcp"

	"confab/sfu/packet"
)

// maxResend bounds how many packets one NACK makes us send: a receiver that has lost more needs a key frame.
const maxResend = 64

// maxTwice bounds how many of them are sent twice on a path that loses a lot by chance, where one repair in so many would be
// lost as well, and cost a round trip more. A larger gap is congestion, which more packets make worse.
const maxTwice = 16

// resend answers a NACK from the cache of the layer that each packet came from, whichever sources the slot has carried
// meanwhile. Answers go on the RTX stream (RFC 4588) where that was negotiated, and as copies otherwise.
func (s *slot) resend(nack *rtcp.TransportLayerNack, now time.Time) {
	counters := &s.leg.room.server.counters
	b := s.leg.downlink.burst
	asked := 0
	twice := s.leg.downlink.lossy.Load() && requested(nack) <= maxTwice
	b.begin()
	defer b.end(true)
	for _, pair := range nack.Nacks {
		pair.Range(func(seq uint16) bool {
			asked++
			if asked > maxResend || s.leg.downlink.credit.Load() <= 0 {
				return false
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			if !s.answered.due(seq, now, s.leg.downlink.rtt()) {
				return true
			}
			for range copies(twice && s.rtxSSRC != 0) {
				if !s.repeat(seq, now, b) {
					s.answered.forget(seq) // it may be on its way up again, and be asked for before a round trip is over
				} else {
					s.leg.downlink.credit.Add(-int64(len(s.leg.downlink.again.Raw)))
					s.counters.resent.Add(1)
					counters.retransmitted.Add(1)
				}
			}
			return true
		})
	}
	s.counters.nacks.Add(uint64(asked))
	counters.nacksIn.Add(uint64(asked))
}

// leastApart is the least time between two answers for one packet, whatever the round trip time: clients ask again no sooner.
const leastApart = 15 * time.Millisecond

// maxAnswers is how often one packet is sent again. On a path that loses one in five the fifth answer is needed once in three
// thousand packets; who asks more often does not see the answers (some clients do not take RTX for what they asked for), and
// would use up what is set aside for repairs.
const (
	maxAnswers = 5
	// answeredFor is how long that counts: longer than a packet can be asked for, and shorter than numbers take to come round.
	answeredFor = 5 * time.Second
)

// answered remembers which packets were sent again lately. A request that comes within a round trip of the answer to another
// was sent before that arrived: the requests that wait in the socket of a server that was stopped for a second are dozens
// for one packet, and all but one of them are answered by the first answer.
type answered struct {
	latest *[128]answer // by sequence number, a few of which share a place; nil before the first
}

type answer struct {
	at       int64 // Unix nanoseconds
	sequence uint16
	times    uint8
}

// forget takes back that a packet was answered.
func (a *answered) forget(seq uint16) { a.latest[seq%uint16(len(a.latest))] = answer{} }

// due tells whether a packet has to be sent again, and notes that it is.
func (a *answered) due(seq uint16, now time.Time, rtt time.Duration) bool {
	if a.latest == nil {
		a.latest = &[128]answer{}
	}
	last, at := &a.latest[seq%uint16(len(a.latest))], now.UnixNano()
	since := at - last.at
	if last.sequence != seq || since >= int64(answeredFor) {
		*last = answer{at: at, sequence: seq, times: 1}
		return true
	}
	if since < int64(max(rtt, leastApart)) || last.times >= maxAnswers {
		return false
	}
	last.at, last.times = at, last.times+1
	return true
}

// late notes a packet that was only just sent for the first time, after others that follow it: requests for it are under way.
func (a *answered) late(seq uint16, now time.Time) { a.due(seq, now, 0) }

// requested counts the packets that a NACK asks for.
func requested(nack *rtcp.TransportLayerNack) int {
	n := 0
	for _, pair := range nack.Nacks {
		n += 1 + bits.OnesCount16(uint16(pair.LostPackets))
	}
	return n
}

func copies(twice bool) int {
	if twice {
		return 2
	}
	return 1
}

// repeat sends one packet again, if it is still known. Called with mu held.
func (s *slot) repeat(seq uint16, now time.Time, b *burst) bool {
	from, ok := s.stream.Find(seq)
	if !ok || !s.bound || s.out == nil {
		return false
	}
	origin := s.origins[from.Tag%uint32(len(s.origins))]
	if origin.tag != from.Tag || origin.layer.ring == nil || origin.run != origin.layer.run.Load() || origin.layer.publication.muted.Load() {
		return false
	}
	m := &s.leg.downlink.again
	n := origin.layer.ring.Get(from.Sequence, s.leg.downlink.scratch[:])
	if n == 0 || m.Parse(s.leg.downlink.scratch[:n]) != nil {
		return false
	}
	f := origin.layer.format.Load()
	payload, _, ok := s.section.decoder(f.codec)
	if !ok || m.PayloadType != f.codec.PayloadType || !origin.layer.look(m, f) {
		return false
	}
	out := from.Apply(m.counters())
	h := packet.Header{
		Marker: m.Marker || s.lastKept(m), PayloadType: payload.PayloadType,
		Sequence: out.Sequence, Timestamp: out.Timestamp, SSRC: s.ssrc,
	}
	repeats := s.rtxSSRC != 0 && payload.RTX != 0
	if !repeats && (s.layered() || s.ids.twcc != 0 || s.ids.delay != 0) {
		return false // a copy has to be the very same packet, and the marker may have moved, or what is numbered anew
	}
	if repeats {
		s.rtxSeq++
		h.SSRC, h.PayloadType, h.Sequence = s.rtxSSRC, payload.RTX, s.rtxSeq
	}
	size := maxHeader + 2 + len(m.Payload)
	buf := b.reserve(size)
	if s.ids.twcc != 0 {
		binary.BigEndian.PutUint16(s.cc[:], s.leg.downlink.sending(len(m.Raw)+2, now))
	}
	elements := s.elements(m, out)
	buf = packet.AppendHeader(buf, h, elements[:])
	head := len(buf)
	if repeats {
		buf = binary.BigEndian.AppendUint16(buf, out.Sequence)
	}
	at := len(buf)
	buf = append(buf, m.Payload...)
	m.info.Picture.Rewrite(buf[at:], out.Picture, out.TL0, out.KeyIndex)
	s.out.send(b, buf, head)
	return true
}

// askedKeyFrame is called when the receiver's decoder cannot go on.
func (s *slot) askedKeyFrame() {
	s.counters.plis.Add(1)
	s.leg.room.server.counters.plisIn.Add(1)
	s.mu.Lock()
	l := s.current
	if l == nil || s.target != nil && !l.live(time.Now()) {
		l = s.target
	}
	s.mu.Unlock()
	if l != nil {
		l.askKeyFrame()
	}
}
