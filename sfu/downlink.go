package sfu

import (
	"io"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/transport/v5/packetio"

	"confab/sfu/bandwidth"
)

const (
	// reportPeriod is how often sender and receiver reports go out for each stream.
	reportPeriod = time.Second
	// keyFramePatience is how long a slot waits for a key frame before it asks again.
	keyFramePatience = 500 * time.Millisecond
	// lossyPath is the share of packets lost toward a client from which repairs are sent twice.
	lossyPath = 0.02
	// lossKnown is how long what was lost tells of a path on which nothing is sent any more.
	lossKnown = 3 * time.Second
)

// downlink is what is known of the way to the client: what was sent, and what the client reports of it. RTCP arrives in the
// one goroutine that decrypts the leg's SRTCP (see bufferFor); tick is called by the server's pulse.
type downlink struct {
	leg       *Leg
	attention *errand      // what pokes ask for
	rtcpID    uint32       // SSRC of our requests
	delay     atomic.Int64 // smoothed round trip time, ns
	// subjects counts the SSRCs that the client's reports have been about.
	subjects atomic.Int32

	// For packets sent again; used by the RTCP goroutine alone.
	burst   *burst
	again   media
	scratch [mtu]byte

	// bySSRC finds the slot that a report is about. An immutable snapshot.
	bySSRC atomic.Pointer[map[uint32]*slot]

	sent      atomic.Int64 // payload sent in the last reportPeriod, bits per second
	ticking   sync.Mutex   // held through a tick and through what a poke asks for; owns the next two
	sentBytes uint64       // by all slots, when sent was measured
	sentAt    time.Time    // that time

	probedBytes uint64    // as sentBytes, at the last probe; ticking owns it
	probedAt    time.Time // that time

	wanted  atomic.Int64 // bits per second that the leg would take if it could
	starved atomic.Bool  // some picture gets less than it asks for
	credit  atomic.Int64 // bytes that may be sent again; see resendShare
	lossy   atomic.Bool  // packets are lost by chance: a lot, though there is room

	mu        sync.Mutex // owns the fields below
	log       bandwidth.SendLog
	estimator bandwidth.Estimator
	results   []bandwidth.Result // scratch
	toldAt    time.Time          // when transport-wide feedback last came
	reference feedbackClock
}

func (d *downlink) init(l *Leg) {
	d.leg = l
	d.attention = newErrand(func() { l.look(time.Now(), (*Leg).follow) })
	d.rtcpID = rand.Uint32()
	d.credit.Store(maxCredit)
	d.burst = newBurst(l.room.server)
	d.burst.rare = true
	d.bySSRC.Store(&map[uint32]*slot{})
}

// route makes reports about a slot's SSRCs find it.
func (d *downlink) route(s *slot) {
	s.mu.Lock()
	ssrc, rtx := s.ssrc, s.rtxSSRC
	s.mu.Unlock()
	next := map[uint32]*slot{}
	for k, v := range *d.bySSRC.Load() {
		next[k] = v
	}
	next[ssrc] = s
	if rtx != 0 {
		next[rtx] = s
	}
	d.bySSRC.Store(&next)
}

// poke has the leg's choices and requests looked after now rather than at the next tick.
func (d *downlink) poke() { d.attention.ask() }

// rtt returns the smoothed round trip time, or a guess while none is known.
func (d *downlink) rtt() time.Duration {
	if v := d.delay.Load(); v > 0 {
		return time.Duration(v)
	}
	const guess = 100 * time.Millisecond
	return guess
}

// sending notes a packet that is about to go out, and returns its transport-wide sequence number.
func (d *downlink) sending(bytes int, now time.Time) uint16 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.log.Add(bytes, now)
}

// budget returns the bandwidth toward the client in bits per second, or 0 while there was no sign of a limit.
func (d *downlink) budget() int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.estimator.Bits()
}

// measure keeps the rate at which the leg is sent media. Called in a tick.
func (d *downlink) measure(now time.Time) {
	since := now.Sub(d.sentAt)
	if since < reportPeriod {
		return
	}
	bytes := uint64(0)
	for _, s := range d.leg.receiving() {
		bytes += s.counters.bytes.Load()
	}
	d.sent.Store(int64(float64(bytes-d.sentBytes) * 8 / since.Seconds()))
	d.sentBytes, d.sentAt = bytes, now
}

// grow lets the estimate rise toward what the leg would take.
func (d *downlink) grow(now time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.estimator.Grow(d.wanted.Load(), now)
}

// lossShare returns the share of packets lost toward the client lately: by transport-wide feedback if it comes, else by
// the worst of the receiver reports.
func (d *downlink) lossShare(now time.Time) float64 {
	d.mu.Lock()
	told, toldAt, loss := d.reference.started, d.toldAt, d.estimator.Loss()
	d.mu.Unlock()
	if told && now.Sub(toldAt) > lossKnown {
		return 0
	}
	if !told {
		for _, s := range d.leg.receiving() {
			loss = max(loss, float64(s.counters.lost.Load())/256)
		}
	}
	return loss
}

// arrived takes transport-wide feedback.
func (d *downlink) arrived(f *rtcp.TransportLayerCC, now time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.results = d.results[:0]
	d.reference.each(f, func(sequence uint16, at time.Duration, received bool) {
		if r, ok := d.log.Result(sequence, at, received); ok {
			d.results = append(d.results, r)
		}
	})
	d.estimator.Feedback(d.results, now)
	d.toldAt = now
}

// rtcpSink takes the RTCP packets that concern one SSRC. Pion hands a packet to the sink of every SSRC that it concerns;
// each looks only for what is said of its own.
type rtcpSink struct {
	leg  *Leg
	ssrc uint32
}

