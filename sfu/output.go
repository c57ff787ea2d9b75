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
// see srtpkeys for why that matters.
type directOutput struct {
	path   *path
	place  place
	cipher rtpCipher
}

var _ output = (*directOutput)(nil)

func (o *directOutput) send(b *burst, raw []byte, head int) {
	to, tcp := o.path.to.Load(), o.path.tcp.Load()
	if to == nil && tcp == nil {
		return
	}
	encrypted, err := o.cipher.encrypt(raw, head)
	switch {
	case err != nil:
	case to != nil && b.add(&o.place, *to, encrypted):
		return
	case to == nil && tcp.write(encrypted) == nil:
		return
	}
	b.server.counters.sendErrors.Add(1)
}

// rtpCipher encrypts a slot's packets in place.
type rtpCipher interface {
	encrypt(raw []byte, head int) ([]byte, error)
}

// gcmCipher is for AES-GCM, which all browsers take.
type gcmCipher struct{ media, repairs seal.Stream }

func (c *gcmCipher) encrypt(raw []byte, head int) ([]byte, error) {
	s := &c.media
	if binary.BigEndian.Uint32(raw[8:]) != s.SSRC() {
		s = &c.repairs
	}
	return s.Seal(raw, head)
}

// pionCipher is for all other profiles.
type pionCipher struct {
	context *srtp.Context
	header  rtp.Header // reused
}

func (c *pionCipher) encrypt(raw []byte, _ int) ([]byte, error) {
	return c.context.EncryptRTP(raw, raw, &c.header)
}

// path is the way to a leg's client past Pion.
type path struct {
	handshake srtpkeys.Handshake
	to        atomic.Pointer[netip.AddrPort] // where the selected candidate pair ends, if over UDP
	tcp       atomic.Pointer[tcpConn]        // the selected candidate pair, if over TCP
	keys      atomic.Pointer[pathKeys]       // nil until the handshake is over, and where direct sending is impossible

	mu     sync.Mutex // owns the fields below, and which connection has to be let go
	closed bool
	taker  *taker // nil while Pion decrypts
	taken  string // the local user name fragment of the ICE agent whose media it takes
	stop   func() // ends that
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

// cipher makes what encrypts a slot's two streams.
func (k *pathKeys) cipher(ssrc, rtxSSRC uint32) (rtpCipher, error) {
	if k.gcm != nil {
		return &gcmCipher{media: k.gcm.NewStream(ssrc), repairs: k.gcm.NewStream(rtxSSRC)}, nil
	}
	context, err := srtp.CreateContext(k.ours.Key, k.ours.Salt, k.ours.Profile)
	return &pionCipher{context: context}, err
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
		p.to.Store(&to)
		return p.changeTCP(nil)
	}
	if tcp == nil {
		return ErrTransport
	}
	conn, err := tcp.GetConnByUfrag(ufrag, addr.Is6(), net.ParseIP(pair.Local.Address))
	if err != nil {
		return fmt.Errorf("sfu: find ICE-TCP connection: %w", err)
	}
	defer p.to.Store(nil)
	return p.changeTCP(&tcpConn{conn: conn, to: net.TCPAddrFromAddrPort(to)})
}

// changeTCP replaces the connection and lets go of the old one, or of the new one if the path is closed.
func (p *path) changeTCP(next *tcpConn) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	old := next
	if !p.closed {
		old = p.tcp.Swap(next)
	}
	if old == nil {
		return nil
	}
	if err := old.conn.Close(); err != nil {
		return fmt.Errorf("sfu: let go of ICE-TCP connection: %w", err)
	}
	return nil
}

// close lets go of the connection for good.
func (p *path) close() error {
	err := p.changeTCP(nil)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	if p.stop != nil {
		p.stop()
	}
	return err
}

// choose returns the output of a slot that is about to send its first packet, which is its output from then on.
func (p *path) choose(s *Server, writer webrtc.TrackLocalWriter, ssrc, rtxSSRC uint32) output {
	plain := &plainOutput{writer: writer}
	keys := p.keys.Load()
	if s.batch == nil || keys == nil || p.to.Load() == nil {
		return plain
	}
	cipher, err := keys.cipher(ssrc, rtxSSRC)
	if err != nil {
		s.log.Warn("sfu: make SRTP context", "error", err)
		return plain
	}
	return &directOutput{path: p, cipher: cipher}
}
