package sfu

import (
	"bytes"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/transport/v5/packetio"

	"confab/sfu/allocate"
	"confab/sfu/packet"
)

// recorder is a handler that notes how its leg ended, and breaks where it is told to.
type recorder struct {
	deaf
	breaks bool
	once   sync.Once
	ended  chan error
}

func newRecorder() *recorder { return &recorder{ended: make(chan error, 1)} }

func (r *recorder) Slots([]Slot, Wanted) {
	if r.breaks {
		panic("a handler with a bug")
	}
}

func (r *recorder) Closed(reason error) { r.once.Do(func() { r.ended <- reason }) }

func (r *recorder) wait(t *testing.T) error {
	t.Helper()
	select {
	case reason := <-r.ended:
		return reason
	case <-time.After(time.Minute):
		t.Fatal("the leg has not ended")
		return nil
	}
}

func TestAPanicInAHandlerEndsItsLeg(t *testing.T) {
	t.Parallel()
	server := benchServer(t)
	room, err := server.NewRoom(nil)
	if err != nil {
		t.Fatal(err)
	}
	bad, good := newRecorder(), newRecorder()
	bad.breaks = true
	if _, err := room.Join("good", good); err != nil {
		t.Fatal(err)
	}
	leg, err := room.Join("bad", bad)
	if err != nil {
		t.Fatal(err)
	}
	leg.notifier.slots()
	<-leg.gone
	if !errors.Is(leg.reason, ErrPanic) || room.size() != 1 || server.Totals().Panics == 0 {
		t.Errorf("ended for %v, %d legs left, %+v", leg.reason, room.size(), server.Totals())
	}
}

// broken is an output with a bug.
type broken struct{}

func (broken) send(*burst, []byte, int) { panic("an output with a bug") }

func TestAPanicInASlotEndsTheReceivingLegAlone(t *testing.T) {
	t.Parallel()
	u, s, out := benchStage(t, 5)
	room := u.leg.room
	victim := room.members()[3]
	handler := newRecorder()
	victim.notifier.handler = handler
	for _, sl := range *u.leg.publications()[0].all()[0].subscribers.Load() {
		if sl.leg == victim {
			sl.out = broken{}
		}
	}
	before := passed(u, out)
	u.receive(s, benchPacket(2, false), time.Now())
	if got := passed(u, out) - before; got != 4 {
		t.Errorf("%d of the other receivers were served", got)
	}
	if reason := handler.wait(t); !errors.Is(reason, ErrPanic) {
		t.Errorf("the leg ended for %v", reason)
	}
	<-victim.gone
	before = passed(u, out)
	u.receive(s, benchPacket(3, false), time.Now())
	if got := passed(u, out) - before; got != 4 || u.leg.closing() {
		t.Errorf("afterwards %d receivers were served", got)
	}
}

func TestAThousandSSRCsAreAnAttack(t *testing.T) {
	t.Parallel()
	for _, kind := range []packetio.BufferPacketType{packetio.RTPBufferPacket, packetio.RTCPBufferPacket} {
		u, _, _ := benchStage(t, 0)
		for ssrc := range uint32(maxStreams + 1) {
			u.leg.bufferFor(kind, ssrc)
		}
		<-u.leg.gone
		if !errors.Is(u.leg.reason, ErrAbuse) {
			t.Errorf("ended for %v", u.leg.reason)
		}
	}
}

// TestBadPacketsAreDroppedAndCounted sends what must not get through, between good packets that must.
func TestBadPacketsAreDroppedAndCounted(t *testing.T) {
	t.Parallel()
	u, s, out := benchStage(t, 1)
	stranger := &stream{ssrc: 4711}
	u.streams[stranger.ssrc] = stranger
	counters := &u.leg.room.server.counters
	good := benchPacket(2, false)
	change := func(f func([]byte) []byte) []byte { return f(bytes.Clone(good)) }
	for name, raw := range map[string][]byte{
		"nothing":                   {},
		"too short":                 good[:8],
		"version 3":                 change(func(b []byte) []byte { b[0] |= 0xC0; return b }),
		"extension past the end":    change(func(b []byte) []byte { b[14], b[15] = 0xFF, 0xFF; return b }),
		"padding past the start":    change(func(b []byte) []byte { b[0] |= 0x20; return append(b[:40], 255) }),
		"a descriptor that is cut":  change(func(b []byte) []byte { return b[:22] }),
		"an unknown payload type":   change(func(b []byte) []byte { b[1], b[3] = 50, 9; return b }),
		"csrc count past the start": change(func(b []byte) []byte { b[0] |= 0x0F; return b[:30] }),
	} {
		before, sent := counters.malformed.Load(), passed(u, out)
		u.receive(s, raw, time.Now())
		if counters.malformed.Load() != before+1 || passed(u, out) != sent {
			t.Errorf("%s: counted %d, sent on %d", name, counters.malformed.Load()-before, passed(u, out)-sent)
		}
	}
	before, sent := counters.malformed.Load(), passed(u, out)
	u.receive(stranger, change(func(b []byte) []byte { b[1] = 33; return b }), time.Now())
	if counters.malformed.Load() != before+1 || passed(u, out) != sent {
		t.Error("a stream that belongs to no section got through")
	}
	u.receive(s, benchPacket(20, false), time.Now())
	u.receive(s, benchPacket(20, false), time.Now())
	if passed(u, out) != sent+1 {
		t.Errorf("a packet and its repetition make %d", passed(u, out)-sent)
	}
	// A jump in sequence numbers begins anew, with a key frame.
	u.receive(s, benchPacket(30_000, false), time.Now())
	u.receive(s, benchPacket(30_001, true), time.Now())
	if passed(u, out) != sent+2 || u.leg.closing() {
		t.Errorf("after a jump %d packets", passed(u, out)-sent)
	}
}

