package sfu

import (
	"encoding/binary"
	"fmt"
	"hash/maphash"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/sdp/v3"

	"confab/sfu/allocate"
	"confab/sfu/codec"
	"confab/sfu/packet"
	"confab/sfu/section"
)

// The tests in this file switch one slot between publishers and layers at random, thousands of times, without a network, and
// hold every packet that leaves against what decoders want of a stream that seems to come from one source.

// feed is one layer of a publisher on the stage.
type feed struct {
	publisher byte
	index     byte
	rid       string
	stream    *stream
	seq       uint16
	ts        uint32
	picture   uint16
	tl0       byte
	frames    uint32
}

// actor is a publishing leg with one track.
type actor struct {
	u     *uplink
	track *publication
	feeds []*feed
}

// theatre is a slot, its publishers, and everything that has left the slot.
type theatre struct {
	t      testing.TB
	r      *rand.Rand
	codec  section.Codec
	actors []*actor
	slot   *slot
	out    []packet.Packet
}

// send keeps a packet that leaves the slot.
func (st *theatre) send(_ *burst, raw []byte, _ int) {
	var p packet.Packet
	if err := p.Parse(slices.Clone(raw)); err != nil {
		st.t.Fatalf("what leaves is no packet: %v", err)
	}
	st.out = append(st.out, p)
}

var _ output = (*theatre)(nil)

const ridID = 4

func newTheatre(t testing.TB, seed uint64, c section.Codec, publishers int, rids ...string) *theatre {
	t.Helper()
	st := &theatre{t: t, r: rand.New(rand.NewPCG(seed, 4)), codec: c}
	room, err := benchServer(t).NewRoom(nil)
	if err != nil {
		t.Fatal(err)
	}
	kind := KindVideo
	if c.MIME == "audio/opus" {
		kind = KindAudio
	}
	sec := section.Section{
		MID: "0", Kind: kind, Codecs: []section.Codec{c}, RIDs: rids,
		Extensions: map[string]uint8{sdp.SDESRTPStreamIDURI: ridID},
		Direction:  section.Direction{Send: true, Receive: true},
	}
	for i := range publishers {
		leg, err := room.Join(fmt.Sprint("publisher", i), nil)
		if err != nil {
			t.Fatal(err)
		}
		d := section.Description{Sections: []section.Section{sec}}
		leg.uplink.negotiated(d, d, []TrackHint{{MID: "0"}})
		a := &actor{u: &leg.uplink, track: leg.publications()[0]}
		for j := range max(1, len(rids)) {
			ssrc := uint32(1000*(i+1) + j)
			f := &feed{
				publisher: byte(i), index: byte(j), stream: &stream{ssrc: ssrc},
				seq: uint16(st.r.Uint32()), ts: st.r.Uint32(), picture: uint16(st.r.Uint32()), tl0: byte(st.r.Uint32()),
			}
			if len(rids) > 0 {
				f.rid = rids[j]
			}
			leg.uplink.streams[ssrc] = f.stream
			a.feeds = append(a.feeds, f)
		}
		st.actors = append(st.actors, a)
	}
	receiver, err := room.Join("receiver", nil)
	if err != nil {
		t.Fatal(err)
	}
	s := newSlot(receiver, kind, 0)
	sec.RIDs = nil
	s.formatAs(sec)
	s.mid, s.bound, s.ssrc, s.rtxSSRC, s.out = "9", true, 77, 78, st
	receiver.ready.Store(true)
	st.slot = s
	return st
}

