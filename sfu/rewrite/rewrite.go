// Package rewrite gives one outgoing RTP stream the look of a single source, whatever it is fed from: sequence numbers,
// timestamps and picture counters go on without a break when the source changes and when packets are left out on
// purpose, while packets that the network lost stay visible as gaps, so that the receiver asks for them again.
//
// A Rewriter remembers how recent packets were mapped as a short list of runs. A run is a stretch of consecutive source
// packets with the same offsets; a new one begins where the source changes or packets are left out. So a
// late packet gets the number that was kept for it, and a number asked for again by the receiver is traced back to its
// source packet, without any memory per packet. For example, with source 7, 8, 9 (left out), 10, and then another source
// that begins with 500:
//
//	source   7   8   9  10 | 500 501
//	out     70  71   -  72 |  73  74      runs: [7,8]→70  [10,…]→72  [500,…]→73
//
// The package is pure: no time, no locks; the owner of the stream serialises calls.
package rewrite

// In are the counters of a source packet. Absent picture counters are zero.
type In struct {
	Timestamp uint32
	Sequence  uint16
	Picture   uint16
	TL0       uint8
	KeyIndex  uint8
}

// Out are the counters of the packet as it is sent.
type Out In

// maxRuns bounds the memory of a Rewriter. Leaving out one temporal layer at 30 frames a second makes some 15 runs a second,
// so that 64 reach back further than any receiver asks.
const maxRuns = 64

// firstSequences are the sequence numbers that a stream begins with: the lower half, because a receiver to whom all packets
// up to the first wrap were lost would count the wraps wrong for ever (RFC 3711, section 3.3.1).
const firstSequences = 0x7FFF

// run maps source packets first…last to outFirst…, both ends included. Sequence numbers are extended to 64 bits so that
// comparisons need no care about wrapping.
type run struct {
	first, last int64 // of the source
	outFirst    int64
	tag         uint32
	timestamp   uint32 // added
	picture     uint16 // added
	tl0         uint8  // added
	keyIndex    uint8  // added
}

// Rewriter maps one outgoing stream. The zero value is ready; its first packet keeps its own counters, but for a sequence
// number of the upper half.
//
// What every packet needs lies together at its beginning: with hundreds of receivers little of it is in the processor's caches
// when a packet comes.
type Rewriter struct {
	newest  run
	highest int64 // newest source sequence number seen since Start, extended
	lastOut int64 // newest sent, extended
	out     Out   // counters of the newest sent packet
	started bool

	lastPicture uint16 // picture id of the newest source packet, sent or left out

	older []run // ring of what was newest before, which grows to maxRuns-1; most streams have few
	head  int   // index of the newest of them
}

// Started tells whether anything was sent yet.
func (r *Rewriter) Started() bool { return r.started }

// Last returns the counters of the newest packet sent.
func (r *Rewriter) Last() Out { return r.out }

// Start begins a new source with its first packet. The tag names the source for Find. The timestamp goes on by advance
// ticks of the media clock after the newest packet sent; picture counters go on by one.
func (r *Rewriter) Start(in In, advance uint32, tag uint32) Out {
	next := run{
		first: int64(in.Sequence), last: int64(in.Sequence), tag: tag,
		outFirst: int64(in.Sequence & firstSequences),
	}
	if r.started {
		next.outFirst = r.lastOut + 1
		next.timestamp = r.out.Timestamp + advance - in.Timestamp
		next.picture = r.out.Picture + 1 - in.Picture
		next.tl0 = r.out.TL0 + 1 - in.TL0
		next.keyIndex = r.out.KeyIndex + 1 - in.KeyIndex
	}
	r.push(next)
	r.highest = next.first
	r.lastPicture = in.Picture
	r.started = true
	return r.sent(next.apply(in, next.first), next.outFirst)
}