// TestRetransmissionsOfWhatNeverWas sends RTX of packets that were never sent, are yet to come, or belong to no stream, between one
// that is true: that one gets through, and the stream goes on where it was.
func TestRetransmissionsOfWhatNeverWas(t *testing.T) {
	t.Parallel()
	u, s, out := benchStage(t, 1)
	media := s.layer
	rtx := &stream{ssrc: 8, repairs: media}
	orphan := &stream{ssrc: 9, repairs: &layer{publication: media.publication, ssrc: 4711}}
	u.streams[rtx.ssrc], u.streams[orphan.ssrc] = rtx, orphan
	for _, seq := range []uint16{2, 3, 6} {
		u.receive(s, benchPacket(seq, false), time.Now())
	}
	counters := &u.leg.room.server.counters
	again := func(original uint16) []byte {
		p := benchPacket(original, false)
		h := packet.AppendHeader(nil, packet.Header{Sequence: 900, SSRC: 8, PayloadType: 97}, nil)
		return append(append(h, byte(original>>8), byte(original)), p[len(p)-1200:]...)
	}
	for name, c := range map[string]struct {
		stream *stream
		raw    []byte
	}{
		"of a packet to come":        {rtx, again(7)},
		"of one in another age":      {rtx, again(30_000)},
		"of one from long before":    {rtx, again(0xFFFF - 2000)},
		"without a whole number":     {rtx, again(4)[:13]},
		"of a stream that is not":    {orphan, again(4)},
		"of what cannot be a packet": {rtx, again(5)[:15]},
	} {
		before, sent := counters.malformed.Load(), passed(u, out)
		u.receive(c.stream, c.raw, time.Now())
		if counters.malformed.Load() != before+1 || passed(u, out) != sent {
			t.Errorf("%s: counted %d, sent on %d", name, counters.malformed.Load()-before, passed(u, out)-sent)
		}
	}
	sent := passed(u, out)
	u.receive(rtx, again(4), time.Now())
	u.receive(rtx, again(4), time.Now())
	u.receive(s, benchPacket(7, false), time.Now())
	if got := passed(u, out) - sent; got != 2 {
		t.Errorf("the one that was missing, its repetition and the next make %d", got)
	}
}

// TestTimestampsThatJump has a publisher's clock jump to and fro with each frame: its packets pass, since their numbers are in
// order, neither jitter nor anybody's quality comes of it, and the next source goes on in real time.
func TestTimestampsThatJump(t *testing.T) {
	t.Parallel()
	st := newTheatre(t, 5, stageCodecs["VP8"].codec, 2)
	clean := func(packets [][]byte) [][]byte { return packets }
	begin := func(a *actor) {
		st.slot.attach(a.track)
		if l := st.slot.aim(allocate.Choice{Temporal: allocate.AllTemporal}, time.Now()); l != nil && !st.slot.catchUp(l, time.Now()) {
			st.slot.await()
		}
	}
	wild, tame := st.actors[0], st.actors[1]
	st.play(clean)
	begin(wild)
	for range 200 {
		wild.feeds[0].ts = st.r.Uint32()
		st.play(clean)
	}
	for i := 1; i < len(st.out); i++ {
		if step := st.out[i].Sequence - st.out[i-1].Sequence; step != 1 {
			t.Fatalf("sequence goes from %d to %d", st.out[i-1].Sequence, st.out[i].Sequence)
		}
	}
	if n := len(st.out); n < 200 {
		t.Errorf("only %d packets got through", n)
	}
	if _, jitter := wild.u.condition(); jitter > time.Second {
		t.Errorf("a jitter of %v", jitter)
	}
	last := st.out[len(st.out)-1]
	begin(tame)
	for st.play(clean); ; st.play(clean) {
		first := st.out[slices.IndexFunc(st.out, func(p packet.Packet) bool { return p.Sequence == last.Sequence })+1:]
		if i := slices.IndexFunc(first, func(p packet.Packet) bool { who, _ := st.source(p); return who[0] == 1 }); i >= 0 {
			before := append([]packet.Packet{last}, first...)[i].Timestamp
			if step := first[i].Timestamp - before; step > 90_000 {
				t.Errorf("the next source is %d ticks on", step)
			}
			return
		}
	}
}

