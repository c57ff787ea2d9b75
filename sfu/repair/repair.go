// Package repair watches the sequence numbers of a stream that is received: which packets are new, which are missing
// and when to ask for them (RFC 4585), and the figures of a receiver report (RFC 3550, section 6.4.1, appendix A).
//
// A Stream is a plain value with time passed in; whoever receives the stream owns it.
package repair

import (
	"slices"
	"time"
)

const (
	// history is how many sequence numbers back duplicates are told from new packets.
	history = 1024
	// maxMissing bounds the packets asked for at a time. More are missing only when the network was away, and then a key
	// frame is cheaper.
	maxMissing = 128
	// maxAsk bounds how often one packet is asked for: for six round trips, after which no decoder waits any more.
	maxAsk = 12
	// reorder is how long a gap may be mere reordering before it is asked for.
	reorder = 5 * time.Millisecond
	// minRetry is the least time between two requests for one packet, retrySpare what is added to half a round trip: answers
	// jitter, and the second request must find the first answer's round trip over.
	minRetry   = 20 * time.Millisecond
	retrySpare = 5 * time.Millisecond
	// maxJump is the largest step in sequence numbers that is taken for loss; beyond, the sender has begun anew.
	maxJump = 3000
	// maxLeap is the largest difference in transit time that is taken for jitter, in seconds; beyond, the sender's clock has jumped.
	maxLeap = 10
)

type missing struct {
	seq   int64
	due   time.Time
	asked int
}

// Verdict says what a sequence number is.
type Verdict uint8

// Verdicts of Received.
const (
	New       Verdict = iota // to be forwarded
	Duplicate                // seen already, or too old to tell
	Restarted                // new, and the stream has jumped so far that nothing before it counts any more
)

// Stream watches one stream. The zero value is ready.
type Stream struct {
	seen    [history / 64]uint64
	missing []missing

	highest, base int64 // extended sequence numbers: newest, first
	received      int64 // by themselves
	repaired      int64 // by retransmission
	duplicates    int64
	started       bool

	// of the last receiver report
	priorExpected, priorReceived int64

	transit int64 // arrival minus timestamp, in ticks
	jitter  float64
	gaveUp  bool
}

// Received takes the sequence number of a packet that arrived, by itself or as a retransmission.
func (s *Stream) Received(seq uint16, now time.Time) Verdict {
	if !s.started {
		s.restart(seq)
		return New
	}
	ext := s.highest + int64(int16(seq-uint16(s.highest)))
	if step := ext - s.highest; step > maxJump || step < -maxJump {
		s.restart(seq)
		return Restarted
	}
	if ext > s.highest {
		s.miss(ext, now)
		s.highest = ext
	} else if ext <= s.highest-history || s.has(ext) {
		s.duplicates++
		return Duplicate
	}
	s.set(ext)
	s.received++
	if i := slices.IndexFunc(s.missing, func(m missing) bool { return m.seq == ext }); i >= 0 {
		s.missing = slices.Delete(s.missing, i, i+1)
	}
	return New
}

// Before tells whether a sequence number is one that the stream has come past lately, so that it may be sent again.
func (s *Stream) Before(seq uint16) bool {
	back := int16(uint16(s.highest) - seq)
	return s.started && back >= 0 && back < history
}

// miss notes the packets between the newest and a newer one.
func (s *Stream) miss(until int64, now time.Time) {
	for q := max(s.highest+1, until-history+1); q <= until; q++ {
		s.clear(q)
	}
	first := s.highest + 1
	if len(s.missing)+int(until-first) > maxMissing {
		s.missing = s.missing[:0]
		s.gaveUp = true
		first = max(first, until-maxMissing)
	}
	for q := first; q < until; q++ {
		s.missing = append(s.missing, missing{seq: q, due: now.Add(reorder)})
	}
}