// frame makes the packets of a layer's next frame.
func (st *theatre) frame(f *feed, key bool) [][]byte {
	f.frames++
	packets := 1
	mark := binary.BigEndian.AppendUint32([]byte{f.publisher, f.index}, f.frames)
	var pay func(first bool) []byte
	switch codec.KindOf(st.codec.MIME) {
	case codec.VP8:
		packets = 1 + st.r.IntN(3)
		temporal := []byte{0, 2, 1, 2}[f.frames%4]
		if key {
			temporal = 0
		}
		f.picture = (f.picture + 1) & 0x7FFF
		if temporal == 0 {
			f.tl0++
		}
		pay = func(first bool) []byte {
			b := []byte{0x80, 0xE0, 0x80 | byte(f.picture>>8), byte(f.picture), f.tl0, temporal<<6 | 0x20, 0x01}
			if first {
				b[0] |= 0x10
			}
			if key {
				b[6] = 0
			}
			return append(b, mark...)
		}
		f.ts += 3000
	case codec.H264:
		packets = 1 + st.r.IntN(3)
		pay = func(first bool) []byte {
			b := []byte{0x41}
			if key && first {
				b = []byte{0x65}
			}
			return append(b, mark...)
		}
		f.ts += 3000
	default:
		pay = func(bool) []byte { return mark }
		f.ts += 960
	}
	var out [][]byte
	for i := range packets {
		raw := packet.AppendHeader(nil, packet.Header{
			Marker: i == packets-1, PayloadType: st.codec.PayloadType, Sequence: f.seq, Timestamp: f.ts, SSRC: f.stream.ssrc,
		}, []packet.Element{{ID: ridOf(f), Data: []byte(f.rid)}})
		out = append(out, append(raw, pay(i == 0)...))
		f.seq++
	}
	return out
}

func ridOf(f *feed) uint8 {
	if f.rid == "" {
		return 0
	}
	return ridID
}

// padding makes a packet of nothing but padding, as senders probe with.
func (st *theatre) padding(f *feed) []byte {
	raw := packet.AppendHeader(nil, packet.Header{
		PayloadType: st.codec.PayloadType, Sequence: f.seq, Timestamp: f.ts, SSRC: f.stream.ssrc,
	}, []packet.Element{{ID: ridOf(f), Data: []byte(f.rid)}})
	raw[0] |= 0x20
	f.seq++
	return append(raw, 0, 0, 0, 4)
}

// play sends a frame of every layer of every publisher, key frames where they were asked for. What the messy network does
// to it is for spoil.
func (st *theatre) play(spoil func([][]byte) [][]byte) {
	for _, a := range st.actors {
		for _, f := range a.feeds {
			key := f.frames == 0 || st.r.IntN(60) == 0
			if l := f.stream.layer; l != nil && l.keys.due(time.Now().Add(keyFramePeriod*time.Duration(f.frames))) {
				key = true
			}
			packets := st.frame(f, key)
			if st.r.IntN(20) == 0 {
				packets = append(packets, st.padding(f))
			}
			for _, raw := range spoil(packets) {
				a.u.receive(f.stream, raw, time.Now())
			}
		}
	}
}

// turn gives the slot another publisher, layer, or number of temporal layers, or mutes somebody.
func (st *theatre) turn() {
	a := st.actors[st.r.IntN(len(st.actors))]
	switch st.r.IntN(8) {
	case 0:
		a.track.mute(!a.track.muted.Load())
	case 1:
		st.slot.detach()
	case 2, 3, 4:
		st.slot.attach(a.track)
	}
	c := allocate.Choice{Layer: st.r.IntN(len(st.actors[0].feeds)), Temporal: []int{0, 1, allocate.AllTemporal}[st.r.IntN(3)]}
	if l := st.slot.aim(c, time.Now()); l != nil && !st.slot.catchUp(l, time.Now()) {
		st.slot.await()
	}
}

// source tells whose packet it is: publisher and layer, and the frame.
func (st *theatre) source(p packet.Packet) (who [2]byte, frame uint32) {
	mark := p.Payload[len(p.Payload)-6:]
	return [2]byte(mark), binary.BigEndian.Uint32(mark[2:])
}

func (st *theatre) key(p packet.Packet) bool {
	info, err := codec.Parse(codec.KindOf(st.codec.MIME), p.Payload, nil)
	if err != nil {
		st.t.Fatal(err)
	}
	return info.Key
}

