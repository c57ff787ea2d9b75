package sfu

import (
	"net/netip"
	"sync/atomic"

	"github.com/pion/rtp"
	"github.com/pion/srtp/v3"
	"github.com/pion/webrtc/v4"

	"confab/sfu/srtpkeys"
)

// output is the way of a slot's packets to the network. send takes a finished RTP packet that was built in memory of the
// burst; it is called with the slot's lock held, between the burst's begin and end.
type output interface {
	send(b *burst, raw []byte)
}

// plainOutput leaves packets to Pion, which encrypts and sends them one by one when the burst goes out. It works wherever
// Pion does.
type plainOutput struct {
	writer webrtc.TrackLocalWriter
}

var _ output = (*plainOutput)(nil)

func (o *plainOutput) send(b *burst, raw []byte) {
	if !b.addPlain(o.writer, raw) {
		b.server.counters.sendErrors.Add(1)
	}
}

// directOutput encrypts packets where they lie and leaves them in the burst. Its context encrypts the slot's SSRCs alone;
// see srtpkeys for why that matters.
type directOutput struct {
	path    *path
	context *srtp.Context
	header  rtp.Header // reused
	place   place
}

var _ output = (*directOutput)(nil)

func (o *directOutput) send(b *burst, raw []byte) {
	to := o.path.to.Load()
	if to == nil {
		return
	}
	encrypted, err := o.context.EncryptRTP(raw, raw, &o.header)
	if err != nil || !b.add(&o.place, *to, encrypted) {
		b.server.counters.sendErrors.Add(1)
	}
}

// path is the way to a leg's client past Pion.
type path struct {
	handshake srtpkeys.Handshake
	to        atomic.Pointer[netip.AddrPort] // where the selected candidate pair ends; nil while there is none over UDP
	keys      atomic.Pointer[srtpkeys.Keys]  // nil until the handshake is over, and where direct sending is impossible
	used      atomic.Bool                    // some slot has decided for it
}

// selected takes the candidate pair that ICE chose. It is false if the leg was sending past Pion and cannot go on: ICE-TCP
// goes through Pion, which would begin the SSRCs' packet indices anew.
func (p *path) selected(remote *webrtc.ICECandidate) bool {
	addr, err := netip.ParseAddr(remote.Address)
	if err != nil || remote.Protocol != webrtc.ICEProtocolUDP {
		p.to.Store(nil)
		return !p.used.Load()
	}
	to := netip.AddrPortFrom(addr, remote.Port)
	p.to.Store(&to)
	return true
}

// choose returns the output of a slot that is about to send its first packet, which is its output from then on.
func (p *path) choose(s *Server, writer webrtc.TrackLocalWriter) output {
	plain := &plainOutput{writer: writer}
	keys := p.keys.Load()
	if s.batch == nil || keys == nil || p.to.Load() == nil {
		return plain
	}
	context, err := srtp.CreateContext(keys.Key, keys.Salt, keys.Profile)
	if err != nil {
		s.log.Warn("sfu: make SRTP context", "error", err)
		return plain
	}
	p.used.Store(true)
	return &directOutput{path: p, context: context}
}
