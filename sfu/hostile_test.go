package sfu

import (
	"bytes"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/transport/v5/packetio"

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

func (broken) send(*burst, []byte) { panic("an output with a bug") }

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
	u.receive(s, benchPacket(2, false))
	if got := passed(u, out) - before; got != 4 {
		t.Errorf("%d of the other receivers were served", got)
	}
	if reason := handler.wait(t); !errors.Is(reason, ErrPanic) {
		t.Errorf("the leg ended for %v", reason)
	}
	<-victim.gone
	before = passed(u, out)
	u.receive(s, benchPacket(3, false))
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
		u.receive(s, raw)
		if counters.malformed.Load() != before+1 || passed(u, out) != sent {
			t.Errorf("%s: counted %d, sent on %d", name, counters.malformed.Load()-before, passed(u, out)-sent)
		}
	}
	before, sent := counters.malformed.Load(), passed(u, out)
	u.receive(stranger, change(func(b []byte) []byte { b[1] = 33; return b }))
	if counters.malformed.Load() != before+1 || passed(u, out) != sent {
		t.Error("a stream that belongs to no section got through")
	}
	u.receive(s, benchPacket(20, false))
	u.receive(s, benchPacket(20, false))
	if passed(u, out) != sent+1 {
		t.Errorf("a packet and its repetition make %d", passed(u, out)-sent)
	}
	// A jump in sequence numbers begins anew, with a key frame.
	u.receive(s, benchPacket(30_000, false))
	u.receive(s, benchPacket(30_001, true))
	if passed(u, out) != sent+2 || u.leg.closing() {
		t.Errorf("after a jump %d packets", passed(u, out)-sent)
	}
}

func TestAStormOfReportsIsHarmless(t *testing.T) {
	t.Parallel()
	u, s, _ := benchStage(t, 1)
	slot := (*u.leg.publications()[0].all()[0].subscribers.Load())[0]
	slot.leg.downlink.route(slot)
	for seq := range uint16(500) {
		u.receive(s, benchPacket(2+seq, false))
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
		u.receive(s, bytes.Clone(media))
		u.leg.receiveRTCP(7, report)
		slot.leg.receiveRTCP(slot.ssrc, report)
		if u.leg.closing() || slot.leg.closing() {
			t.Fatal("a packet ended a leg")
		}
	})
}
