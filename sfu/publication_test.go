package sfu

import (
	"encoding/binary"
	"slices"
	"testing"
	"time"

	"github.com/pion/rtp"

	"confab/sfu/allocate"
	"confab/sfu/section"
)

// TestALayerThatIsWantedIsToldOfAgain has a sender told of a layer that it does not send: what it was told is repeated, later and
// later, and the layer below is wanted too meanwhile.
func TestALayerThatIsWantedIsToldOfAgain(t *testing.T) {
	t.Parallel()
	u, _, _ := benchStage(t, 0)
	now := time.Now()
	p := newPublication(u.leg, section.Section{MID: "2", Kind: KindVideo, RIDs: []string{"h", "f"}}, SourceCamera)
	h := p.layer("h", 8, section.Codec{MIME: "video/VP8", ClockRate: 90000, PayloadType: 96}, extensionIDs{})
	viewer := newSlot(u.leg, KindVideo, 0)
	p.demands[viewer] = 1
	told := map[time.Duration][]string{}
	for passed := time.Duration(0); passed < 30*time.Second; passed += 100 * time.Millisecond {
		at := now.Add(passed)
		if p.active == nil || slices.Contains(p.active, "h") {
			h.seen.Store(at.UnixNano())
		}
		if active, news := p.activity(at); news {
			told[passed] = active
		}
	}
	for at, want := range map[time.Duration][]string{
		300 * time.Millisecond:  {"f"}, // as soon as it does not come beside the other
		2400 * time.Millisecond: {"h", "f"},
		6400 * time.Millisecond: {"h", "f"},
	} {
		if got := told[at]; !slices.Equal(got, want) {
			t.Errorf("after %v the sender was told %q, want %q; in all %v", at, got, want, told)
		}
	}
	if len(told) > 8 {
		t.Errorf("told %d times in half a minute", len(told))
	}
	p.layer("f", 9, section.Codec{MIME: "video/VP8", ClockRate: 90000, PayloadType: 96}, extensionIDs{}).seen.Store(now.Add(31 * time.Second).UnixNano())
	p.activity(now.Add(31 * time.Second))
	if active, news := p.activity(now.Add(31*time.Second + idleBefore)); !news || !slices.Equal(active, []string{"f"}) {
		t.Errorf("when it comes, %q are wanted", active)
	}
}

// TestALayerThatIsOffIsAskedForNoKeyFrames wants requests to reach senders of what is sent alone.
func TestALayerThatIsOffIsAskedForNoKeyFrames(t *testing.T) {
	t.Parallel()
	u, _, _ := benchStage(t, 1)
	p := u.leg.publications()[0]
	l := p.all()[0]
	asked := func(at time.Time) uint64 {
		before := l.askedKey.Load()
		l.keys.want()
		u.leg.requestKeyFrames(at)
		return l.askedKey.Load() - before
	}
	seen := time.Unix(0, l.seen.Load())
	if asked(seen.Add(deadAfter)) != 0 {
		t.Error("asked for a key frame of a layer that is off")
	}
	p.muted.Store(true)
	if asked(seen.Add(keyFramePeriod)) != 0 {
		t.Error("asked for a key frame of a muted picture")
	}
	p.muted.Store(false)
	if asked(seen.Add(keyFramePeriod)) != 1 {
		t.Error("not asked for a key frame that is needed")
	}
}

// TestALayersRateOutlivesItsPause wants a layer that was off to cost what it cost before.
func TestALayersRateOutlivesItsPause(t *testing.T) {
	t.Parallel()
	var r rate
	now := time.Now()
	for range 30 {
		r.add(12_500, now)
		now = now.Add(100 * time.Millisecond)
	}
	before := r.value.Load()
	if before < 900_000 || before > 1_100_000 {
		t.Fatalf("1 Mbit/s measured as %d", before)
	}
	if r.add(12_500, now.Add(time.Minute)); r.value.Load() != before {
		t.Errorf("%d bit/s measured over a pause", r.value.Load())
	}
}

// numbered keeps the sequence numbers that come out of a slot, and what came with them.
type numbered struct{ pictures map[uint16][]uint16 }

func (n *numbered) WriteRTP(h *rtp.Header, payload []byte) (int, error) {
	n.pictures[h.SequenceNumber] = append(n.pictures[h.SequenceNumber], binary.BigEndian.Uint16(payload[len(payload)-2:]))
	return 0, nil
}
func (n *numbered) Write([]byte) (int, error) { return 0, nil }

