package sfu

import (
	"time"

	"github.com/pion/rtcp"

	"confab/sfu/repair"
)

// ntpEpoch is the beginning of NTP time (RFC 5905), 1900, in Unix seconds.
const ntpEpoch = -2208988800

// ntpTime returns a time as NTP writes it: seconds in the upper, fractions in the lower 32 bits.
func ntpTime(t time.Time) uint64 {
	seconds := uint64(t.Unix() - ntpEpoch)
	return seconds<<32 | uint64(t.Nanosecond())<<32/1e9
}

// ntpMiddle returns the middle 32 bits, in units of 1/65536 s, as reports carry them.
func ntpMiddle(t time.Time) uint32 { return uint32(ntpTime(t) >> 16) }

// senderReport takes what a publisher says of the time of its timestamps.
func (u *uplink) senderReport(r *rtcp.SenderReport, now time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	s := u.streams[r.SSRC]
	if s == nil || s.layer == nil {
		return
	}
	s.layer.report.Store(&senderReport{ntp: r.NTPTime, timestamp: r.RTPTime, arrival: now})
	u.synchronise(r.NTPTime, now)
}

// synchronise learns how far the publisher's clock is from ours: the least of what its reports show, because delay only
// ever makes the difference look larger. The estimate may creep up slowly, as clocks drift.
func (u *uplink) synchronise(ntp uint64, now time.Time) {
	seen := ntpSub(ntpTime(now), ntp)
	const drift = 200 * time.Microsecond // per report; a bad crystal drifts 100 µs in a second
	if old := u.clockAhead.Load(); old != nil {
		seen = min(seen, *old+drift)
	}
	u.clockAhead.Store(&seen)
}

func ntpSub(a, b uint64) time.Duration {
	d := int64(a - b)
	return time.Duration(d>>32)*time.Second + time.Duration(uint64(d)&0xFFFFFFFF*1e9>>32)
}

// tick sends the reports that are due, and asks again for what is still missing.
func (u *uplink) tick(now time.Time) {
	var out []rtcp.Packet
	u.mu.Lock()
	var blocks []rtcp.ReceptionReport
	for _, s := range u.streams {
		if s.layer == nil {
			continue
		}
		if s.layer.nacks && s.watch.Missing() {
			if due := s.watch.Due(nil, now, u.leg.downlink.rtt()); len(due) > 0 {
				s.layer.nacked.Add(uint64(len(due)))
				u.leg.room.server.counters.nacksOut.Add(uint64(len(due)))
				out = append(out, &rtcp.TransportLayerNack{
					SenderSSRC: u.rtcpID, MediaSSRC: s.ssrc, Nacks: rtcp.NackPairsFromSequenceNumbers(due),
				})
			}
		}
		if s.layer.nacks && s.watch.GaveUp() { // here, or when a packet came
			s.layer.askKeyFrame()
		}
		if now.Sub(s.reported) >= reportPeriod && s.watch.Started() {
			s.reported = now
			blocks = append(blocks, s.reception(now))
		}
	}
	u.mu.Unlock()
	const most = 31 // blocks in one report: the count has five bits
	for len(blocks) > 0 {
		n := min(most, len(blocks))
		out = append(out, &rtcp.ReceiverReport{SSRC: u.rtcpID, Reports: blocks[:n]})
		blocks = blocks[n:]
	}
	out = append(out, u.transportFeedback(now)...)
	if len(out) > 0 {
		u.leg.writeRTCP(out...)
	}
}

// reception makes a stream's block of a receiver report (RFC 3550, section 6.4.1).
func (s *stream) reception(now time.Time) rtcp.ReceptionReport {
	r := s.watch.Report()
	s.lastReport = r
	s.layer.lost.Store(uint32(r.FractionLost))
	block := rtcp.ReceptionReport{
		SSRC: s.ssrc, FractionLost: r.FractionLost, TotalLost: r.Lost,
		LastSequenceNumber: r.Highest, Jitter: r.Jitter,
	}
	if sr := s.layer.report.Load(); sr != nil {
		block.LastSenderReport = uint32(sr.ntp >> 16)
		block.Delay = uint32(now.Sub(sr.arrival).Seconds() * 65536)
	}
	return block
}

// tick returns the slot's sender report when it is due, and asks again for a key frame that does not come. It is told which
// share of packets is lost toward the client.
func (s *slot) tick(now time.Time, loss float64) *rtcp.SenderReport {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hold(now, loss)
	if now.Sub(s.sentAt) > lossKnown {
		s.counters.lost.Store(0)
	}
	if !s.waiting.IsZero() && now.Sub(s.waiting) > keyFramePatience {
		s.waiting = now
		s.ask()
	}
	return s.senderReport(now)
}

// hold asks the receiver to hold pictures back for as long as repairs take, where packets are lost; nothing where not. Called
// with mu held.
func (s *slot) hold(now time.Time, loss float64) {
	if s.ids.delay == 0 || s.current == nil || s.kind != KindVideo {
		return
	}
	up := repair.Hop{Loss: float64(s.current.lost.Load()) / 256, RTT: s.current.publication.leg.downlink.rtt()}
	delay := s.delay.Update(up, repair.Hop{Loss: loss, RTT: s.leg.downlink.rtt()}, now)
	if delay == 0 && s.held == nil {
		return
	}
	// Two numbers of twelve bits in units of 10 ms, the least and the greatest.
	const greatest = 1000
	s.heldMemory = [3]byte{byte(delay.Milliseconds() / 10 >> 4), byte(delay.Milliseconds()/10<<4) | greatest>>8, greatest & 0xFF}
	s.held = s.heldMemory[:]
}

// senderReport relates the slot's timestamps to our clock (RFC 3550, section 6.4.1). Where the publisher has told how its
// timestamps relate to its own clock, that is translated, so that sound and picture of one publisher stay together
// whatever slots they are in; until then, the time of sending has to do. Called with mu held.
func (s *slot) senderReport(now time.Time) *rtcp.SenderReport {
	if now.Sub(s.reportedAt) < reportPeriod || s.current == nil || s.sentAt.IsZero() {
		return nil
	}
	s.reportedAt = now
	rate := float64(s.format.codec.ClockRate)
	timestamp := s.stream.Last().Timestamp + uint32(now.Sub(s.sentAt).Seconds()*rate)
	ahead := s.current.publication.leg.uplink.clockAhead.Load()
	if sr := s.current.report.Load(); sr != nil && ahead != nil {
		there := now.Add(-*ahead)
		since := ntpSub(ntpTime(there), sr.ntp)
		timestamp = sr.timestamp + uint32(int64(since.Seconds()*rate)) + s.stream.Offset()
	}
	return &rtcp.SenderReport{
		SSRC: s.ssrc, NTPTime: ntpTime(now), RTPTime: timestamp,
		PacketCount: uint32(s.counters.packets.Load()), OctetCount: uint32(s.counters.bytes.Load()),
	}
}
