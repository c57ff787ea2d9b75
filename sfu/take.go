package sfu

import (
	"encoding/binary"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/srtp/v3"

	"confab/sfu/srtpkeys"
)

const (
	// hearsayPeriod is how often one packet of a client's media takes the way through Pion, by which Pion knows that the
	// client is still there.
	hearsayPeriod = time.Second
	// strangeLimit is how many packets of a stream in a row may not decrypt before the stream is left to Pion: it has begun
	// so shortly before a wrap of its sequence numbers that only Pion has counted that.
	strangeLimit = 16
	// replayWindow is how many packets back a retransmission may come.
	replayWindow = 1024
)

// taker decrypts a client's media past Pion. It belongs to the goroutine of the transport that hands the packets over.
type taker struct {
	uplink  *uplink
	context *srtp.Context
	header  rtp.Header // reused
	raw     [mtu + 64]byte
	passed  time.Time // when a packet was last left to Pion
}

func newTaker(u *uplink, k srtpkeys.Keys) (*taker, error) {
	c, err := srtp.CreateContext(k.Key, k.Salt, k.Profile, srtp.SRTPReplayProtection(replayWindow))
	if err != nil {
		return nil, err
	}
	return &taker{uplink: u, context: c}, nil
}

// take handles an SRTP packet, or leaves it to Pion: the first ones of each stream, by which it is made known, and what does not
// decrypt. One now and then it leaves to Pion as well, where it turns out to be a repetition.
func (t *taker) take(encrypted []byte, came time.Time) bool {
	defer func() {
		if p := recover(); p != nil {
			t.uplink.leg.broke(p)
		}
	}()
	s := t.uplink.known(binary.BigEndian.Uint32(encrypted[8:]))
	if s == nil || s.strange > strangeLimit || len(encrypted) > len(t.raw) {
		return false
	}
	raw, err := t.context.DecryptRTP(t.raw[:0], encrypted, &t.header)
	if err != nil {
		s.strange++
		return false
	}
	s.strange = 0
	t.uplink.receive(s, raw, came)
	if time.Since(t.passed) < hearsayPeriod {
		return true
	}
	t.passed = time.Now()
	return false
}

// takeMedia has the client's media handed over past Pion, where the transport can do that, once the leg is connected and
// something is to be sent on it; and follows the ICE agent when that is restarted.
func (l *Leg) takeMedia() {
	transport, can := l.room.server.cfg.Transport.(MediaTaker)
	if !can || !l.ready.Load() || l.path.keys.Load() == nil || !l.uplink.expects() {
		return
	}
	local, err := l.pc.Load().SCTP().Transport().ICETransport().GetLocalParameters()
	if err == nil {
		err = l.path.take(transport, local.UsernameFragment, &l.uplink)
	}
	if err != nil {
		l.room.server.log.Warn("sfu: take media past Pion", "leg", l.id, "error", err)
	}
}

// expects tells whether there are sections on which the client may send.
func (u *uplink) expects() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return len(u.table.sections) > 0
}

// take begins to take what a client sends, or goes on with that after an ICE restart.
func (p *path) take(t MediaTaker, ufrag string, u *uplink) (err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || p.taken == ufrag {
		return nil
	}
	if p.taker == nil {
		if p.taker, err = newTaker(u, p.keys.Load().theirs); err != nil {
			return err
		}
	}
	if p.stop != nil {
		p.stop()
	}
	p.taken, p.stop = ufrag, t.TakeMedia(ufrag, p.taker.take)
	return nil
}

// known returns the stream of an SSRC that Pion has brought packets of.
func (u *uplink) known(ssrc uint32) *stream {
	u.mu.Lock()
	defer u.mu.Unlock()
	if s := u.streams[ssrc]; s != nil && (s.layer != nil || s.repairs != nil) {
		return s
	}
	return nil
}
