package sfu

import (
	"time"

	"confab/sfu/quality"
)

// Stats returns the leg's figures of this moment.
func (l *Leg) Stats() Stats {
	down, up := l.facts()
	out := Stats{
		State: l.currentState(), RTT: time.Duration(l.downlink.delay.Load()),
		Score: quality.Score(down), UplinkScore: quality.Score(up),
		DownlinkBPS: l.downlink.budget(), DownlinkLoss: down.Loss,
	}
	if out.DownlinkBPS == 0 {
		out.DownlinkBPS = l.downlink.sent.Load()
	}
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

// facts returns what the scores of both directions are made of.
func (l *Leg) facts() (down, up quality.Facts) {
	rtt := time.Duration(l.downlink.delay.Load())
	lost := l.currentState() == StateLost
	down = quality.Facts{RTT: rtt, Lost: lost, Starved: l.downlink.starved.Load(), Loss: l.downlink.lossShare(time.Now())}
	up = quality.Facts{RTT: rtt, Lost: lost}
	for _, s := range l.receiving() {
		st := s.stats()
		down.Jitter = max(down.Jitter, st.Jitter)
	}
	up.Loss, up.Jitter = l.uplink.condition()
	return down, up
}

// judge tells good from poor connections. Called in a tick.
func (l *Leg) judge() {
	l.mu.Lock()
	state := l.state
	l.mu.Unlock()
	if state != StateGood && state != StatePoor {
		return
	}
	down, up := l.facts()
	next := StateGood
	if quality.Poor(min(quality.Score(down), quality.Score(up)), state == StatePoor) {
		next = StatePoor
	}
	l.mu.Lock()
	changed := l.state == state && next != state // it may be lost since
	if changed {
		l.state = next
	}
	l.mu.Unlock()
	if changed {
		l.notifier.state(next)
	}
}

// condition returns the share of packets lost and the jitter of what the client sends, by our last receiver reports: the
// mean loss over all packets, the worst jitter.
func (u *uplink) condition() (loss float64, jitter time.Duration) {
	u.mu.Lock()
	defer u.mu.Unlock()
	n := 0
	for _, s := range u.streams {
		if s.layer == nil || !s.layer.live(time.Now()) {
			continue
		}
		n++
		loss += float64(s.lastReport.FractionLost) / 256
		clock := float64(s.layer.format.Load().codec.ClockRate)
		jitter = max(jitter, time.Duration(s.watch.Jitter()/clock*float64(time.Second)))
	}
	if n > 0 {
		loss /= float64(n)
	}
	return loss, jitter
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