// around describes what left shortly before and after a packet.
func (st *theatre) around(i int) (out []string) {
	for _, p := range st.out[max(0, i-6):min(len(st.out), i+4)] {
		who, frame := st.source(p)
		out = append(out, fmt.Sprintf("%d: %v frame %d at %d", p.Sequence, who, frame, p.Timestamp))
	}
	return out
}

// check holds all that left against the rules. Where the network was clean, nothing may be missing either. It returns the
// number of changes of source.
func (st *theatre) check(clean bool) (changes int) {
	st.t.Helper()
	if len(st.out) == 0 {
		st.t.Fatal("nothing has left the slot")
	}
	seed := maphash.MakeSeed()
	first := st.out[0].Sequence
	seen := map[int64]uint64{} // by extended sequence number
	type numbered struct {
		packet.Packet
		seq int64
	}
	var all []numbered
	highest := int64(0)
	for i, p := range st.out {
		seq := highest + int64(int16(p.Sequence-first-uint16(highest)))
		highest = max(highest, seq)
		sum := maphash.Bytes(seed, p.Raw)
		if _, twice := seen[seq]; twice {
			st.t.Fatalf("two packets with the number %d: the end of secrecy; %v", p.Sequence, st.around(i))
		}
		seen[seq] = sum
		all = append(all, numbered{p, seq})
	}
	slices.SortFunc(all, func(a, b numbered) int { return int(a.seq - b.seq) })
	isVP8 := codec.KindOf(st.codec.MIME) == codec.VP8
	for i := 1; i < len(all); i++ {
		was, is := all[i-1], all[i]
		if is.seq != was.seq+1 {
			if clean {
				st.t.Fatalf("%s: sequence goes from %d to %d: %v", st.codec.MIME, was.Sequence, is.Sequence, st.around(slices.IndexFunc(st.out, func(p packet.Packet) bool { return p.Sequence == is.Sequence })))
			}
			continue
		}
		from, _ := st.source(was.Packet)
		to, _ := st.source(is.Packet)
		step := int32(is.Timestamp - was.Timestamp)
		if step < 0 || step > 90_000*30 {
			st.t.Fatalf("time goes from %d to %d", was.Timestamp, is.Timestamp)
		}
		if from != to {
			changes++
			if !st.key(is.Packet) && st.slot.kind == KindVideo {
				st.t.Fatalf("%v takes over from %v without a key frame", to, from)
			}
			if step == 0 {
				st.t.Fatal("two sources share a timestamp")
			}
		}
		if !isVP8 {
			continue
		}
		a, _ := codec.Parse(codec.VP8, was.Payload, nil)
		b, _ := codec.Parse(codec.VP8, is.Payload, nil)
		pictures, levels := (b.Picture.ID-a.Picture.ID)&0x7FFF, b.Picture.TL0-a.Picture.TL0
		wantPictures, wantLevels := uint16(0), uint8(0)
		if step != 0 {
			wantPictures = 1
			if b.Temporal == 0 {
				wantLevels = 1
			}
		}
		if pictures != wantPictures || levels != wantLevels {
			st.t.Fatalf("picture goes from %d to %d, its base from %d to %d, at temporal layer %d, %d ticks later",
				a.Picture.ID, b.Picture.ID, a.Picture.TL0, b.Picture.TL0, b.Temporal, step)
		}
	}
	return changes
}

var stageCodecs = map[string]struct {
	codec section.Codec
	rids  []string
}{
	"VP8 with layers": {section.Codec{MIME: "video/VP8", ClockRate: 90000, PayloadType: 96, RTX: 97}, []string{"q", "h", "f"}},
	"VP8":             {section.Codec{MIME: "video/VP8", ClockRate: 90000, PayloadType: 96, RTX: 97}, nil},
	"H.264":           {section.Codec{MIME: "video/H264", ClockRate: 90000, PayloadType: 106, RTX: 107}, []string{"q", "h", "f"}},
	"Opus":            {section.Codec{MIME: "audio/opus", ClockRate: 48000, PayloadType: 111}, nil},
}