// TestLayersThatAppearAndVanish has a simulcast layer begin anew with another SSRC over and over, and names that were never
// announced in between: nothing of the old ones is left, the receiver goes on, and strangers are counted.
func TestLayersThatAppearAndVanish(t *testing.T) {
	t.Parallel()
	c := stageCodecs["VP8 with layers"]
	st := newTheatre(t, 6, c.codec, 1, c.rids...)
	a := st.actors[0]
	clean := func(packets [][]byte) [][]byte { return packets }
	st.play(clean)
	st.slot.attach(a.track)
	counters := &a.u.leg.room.server.counters
	for i := range uint32(300) {
		f := a.feeds[i%3]
		switch i % 4 {
		case 0: // another stream of the same name
			f.stream = &stream{ssrc: 50_000 + i}
			a.u.streams[f.stream.ssrc] = f.stream
			f.seq, f.frames = uint16(st.r.Uint32()), 0
		case 1: // a name that nobody has announced
			before := counters.malformed.Load()
			stranger := &feed{publisher: 0, rid: "x", stream: &stream{ssrc: 90_000 + i}}
			a.u.streams[stranger.stream.ssrc] = stranger.stream
			for _, raw := range st.frame(stranger, true) {
				a.u.receive(stranger.stream, raw, time.Now())
			}
			if counters.malformed.Load() == before {
				t.Fatal("a layer that was never announced is not counted")
			}
		}
		before := len(st.out)
		for tries := 0; len(st.out) == before; tries++ {
			if tries > 100 {
				t.Fatalf("round %d: nothing leaves the slot any more", i)
			}
			if l := st.slot.aim(allocate.Choice{Layer: st.r.IntN(3), Temporal: allocate.AllTemporal}, time.Now()); l != nil && !st.slot.catchUp(l, time.Now()) {
				st.slot.await()
			}
			st.play(clean)
		}
	}
	st.check(true)
	if n := len(a.track.all()); n != 3 {
		t.Errorf("%d layers are left", n)
	}
}

func TestAStormOfReportsIsHarmless(t *testing.T) {
	t.Parallel()
	u, s, _ := benchStage(t, 1)
	slot := (*u.leg.publications()[0].all()[0].subscribers.Load())[0]
	slot.leg.downlink.route(slot)
	for seq := range uint16(500) {
		u.receive(s, benchPacket(2+seq, false), time.Now())
	}
	var pairs []rtcp.NackPair
	for i := range uint16(200) {
		pairs = append(pairs, rtcp.NackPair{PacketID: i * 17, LostPackets: 0xFFFF})
	}
	storm, err := rtcp.Marshal([]rtcp.Packet{
		&rtcp.TransportLayerNack{MediaSSRC: slot.ssrc, Nacks: pairs},
		&rtcp.PictureLossIndication{MediaSSRC: slot.ssrc},
		&rtcp.ReceiverReport{Reports: []rtcp.ReceptionReport{{SSRC: slot.ssrc, LastSenderReport: 1, Delay: 0xFFFFFFFF}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	counters := &u.leg.room.server.counters
	before := counters.retransmitted.Load()
	for range 1000 {
		slot.leg.receiveRTCP(slot.ssrc, storm)
	}
	if n := counters.retransmitted.Load() - before; n > 1000*maxResend {
		t.Errorf("%d packets sent again", n)
	}
	u.leg.requestKeyFrames(time.Now())
	if n := counters.plisOut.Load(); n > 3 {
		t.Errorf("%d key frames asked for", n)
	}
	if rtt := slot.leg.downlink.rtt(); rtt > 10*time.Second {
		t.Errorf("a lie makes a round trip of %v", rtt)
	}
}

// FuzzReceive feeds the packet path with anything.
func FuzzReceive(f *testing.F) {
	f.Add(benchPacket(1, true), []byte{0x80, 0xCD, 0, 2, 0, 0, 0, 1, 0, 0, 0, 100})
	f.Add(packet.AppendHeader(nil, packet.Header{SSRC: 7, PayloadType: 96}, nil), []byte{0x81, 201, 0, 7})
	u, s, _ := benchStage(f, 2)
	slot := (*u.leg.publications()[0].all()[0].subscribers.Load())[0]
	slot.leg.downlink.route(slot)
	f.Fuzz(func(t *testing.T, media, report []byte) {
		u.receive(s, bytes.Clone(media), time.Now())
		u.leg.receiveRTCP(7, report)
		slot.leg.receiveRTCP(slot.ssrc, report)
		if u.leg.closing() || slot.leg.closing() {
			t.Fatal("a packet ended a leg")
		}
	})
}
