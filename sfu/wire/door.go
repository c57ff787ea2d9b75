package wire

import (
	"container/list"
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// decideWithin is how long a connection may take until it is known what it is, the TLS handshake included: slow
	// mobile networks need a few seconds, and who needs more is holding a place on purpose.
	decideWithin = 10 * time.Second
	// maxUndecided bounds the connections that are not known yet, maxUndecidedPer those from one address (IPv6: from one
	// /64, which is what one customer has). Each costs a goroutine and, in a TLS handshake, some 20 KB. Browsers open
	// connections in advance and say nothing on them, and an office has a hundred browsers behind one address. When
	// many addresses together reach the bound, the oldest makes room: those who mean it are known within a moment.
	maxUndecided    = 4096
	maxUndecidedPer = 256
	// maxOpenPer bounds all connections of one such network, decided ones included, so that nobody alone can use up the
	// process's descriptors: an office of a thousand people behind one address, each with a few.
	maxOpenPer = 8192
	// acceptPause follows a failed accept (out of descriptors), so that the loop does not spin.
	acceptPause = 50 * time.Millisecond
	// sniffLen is how many bytes tell all protocols apart: a frame length and a STUN header up to its cookie.
	sniffLen = 10
)

// protocol is what a stream speaks.
type protocol uint8

const (
	protocolUnknown protocol = iota
	protocolHTTP
	protocolTLS
	protocolICE  // STUN in frames with a length (RFC 4571), for ICE-TCP
	protocolTURN // STUN and ChannelData without frames (RFC 8656, section 3.1)
)

// sniff tells what a stream speaks by its first bytes, and false as long as there are too few.
func sniff(b []byte) (protocol, bool) {
	if len(b) == 0 {
		return protocolUnknown, false
	}
	switch {
	case b[0] >= 'A' && b[0] <= 'Z': // every HTTP method; no frame of STUN is so long, none begins a TURN session so
		return protocolHTTP, true
	case b[0] == 22: // TLS record of type handshake (RFC 8446, section 5.1)
		if len(b) < 2 {
			return protocolUnknown, false
		}
		if b[1] == 3 {
			return protocolTLS, true
		}
		return protocolUnknown, true
	case b[0] > 3: // neither a STUN type nor the length of a frame below 1,024 bytes
		return protocolUnknown, true
	case len(b) >= 8 && binary.BigEndian.Uint32(b[4:]) == stunMagicCookie:
		return protocolTURN, true
	case len(b) < sniffLen:
		return protocolUnknown, false
	case binary.BigEndian.Uint32(b[6:]) == stunMagicCookie && binary.BigEndian.Uint16(b[2:]) == stunBinding:
		return protocolICE, true
	}
	return protocolUnknown, true
}

// tcpDoor accepts the connections of the port and hands each to whom it is for.
type tcpDoor struct {
	mux      *Mux
	listener net.Listener
	tls      *tls.Config
	http     *streamListener
	plain    *streamListener // HTTP without TLS while TLS is on; nil otherwise
	redirect atomic.Bool     // somebody has asked for plain
	ice      *tcpICE

	mu        sync.Mutex
	closed    bool                      // owned by mu
	open      map[net.Conn]netip.Prefix // owned by mu: every connection that is not closed, and its network
	openPer   map[netip.Prefix]int      // owned by mu: open by network
	undecided map[netip.Prefix]int      // owned by mu: by network of the client
	waiting   list.List                 // owned by mu: of net.Conn, the undecided ones that nobody gave up, oldest first
	room      int                       // for waiting; maxUndecided
	deciding  sync.WaitGroup            // added to under mu, and not once closed
}

func newTCPDoor(m *Mux, listener net.Listener) (*tcpDoor, error) {
	d := &tcpDoor{
		mux: m, listener: listener, http: newStreamListener(listener.Addr()), room: maxUndecided,
		open: map[net.Conn]netip.Prefix{}, openPer: map[netip.Prefix]int{}, undecided: map[netip.Prefix]int{},
	}
	if m.cfg.TLS != nil {
		d.tls = tlsForPort(m.cfg.TLS)
		d.plain = newStreamListener(listener.Addr())
	}
	var err error
	d.ice, err = newTCPICE(m)
	return d, err
}

// tlsForPort adds what is spoken behind TLS to the protocols offered by ALPN: HTTP/1.1, and STUN and TURN by their own
// names (RFC 7443). HTTP/2 is not: the HTTP server behind does not speak it.
func tlsForPort(cfg *tls.Config) *tls.Config {
	cfg = cfg.Clone()
	cfg.NextProtos = append(slices.Clone(cfg.NextProtos), "http/1.1", "stun.turn", "stun.nat-discovery")
	return cfg
}

// HTTP is the listener of the connections that speak HTTP: inside TLS where TLS is on, in the clear where not.
func (m *Mux) HTTP() net.Listener { return m.tcp.http }

// PlainHTTP is the listener of connections that speak HTTP in the clear although TLS is on, for a redirect; nil where TLS
// is off. As long as nobody has asked for it, such connections are closed.
func (m *Mux) PlainHTTP() net.Listener {
	if m.tcp.plain == nil {
		return nil
	}
	m.tcp.redirect.Store(true)
	return m.tcp.plain
}

