package sfu

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/rtp"

	"confab/sfu/allocate"
)

// held is a way out that is blocked at first, and keeps the sequence numbers of what passed.
type held struct {
	reached chan struct{} // closed when the first packet is there
	open    chan struct{}
	first   atomic.Bool

	mu     sync.Mutex
	passed []uint16
}

func (h *held) WriteRTP(header *rtp.Header, _ []byte) (int, error) {
	if !h.first.Swap(true) {
		close(h.reached)
		<-h.open
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.passed = append(h.passed, header.SequenceNumber)
	return header.MarshalSize(), nil
}

func (h *held) Write([]byte) (int, error) { return 0, errors.ErrUnsupported }

// TestWhatArrivesDoesNotOvertakeThePast holds up what a slot is given from the ring, while more arrives.
func TestWhatArrivesDoesNotOvertakeThePast(t *testing.T) {
	t.Parallel()
	st := newTheatre(t, 1, stageCodecs["VP8"].codec, 1)
	clean := func(packets [][]byte) [][]byte { return packets }
	for range 20 {
		st.play(clean)
	}
	way := &held{reached: make(chan struct{}), open: make(chan struct{})}
	st.slot.out = &plainOutput{writer: way}
	st.slot.attach(st.actors[0].track)
	caught := make(chan bool, 1)
	go func() {
		now := time.Now()
		l := st.slot.aim(allocate.Choice{Temporal: allocate.AllTemporal}, now)
		caught <- l != nil && st.slot.catchUp(l, now)
	}()
	<-way.reached
	for range 5 {
		st.play(clean)
	}
	way.mu.Lock()
	if len(way.passed) > 0 {
		t.Errorf("%d packets went past those from the ring", len(way.passed))
	}
	way.mu.Unlock()
	close(way.open)
	if !<-caught {
		t.Fatal("the slot did not begin")
	}
	for range 5 {
		st.play(clean)
	}
	st.slot.leg.downlink.burst.settle()
	if sent := int(st.slot.counters.packets.Load()); sent != len(way.passed) || sent < 20 {
		t.Errorf("%d were written, %d came out", sent, len(way.passed))
	}
	for i, seq := range way.passed[1:] {
		if seq != way.passed[i]+1 {
			t.Fatalf("packet %d follows %d", seq, way.passed[i])
		}
	}
}
