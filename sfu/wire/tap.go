package wire

import (
	"sync"
	"time"
)

// mediaTap hands a leg's SRTP packets to somebody else than Pion.
type mediaTap struct {
	queue *packetQueue
	take  func(p []byte, came time.Time) bool
	done  sync.WaitGroup
}

// TakeMedia makes the Mux an sfu.MediaTaker: from now on take gets the SRTP packets (no SRTCP) for the leg with that local
// ICE fragment and when the kernel got them, in order and in one goroutine. Those for which it returns false go on to the leg's conn. It must not keep
// the slice. stop ends that and waits for take to return; the end of the leg's last candidate ends it too.
func (m *Mux) TakeMedia(ufrag string, take func(p []byte, came time.Time) bool) (stop func()) {
	tap := &mediaTap{queue: newPacketQueue(legQueue), take: take}
	if !m.ice.attachTap(ufrag, tap) {
		return func() {}
	}
	tap.done.Go(func() { m.ice.drainTap(tap) })
	return func() {
		m.ice.detachTap(ufrag, tap)
		tap.queue.close()
		tap.done.Wait()
	}
}

func (x *iceMux) attachTap(ufrag string, tap *mediaTap) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	leg := x.legs[ufrag]
	if leg == nil || leg.tap.Load() != nil {
		return false
	}
	leg.tap.Store(tap)
	return true
}

func (x *iceMux) detachTap(ufrag string, tap *mediaTap) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if leg := x.legs[ufrag]; leg != nil {
		leg.tap.CompareAndSwap(tap, nil)
	}
}

func (x *iceMux) drainTap(tap *mediaTap) {
	for p := tap.queue.pop(); p != nil; p = tap.queue.pop() {
		if tap.take(p.bytes(), p.came) {
			p.release()
			continue
		}
		c := x.find(p, classMedia)
		if c == nil || !c.queue.push(p) {
			x.mux.counters.droppedFull.Add(1)
			p.release()
		}
	}
}

// isSRTP tells media from reports, which share a port (RFC 5761, section 4), and from everything else.
func isSRTP(p []byte) bool {
	return len(p) > 12 && p[0]>>6 == 2 && (p[1] < 192 || p[1] > 223)
}