// Repaired says of the packet received last that it came as a retransmission: reports count it as lost on the way all the
// same (RFC 4588, section 8.8), so that the sender and the quality shown know what the path is like.
func (s *Stream) Repaired() {
	s.received--
	s.repaired++
}

// Due appends the sequence numbers that are to be asked for now. The round trip time spaces repetitions: there are two to a
// round trip, because a request may be lost as well as its answer, and senders (libwebrtc among them) do not answer twice
// within one. It drops those that were asked for too often; then, or when too much was missing at once, GaveUp turns true.
func (s *Stream) Due(dst []uint16, now time.Time, rtt time.Duration) []uint16 {
	kept := s.missing[:0]
	for _, m := range s.missing {
		if now.Before(m.due) {
			kept = append(kept, m)
			continue
		}
		if m.asked == maxAsk || m.seq <= s.highest-history {
			s.gaveUp = true
			continue
		}
		m.asked++
		m.due = now.Add(max(minRetry, rtt/2+retrySpare))
		dst = append(dst, uint16(m.seq))
		kept = append(kept, m)
	}
	s.missing = kept
	return dst
}

// Missing tells whether any packet is being waited for.
func (s *Stream) Missing() bool { return len(s.missing) > 0 }

// GaveUp tells, once, that packets are lost for good, so that a decoder needs a key frame.
func (s *Stream) GaveUp() bool {
	was := s.gaveUp
	s.gaveUp = false
	return was
}

// Timed takes the RTP timestamp of a packet that came by itself (not again), for the jitter.
func (s *Stream) Timed(timestamp uint32, clockRate uint32, now time.Time) {
	arrival := int64(float64(now.UnixMicro()%(1<<40)) * float64(clockRate) / 1e6)
	transit := arrival - int64(timestamp)
	if s.transit != 0 {
		d := int64(int32(transit - s.transit))
		if d < 0 {
			d = -d
		}
		if d < maxLeap*int64(clockRate) {
			s.jitter += (float64(d) - s.jitter) / 16
		}
	}
	s.transit = transit
}

// Report are the figures of a receiver report block.
type Report struct {
	Highest      uint32 // extended highest sequence number received
	Lost         uint32 // cumulative, 24 bits
	FractionLost uint8  // since the last report, of 256
	Jitter       uint32 // in ticks
}

// Report closes the interval since the last one.
func (s *Stream) Report() Report {
	expected := s.highest - s.base + 1
	lost := max(0, expected-s.received)
	interval := expected - s.priorExpected
	lostNow := interval - (s.received - s.priorReceived)
	s.priorExpected, s.priorReceived = expected, s.received
	r := Report{Highest: uint32(s.highest), Lost: uint32(min(lost, 1<<23-1)), Jitter: uint32(s.jitter)}
	if interval > 0 && lostNow > 0 {
		r.FractionLost = uint8(min(255, lostNow<<8/interval))
	}
	return r
}

// Lost returns how many packets were never received.
func (s *Stream) Lost() uint64 {
	if !s.started {
		return 0
	}
	return uint64(max(0, s.highest-s.base+1-s.received-s.repaired))
}

// Jitter returns the interarrival jitter in ticks of the media clock.
func (s *Stream) Jitter() float64 { return s.jitter }

// Started tells whether anything was received.
func (s *Stream) Started() bool { return s.started }

func (s *Stream) restart(seq uint16) {
	jitter := s.jitter
	*s = Stream{missing: s.missing[:0], started: true, jitter: jitter}
	s.highest = int64(seq) + 1<<16
	s.base = s.highest
	s.received = 1
	s.set(s.highest)
}

func (s *Stream) has(q int64) bool { return s.seen[q%history/64]>>(q%64)&1 != 0 }
func (s *Stream) set(q int64)      { s.seen[q%history/64] |= 1 << (q % 64) }
func (s *Stream) clear(q int64)    { s.seen[q%history/64] &^= 1 << (q % 64) }
