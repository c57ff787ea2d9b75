package sfu

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"

	"github.com/pion/ice/v4"
	"github.com/pion/rtp"
	"github.com/pion/srtp/v3"
	"github.com/pion/webrtc/v4"

	"confab/sfu/seal"
	"confab/sfu/srtpkeys"
)

// output is the way of a slot's packets to the network. send takes a finished RTP packet, with a header of head bytes, that was
// built in memory of the burst; it is called with the slot's lock held, between the burst's begin and end.
type output interface {
	send(b *burst, raw []byte, head int)
}

// plainOutput leaves packets to Pion, which encrypts and sends them one by one when the burst goes out. It works wherever
// Pion does.
type plainOutput struct {
	writer webrtc.TrackLocalWriter
}

var _ output = (*plainOutput)(nil)

func (o *plainOutput) send(b *burst, raw []byte, _ int) {
	if !b.addPlain(o.writer, raw) {
		b.server.counters.sendErrors.Add(1)
	}
}

// directOutput encrypts packets where they lie and leaves them in the burst. It is the only one that encrypts the slot's SSRCs;
// see srtpkeys for why that matters. It belongs to the slot, whose lock guards it.
type directOutput struct {
	way            way // the path's, or the one before for a moment
	place          place
	media, repairs seal.Stream // for AES-GCM, which all browsers take
	other          *pionCipher // for all other profiles; nil with AES-GCM
}

var _ output = (*directOutput)(nil)

func (o *directOutput) send(b *burst, raw []byte, head int) {
	if o.way == (way{}) {
		return
	}
	encrypted, err := o.encrypt(raw, head)
	switch {
	case err != nil:
	case o.way.tcp == nil && b.add(&o.place, o.way.to, encrypted):
		return
	case o.way.tcp != nil && o.way.tcp.write(encrypted) == nil:
		return
	}
	b.server.counters.sendErrors.Add(1)
}

func (o *directOutput) encrypt(raw []byte, head int) ([]byte, error) {
	if o.other != nil {
		return o.other.context.EncryptRTP(raw, raw, &o.other.header)
	}
	s := &o.media
	if binary.BigEndian.Uint32(raw[8:]) != s.SSRC() {
		s = &o.repairs
	}
	return s.Seal(raw, head)
}

// pionCipher encrypts by Pion's means.
type pionCipher struct {
	context *srtp.Context
	header  rtp.Header // reused
}

// path is the way to a leg's client past Pion.
type path struct {
	handshake srtpkeys.Handshake
	way       atomic.Pointer[way]      // where the selected candidate pair ends; nil while there is none
	keys      atomic.Pointer[pathKeys] // nil until the handshake is over, and where direct sending is impossible

	mu     sync.Mutex // owns the fields below, and which connection has to be let go
	closed bool
	taker  *taker // nil while Pion decrypts
	taken  string // the local user name fragment of the ICE agent whose media it takes
	stop   func() // ends that
}

// way is where packets go: to an address over UDP, or over a TCP connection, or nowhere yet.
type way struct {
	to  netip.AddrPort
	tcp *tcpConn
}

// pathKeys are what the two sides encrypt with.
type pathKeys struct {
	theirs, ours srtpkeys.Keys
	gcm          *seal.Key // made of ours; nil with another profile
}

func newPathKeys(theirs, ours srtpkeys.Keys) (k *pathKeys, err error) {
	k = &pathKeys{theirs: theirs, ours: ours}
	if ours.Profile == srtp.ProtectionProfileAeadAes128Gcm {
		k.gcm, err = seal.NewKey(ours.Key, ours.Salt)
	}
	return k, err
}

// keyed takes the keys of a handshake that is over.
func (p *path) keyed() error {
	theirs, ours, err := p.handshake.Both()
	if err != nil {
		return err
	}
	k, err := newPathKeys(theirs, ours)
	if err == nil {
		p.keys.Store(k)
	}
	return err
}

// tcpConn is the ICE-TCP connection (RFC 6544) of a selected candidate pair. What is sent past Pion goes on past it when
// the client moves from UDP to TCP: Pion would begin the SSRCs' packet indices anew. Writes go to a bounded buffer.
type tcpConn struct {
	conn net.PacketConn // counts its users
	to   net.Addr
}

func (c *tcpConn) write(encrypted []byte) error {
	_, err := c.conn.WriteTo(encrypted, c.to)
	return err
}

// selected takes the candidate pair that ICE chose. The user name fragment is the local one, by which the mux of ICE-TCP
// knows its connections.
func (p *path) selected(pair *webrtc.ICECandidatePair, ufrag string, tcp ice.TCPMux) error {
	addr, err := netip.ParseAddr(pair.Remote.Address)
	if err != nil {
		return fmt.Errorf("sfu: address of the selected candidate: %w", err)
	}
	to := netip.AddrPortFrom(addr, pair.Remote.Port)
	if pair.Remote.Protocol == webrtc.ICEProtocolUDP {
		return p.change(way{to: to})
	}
	if tcp == nil {
		return ErrTransport
	}
	conn, err := tcp.GetConnByUfrag(ufrag, addr.Is6(), net.ParseIP(pair.Local.Address))
	if err != nil {
		return fmt.Errorf("sfu: find ICE-TCP connection: %w", err)
	}
	return p.change(way{tcp: &tcpConn{conn: conn, to: net.TCPAddrFromAddrPort(to)}})
}

// current returns the way that packets have to go now.
func (p *path) current() way {
	if w := p.way.Load(); w != nil {
		return *w
	}
	return way{}
}

// change takes another way and lets go of the old one's connection, or of the new one's if the path is closed.
func (p *path) change(next way) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	old := next
	if !p.closed {
		old = p.current()
		p.way.Store(&next)
	}
	if old.tcp == nil {
		return nil
	}
	if err := old.tcp.conn.Close(); err != nil {
		return fmt.Errorf("sfu: let go of ICE-TCP connection: %w", err)
	}
	return nil
}

// close lets go of the connection for good.
func (p *path) close() error {
	err := p.change(way{})
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	if p.stop != nil {
		p.stop()
	}
	return err
}

// open makes the output past Pion of a slot that is about to send its first packet, and tells whether that is possible: it is the
// slot's output from then on.
func (p *path) open(o *directOutput, ssrc, rtxSSRC uint32) (bool, error) {
	keys, now := p.keys.Load(), p.current()
	if keys == nil || !now.to.IsValid() {
		return false, nil
	}
	*o = directOutput{way: now}
	if keys.gcm != nil {
		o.media, o.repairs = keys.gcm.NewStream(ssrc), keys.gcm.NewStream(rtxSSRC)
		return true, nil
	}
	context, err := srtp.CreateContext(keys.ours.Key, keys.ours.Salt, keys.ours.Profile)
	o.other = &pionCipher{context: context}
	return err == nil, err
}