// Map gives a packet of the present source its counters. It is false for packets from before the source's beginning, those
// that were left out, and those too old to be remembered.
func (r *Rewriter) Map(in In) (Out, bool) {
	if !r.started {
		return Out{}, false
	}
	seq := r.extend(in.Sequence)
	newest := &r.newest
	if seq > r.highest {
		r.highest = seq
		newest.last = seq
		r.lastPicture = in.Picture
		return r.sent(newest.apply(in, seq), newest.outFirst+seq-newest.first), true
	}
	for i := range 1 + len(r.older) {
		c := r.run(i)
		if c.tag != newest.tag {
			break
		}
		if seq >= c.first && seq <= c.last {
			// What was left out meanwhile may have come before it: then it is the newest that is sent.
			if out := c.outFirst + seq - c.first; out > r.lastOut {
				return r.sent(c.apply(in, seq), out), true
			}
			return c.apply(in, seq), true
		}
	}
	return Out{}, false
}

// Ahead tells whether a packet of the present source is newer than all that was sent or left out.
func (r *Rewriter) Ahead(sequence uint16) bool { return r.extend(sequence) > r.highest }

// Skip leaves a packet of the present source out: the next one takes its number. A packet that comes late cannot be taken
// out of a sequence that has passed it; then the receiver sees a gap. Where closePictures is set, the picture that is
// left out takes no picture id either: VP8's decoders wait for ids that are missing, while VP9 and AV1 refer to pictures
// by the difference of their numbers, which must stay as they are.
func (r *Rewriter) Skip(in In, closePictures bool) {
	if !r.started {
		return
	}
	seq := r.extend(in.Sequence)
	if seq <= r.highest {
		return
	}
	newest := &r.newest
	next := *newest
	next.outFirst = newest.outFirst + seq - newest.first // the number that this packet would have had
	next.first, next.last = seq+1, seq
	if closePictures && in.Picture != r.lastPicture {
		next.picture--
	}
	r.lastPicture = in.Picture
	r.highest = seq
	if newest.last < newest.first && newest.first == seq { // nothing sent in that run yet: widen the hole
		*newest = next
		return
	}
	newest.last = seq - 1
	r.push(next)
}

// Origin is where a sent packet came from.
type Origin struct {
	Tag      uint32
	Sequence uint16 // of the source
	run      run
}

// Apply gives the packet, fetched again by tag and sequence number, the same counters as the first time.
func (o Origin) Apply(in In) Out {
	return o.run.apply(in, o.run.first+int64(in.Sequence-uint16(o.run.first)))
}

// Find traces the sequence number of a sent packet back to its source. It is false for numbers that are not remembered.
func (r *Rewriter) Find(out uint16) (Origin, bool) {
	if !r.started {
		return Origin{}, false
	}
	wanted := r.lastOut + int64(int16(out-uint16(r.lastOut)))
	if wanted > r.lastOut {
		return Origin{}, false
	}
	for i := range 1 + len(r.older) {
		c := r.run(i)
		if wanted >= c.outFirst && wanted <= c.outFirst+c.last-c.first {
			return Origin{Tag: c.tag, Sequence: uint16(c.first + wanted - c.outFirst), run: *c}, true
		}
	}
	return Origin{}, false
}

// Offset returns what is added to the present source's timestamps.
func (r *Rewriter) Offset() uint32 { return r.newest.timestamp }

// run returns a run by its age, 0 for the newest.
func (r *Rewriter) run(age int) *run {
	if age == 0 {
		return &r.newest
	}
	return &r.older[(r.head-(age-1)+len(r.older))%len(r.older)]
}

func (r *Rewriter) push(next run) {
	switch {
	case !r.started:
	case len(r.older) < maxRuns-1:
		r.older = append(r.older, r.newest)
		r.head = len(r.older) - 1
	default:
		r.head = (r.head + 1) % len(r.older)
		r.older[r.head] = r.newest
	}
	r.newest = next
}

func (r *Rewriter) extend(seq uint16) int64 {
	return r.highest + int64(int16(seq-uint16(r.highest)))
}

func (r *Rewriter) sent(out Out, extended int64) Out {
	r.lastOut = extended
	r.out = out
	return out
}

func (c *run) apply(in In, seq int64) Out {
	return Out{
		Sequence:  uint16(c.outFirst + seq - c.first),
		Timestamp: in.Timestamp + c.timestamp,
		Picture:   in.Picture + c.picture,
		TL0:       in.TL0 + c.tl0,
		KeyIndex:  in.KeyIndex + c.keyIndex,
	}
}