func (d *tcpDoor) serve() {
	for {
		c, err := d.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			d.mux.log.Warn("cannot accept a connection", "error", err)
			time.Sleep(acceptPause)
			continue
		}
		d.mux.counters.tcpAccepted.Add(1)
		if !d.admit(c) {
			d.mux.counters.tcpRefused.Add(1)
			_ = c.Close()
		}
	}
}

// admit starts to find out what a connection is, unless too many of its network are undecided.
func (d *tcpDoor) admit(c net.Conn) bool {
	from := ClientNetwork(c.RemoteAddr())
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed || d.undecided[from] >= maxUndecidedPer || d.openPer[from] >= maxOpenPer {
		return false
	}
	if d.waiting.Len() >= d.room {
		oldest := d.waiting.Remove(d.waiting.Front()).(net.Conn)
		_ = oldest.Close() // wakes who decides about it
		d.mux.counters.tcpUndecided.Add(1)
	}
	place := d.waiting.PushBack(c)
	d.undecided[from]++
	d.open[c] = from
	d.openPer[from]++
	d.deciding.Go(func() {
		taken := d.decide(c)
		d.decided(from, place)
		if !taken {
			_ = c.Close()
			d.forget(c)
		}
	})
	return true
}

func (d *tcpDoor) decided(from netip.Prefix, place *list.Element) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.waiting.Remove(place) // nothing, if it was given up
	if d.undecided[from]--; d.undecided[from] == 0 {
		delete(d.undecided, from)
	}
}

func (d *tcpDoor) forget(c net.Conn) {
	d.mu.Lock()
	defer d.mu.Unlock()
	from, ok := d.open[c]
	if !ok {
		return
	}
	delete(d.open, c)
	if d.openPer[from]--; d.openPer[from] == 0 {
		delete(d.openPer, from)
	}
}

// ClientNetwork is what limits on clients are counted by: an IPv4 address, or the /64 of an IPv6 address, which is what one
// customer has. It is the zero Prefix for addresses that are neither UDP nor TCP.
func ClientNetwork(addr net.Addr) netip.Prefix {
	var ip netip.Addr
	switch a := addr.(type) {
	case *net.TCPAddr:
		ip = a.AddrPort().Addr()
	case *net.UDPAddr:
		ip = a.AddrPort().Addr()
	default:
		return netip.Prefix{}
	}
	bits := 32
	if ip = ip.Unmap().WithZone(""); ip.Is6() {
		bits = 64
	}
	p, _ := ip.Prefix(bits)
	return p
}

// decide finds out what a connection speaks and hands it over. It tells false if nobody took it.
func (d *tcpDoor) decide(c net.Conn) bool {
	_ = c.SetDeadline(time.Now().Add(decideWithin))
	inner := c
	var secure *tls.Conn
	for {
		head, speaks := readHead(inner)
		if speaks == protocolTLS && secure == nil && d.tls != nil {
			secure = tls.Server(&stream{Conn: c, head: head, closed: func() {}}, d.tls)
			ctx, cancel := context.WithTimeout(context.Background(), decideWithin)
			err := secure.HandshakeContext(ctx)
			cancel()
			if err != nil {
				d.mux.counters.tcpUndecided.Add(1)
				return false
			}
			inner = secure
			continue
		}
		_ = c.SetDeadline(time.Time{})
		s := &stream{Conn: inner, head: head, closed: func() { d.forget(c) }}
		return d.hand(s, secure, speaks)
	}
}

// readHead reads until it is clear what the connection speaks. A connection that ends or falls silent speaks nothing.
func readHead(c net.Conn) ([]byte, protocol) {
	buf := make([]byte, sniffLen)
	for n := 0; n < len(buf); {
		m, err := c.Read(buf[n:])
		n += m
		if p, ok := sniff(buf[:n]); ok {
			return buf[:n], p
		}
		if err != nil {
			break
		}
	}
	return nil, protocolUnknown
}

// hand passes a connection on, and tells whether somebody took it.
func (d *tcpDoor) hand(s *stream, secure *tls.Conn, speaks protocol) bool {
	var taken bool
	switch speaks {
	case protocolHTTP:
		switch {
		case secure != nil:
			taken = d.http.offer(secureStream{s, secure})
		case d.plain != nil:
			taken = d.redirect.Load() && d.plain.offer(s)
		default:
			taken = d.http.offer(s)
		}
	case protocolTURN:
		taken = d.mux.turn.taken.Load() && d.mux.turn.streams.offer(s)
	case protocolICE:
		taken = d.ice.streams.offer(d.ice.asCandidate(s))
	default:
		d.mux.counters.tcpUndecided.Add(1)
		return false
	}
	if !taken {
		d.mux.counters.tcpRefused.Add(1)
	}
	return taken
}

// close closes the listener, all connections that came through it, and waits.
func (d *tcpDoor) close() error {
	d.mu.Lock()
	d.closed = true
	d.mu.Unlock()
	err := d.listener.Close()
	d.closeOpen() // wakes those who decide
	d.deciding.Wait()
	_ = d.http.Close()
	if d.plain != nil {
		_ = d.plain.Close()
	}
	d.closeOpen()
	return errors.Join(err, d.ice.close())
}

func (d *tcpDoor) closeOpen() {
	d.mu.Lock()
	open := make([]io.Closer, 0, len(d.open))
	for c := range d.open {
		open = append(open, c)
	}
	clear(d.open)
	clear(d.openPer)
	d.mu.Unlock()
	for _, c := range open {
		_ = c.Close()
	}
}