func TestThousandsOfSwitchesLookLikeOneSource(t *testing.T) {
	t.Parallel()
	for name, c := range stageCodecs {
		for seed := range uint64(3) {
			st := newTheatre(t, seed, c.codec, 3, c.rids...)
			for range 6000 {
				st.play(func(packets [][]byte) [][]byte { return packets })
				if st.r.IntN(2) == 0 {
					st.turn()
				}
			}
			changes := st.check(true)
			t.Logf("%s: %d packets, %d changes of source", name, len(st.out), changes)
			if changes < 200 {
				t.Errorf("%s: only %d changes", name, changes)
			}
		}
	}
}

// TestThousandsOfSwitchesOnABadNetwork loses, repeats and reorders what comes, and asks for packets again.
func TestThousandsOfSwitchesOnABadNetwork(t *testing.T) {
	t.Parallel()
	for name, c := range stageCodecs {
		st := newTheatre(t, 7, c.codec, 3, c.rids...)
		spoil := func(packets [][]byte) (out [][]byte) {
			for _, raw := range packets {
				switch st.r.IntN(20) {
				case 0: // lost
				case 1:
					out = append(out, raw, raw)
				default:
					out = append(out, raw)
				}
			}
			if len(out) > 1 && st.r.IntN(10) == 0 {
				out[0], out[1] = out[1], out[0]
			}
			return out
		}
		for range 6000 {
			st.play(spoil)
			if st.r.IntN(2) == 0 {
				st.turn()
			}
		}
		if changes := st.check(false); changes < 200 {
			t.Errorf("%s: only %d changes", name, changes)
		}
	}
}

// TestReportsFollowTheSourceThroughSwitches gives each publisher a clock of its own, and wants the slot's sender report to
// relate the stream's time to ours as the report of whoever is in it does to theirs, after every switch.
func TestReportsFollowTheSourceThroughSwitches(t *testing.T) {
	t.Parallel()
	c := stageCodecs["VP8"]
	st := newTheatre(t, 3, c.codec, 3)
	clean := func(packets [][]byte) [][]byte { return packets }
	st.play(clean)
	now := time.Now()
	for i := range 60 {
		a := st.actors[i%len(st.actors)]
		st.slot.attach(a.track)
		if l := st.slot.aim(allocate.Choice{Temporal: allocate.AllTemporal}, now); l != nil && !st.slot.catchUp(l, now) {
			st.slot.await()
		}
		for before := len(st.out); ; st.play(clean) {
			if who := byte(i % len(st.actors)); len(st.out) > before {
				if from, _ := st.source(st.out[len(st.out)-1]); from[0] == who {
					break
				}
			}
		}
		// The publisher says: the newest frame is of now, by a clock that is days and years from ours.
		f := a.feeds[0]
		now = now.Add(time.Second)
		theirs := now.Add(-time.Duration(i%len(st.actors)+1) * 1000 * time.Hour)
		a.u.senderReport(&rtcp.SenderReport{SSRC: f.stream.ssrc, NTPTime: ntpTime(theirs), RTPTime: f.ts}, now)
		later := now.Add(300 * time.Millisecond)
		st.slot.mu.Lock()
		report := st.slot.senderReport(later)
		st.slot.mu.Unlock()
		if report == nil {
			t.Fatal("no report")
		}
		newest := st.out[len(st.out)-1].Timestamp // of the same frame, as the receiver knows it
		if off := int32(report.RTPTime - newest - 300*90); report.NTPTime != ntpTime(later) || off < -90 || off > 90 {
			t.Fatalf("switch %d: the report is %d ticks off, of %v", i, off, report.NTPTime)
		}
	}
}
