package sfu

import (
	"testing"
	"time"
)

// TestALargeRoomIsServedInParts wants every receiver of a large room to get every packet, once, while people come and go.
func TestALargeRoomIsServedInParts(t *testing.T) {
	t.Parallel()
	const receivers, packets = 3 * shardSlots, 100
	u, s, out := benchStage(t, receivers)
	before := passed(u, out)
	for n := range uint16(packets) {
		u.receive(s, benchPacket(2+n, false), time.Now())
	}
	if got := passed(u, out) - before; got != packets*receivers {
		t.Errorf("%d packets came out, want %d", got, packets*receivers)
	}
	layer := u.leg.publications()[0].all()[0]
	gone := (*layer.subscribers.Load())[:receivers/2]
	before = passed(u, out)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for _, sl := range gone {
			sl.detach()
		}
	}()
	for n := range uint16(packets) {
		u.receive(s, benchPacket(200+n, false), time.Now())
	}
	<-done
	got := passed(u, out) - before
	if least, most := int64(packets*(receivers-len(gone))), int64(packets*receivers); got < least || got > most {
		t.Errorf("%d packets came out while people left, want %d to %d", got, least, most)
	}
}