// Write handles a packet, and says that the buffer is full, which makes Pion forget it.
func (s *rtcpSink) Write(b []byte) (int, error) {
	s.leg.receiveRTCP(s.ssrc, b)
	return 0, packetio.ErrFull
}

// Read has nothing for Pion's own readers.
func (*rtcpSink) Read([]byte) (int, error) { return 0, io.EOF }

// Close has nothing to free.
func (*rtcpSink) Close() error { return nil }

func (l *Leg) receiveRTCP(ssrc uint32, raw []byte) {
	defer func() {
		if p := recover(); p != nil {
			l.broke(p)
		}
	}()
	if l.closing() {
		return
	}
	packets, err := rtcp.Unmarshal(raw)
	if err != nil {
		l.room.server.counters.malformed.Add(1)
		return
	}
	now := time.Now()
	slot := (*l.downlink.bySSRC.Load())[ssrc]
	for _, p := range packets {
		switch p := p.(type) {
		case *rtcp.SenderReport:
			if p.SSRC == ssrc {
				l.uplink.senderReport(p, now)
			}
			l.receiverReports(slot, p.Reports, now)
		case *rtcp.ReceiverReport:
			l.receiverReports(slot, p.Reports, now)
		case *rtcp.TransportLayerNack:
			if slot != nil && p.MediaSSRC == ssrc {
				slot.resend(p, now)
			}
		case *rtcp.TransportLayerCC:
			l.downlink.arrived(p, now)
		case *rtcp.PictureLossIndication:
			if slot != nil && p.MediaSSRC == ssrc {
				slot.askedKeyFrame()
			}
		case *rtcp.FullIntraRequest:
			for _, e := range p.FIR {
				if slot != nil && e.SSRC == ssrc {
					slot.askedKeyFrame()
				}
			}
		}
	}
}

// receiverReports takes what the client says of a slot's stream.
func (l *Leg) receiverReports(s *slot, reports []rtcp.ReceptionReport, now time.Time) {
	if s == nil {
		return
	}
	s.mu.Lock()
	ssrc := s.ssrc
	s.mu.Unlock()
	for _, r := range reports {
		if r.SSRC != ssrc {
			continue
		}
		s.counters.lost.Store(uint32(r.FractionLost))
		s.counters.jitter.Store(r.Jitter)
		if r.LastSenderReport == 0 {
			continue
		}
		// RFC 3550, section 6.4.1: now - LSR - DLSR, in units of 1/65536 s.
		if d := ntpMiddle(now) - r.LastSenderReport - r.Delay; int32(d) >= 0 {
			l.downlink.measured(time.Duration(d) * time.Second >> 16)
		}
	}
}

// measured smooths a round trip time as TCP does (RFC 6298).
func (d *downlink) measured(rtt time.Duration) {
	const longest = 10 * time.Second // beyond, the report lies
	if rtt > longest {
		return
	}
	rtt = max(rtt, time.Microsecond)
	old := d.delay.Load()
	if old == 0 {
		old = int64(rtt)
	}
	d.delay.Store(old + (int64(rtt)-old)/8)
}

// tick looks after what no packet triggers.
func (l *Leg) tick(now time.Time) {
	l.look(now, func(l *Leg, now time.Time) {
		l.downlink.measure(now)
		l.downlink.grow(now)
		l.follow(now)
		l.probe(now)
		l.uplink.tick(now)
		l.judge()
		loss := l.downlink.lossShare(now)
		l.downlink.lossy.Store(loss >= lossyPath && !l.downlink.starved.Load())
		var reports []rtcp.Packet
		for _, s := range l.receiving() {
			if r := s.tick(now, loss); r != nil {
				reports = append(reports, r)
			}
		}
		const most = 40 // of 28 bytes each, in one datagram
		for len(reports) > 0 {
			n := min(most, len(reports))
			l.writeRTCP(reports[:n]...)
			reports = reports[n:]
		}
	})
}

// settle waits for a tick that is under way.
func (d *downlink) settle() {
	d.ticking.Lock()
	defer d.ticking.Unlock()
}

// look runs one look after the leg, unless it is closing. A panic ends the leg.
func (l *Leg) look(now time.Time, after func(*Leg, time.Time)) {
	l.downlink.ticking.Lock()
	defer l.downlink.ticking.Unlock()
	defer func() {
		if p := recover(); p != nil {
			l.broke(p)
		}
	}()
	if !l.closing() {
		after(l, now)
	}
}

// follow adapts what the leg is sent, and what it is asked to send, to what has changed.
func (l *Leg) follow(now time.Time) {
	l.choose(now)
	l.tellActivity(now)
	l.requestKeyFrames(now)
}

// requestKeyFrames sends on what receivers asked for. A layer that is off begins with a key frame when it is on again; asking
// for one meanwhile would cost its sender one of every layer, because browsers take a request for all they send.
func (l *Leg) requestKeyFrames(now time.Time) {
	var requests []rtcp.Packet
	for _, p := range l.publications() {
		for _, layer := range p.all() {
			if layer.live(now) && !p.muted.Load() && layer.keys.due(now) {
				layer.askedKey.Add(1)
				requests = append(requests, &rtcp.PictureLossIndication{
					SenderSSRC: l.downlink.rtcpID, MediaSSRC: layer.ssrc,
				})
			}
		}
	}
	if len(requests) > 0 {
		l.room.server.counters.plisOut.Add(uint64(len(requests)))
		l.writeRTCP(requests...)
	}
}