// TestNumbersThatJumpAreNotUsedTwice sends packets whose numbers jump about. What goes out under one number is one packet: with
// AES-GCM two of them would give the key away. The stream begins anew with the next key frame.
func TestNumbersThatJumpAreNotUsedTwice(t *testing.T) {
	t.Parallel()
	u, s, _ := benchStage(t, 1)
	l := u.leg.publications()[0].all()[0]
	out := &numbered{pictures: map[uint16][]uint16{}}
	(*l.subscribers.Load())[0].out = &plainOutput{writer: out}
	sent := uint16(0)
	send := func(key bool, numbers ...uint16) {
		for _, n := range numbers {
			raw := benchPacket(n, key)
			raw[1] |= 0x80
			sent++
			binary.BigEndian.PutUint16(raw[len(raw)-2:], sent)
			u.receive(s, raw, time.Now())
		}
	}
	for n := uint16(2); n < 200; n++ {
		send(false, n)
	}
	asked := l.askedKey.Load()
	send(false, 30000, 30001, 60000, 60001, 101, 102, 103)
	if passed(u, &sink{}); len(out.pictures) != 198 {
		t.Errorf("%d packets went out, want those before the jump", len(out.pictures))
	}
	u.leg.requestKeyFrames(time.Now().Add(keyFramePeriod))
	if l.askedKey.Load() == asked {
		t.Error("no key frame was asked for to go on with")
	}
	send(true, 104)
	send(false, 105)
	passed(u, &sink{})
	if len(out.pictures) != 200 {
		t.Errorf("%d packets went out, want two more", len(out.pictures))
	}
	for n, pictures := range out.pictures {
		if len(pictures) > 1 {
			t.Errorf("number %d went out with the packets %v", n, pictures)
		}
	}
}

// TestWhatIsMutedCostsNothing wants all bandwidth for what is sent.
func TestWhatIsMutedCostsNothing(t *testing.T) {
	t.Parallel()
	u, _, _ := benchStage(t, 1)
	p := u.leg.publications()[0]
	receiver := (*p.all()[0].subscribers.Load())[0].leg
	p.all()[0].rate.value.Store(1_000_000)
	receiver.decide(time.Now())
	if receiver.downlink.wanted.Load() != 1_000_000 {
		t.Errorf("wanted %d", receiver.downlink.wanted.Load())
	}
	p.muted.Store(true)
	receiver.decide(time.Now())
	if got := receiver.downlink.wanted.Load(); got != 0 {
		t.Errorf("a muted picture wants %d bit/s", got)
	}
	slot := receiver.receiving()[0]
	slot.mu.Lock()
	defer slot.mu.Unlock()
	if slot.choice.Layer == allocate.None {
		t.Error("it does not begin with anything")
	}
}

// TestASectionThatSendsNoMoreIsMuted drops a track by negotiation, and sends it again.
func TestASectionThatSendsNoMoreIsMuted(t *testing.T) {
	t.Parallel()
	u, _, _ := benchStage(t, 0)
	sec := u.table.sections["1"].section
	negotiate := func(sends bool) bool {
		sec.Direction.Receive = sends
		d := section.Description{Sections: []section.Section{sec}}
		u.negotiated(d, d, nil)
		return u.leg.publications()[0].muted.Load()
	}
	if !negotiate(false) {
		t.Error("what is not sent any more stands still")
	}
	if negotiate(true) {
		t.Error("what is sent again is not shown")
	}
	if err := u.leg.Mute(SourceCamera, true); err != nil {
		t.Fatal(err)
	}
	negotiate(false)
	if !negotiate(true) {
		t.Error("what was muted is not muted any more")
	}
}

// TestLossIsForgotten wants a path on which nothing is sent not to count as bad.
func TestLossIsForgotten(t *testing.T) {
	t.Parallel()
	u, _, _ := benchStage(t, 1)
	slot := (*u.leg.publications()[0].all()[0].subscribers.Load())[0]
	d := &slot.leg.downlink
	slot.counters.lost.Store(128)
	now := time.Now()
	if d.lossShare(now) != 0.5 {
		t.Errorf("half is lost, and told as %v", d.lossShare(now))
	}
	slot.tick(now.Add(lossKnown+time.Second), 0)
	if d.lossShare(now) != 0 {
		t.Error("a report outlives the stream")
	}
	d.reference.started, d.toldAt = true, now
	if d.lossShare(now.Add(lossKnown+time.Second)) != 0 {
		t.Error("feedback outlives what was sent")
	}
}
