package sfu

import "time"

// Stats returns the leg's figures of this moment.
func (l *Leg) Stats() Stats {
	out := Stats{State: l.currentState(), RTT: time.Duration(l.downlink.delay.Load())}
	for _, p := range l.publications() {
		for _, layer := range p.all() {
			out.Published = append(out.Published, layer.stats())
		}
	}
	for _, s := range l.receiving() {
		out.Slots = append(out.Slots, s.stats())
	}
	return out
}

func (l *layer) stats() TrackStats {
	f := l.format.Load()
	t := TrackStats{
		Track: l.publication.id, MID: l.publication.mid, RID: l.rid, Codec: f.codec.MIME,
		Packets: l.packets.Load(), Bytes: l.bytes.Load(), NACKs: l.nacked.Load(), PLIs: l.askedKey.Load(),
		BitsPerSec: l.rate.value.Load(),
	}
	u := &l.publication.leg.uplink
	u.mu.Lock()
	defer u.mu.Unlock()
	if s := u.streams[l.ssrc]; s != nil {
		t.Lost = s.watch.Lost()
		t.Jitter = time.Duration(s.watch.Jitter() / float64(f.codec.ClockRate) * float64(time.Second))
	}
	return t
}

func (s *slot) stats() SlotStats {
	c := &s.counters
	out := SlotStats{
		MID: s.mid, Packets: c.packets.Load(), Bytes: c.bytes.Load(), Retransmitted: c.resent.Load(),
		Dropped: c.dropped.Load(), NACKs: c.nacks.Load(), PLIs: c.plis.Load(), Lost: float64(c.lost.Load()) / 256,
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.publication != nil {
		out.Track = s.publication.id
	}
	if s.current != nil {
		out.RID = s.current.rid
		out.Jitter = time.Duration(float64(c.jitter.Load()) / float64(s.format.codec.ClockRate) * float64(time.Second))
	}
	return out
}
