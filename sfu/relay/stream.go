package relay

import (
	"bufio"
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"

	"confab/sfu/wire"
)

const (
	// maxFrame is the longest message taken from a stream: a full packet in a Send indication.
	maxFrame = 2048
	// idleBefore is how long a stream may be silent before it has an allocation, idleAfter how long afterwards: clients
	// check their connection every few seconds, and refresh the allocation every few minutes.
	idleBefore = 30 * time.Second
	idleAfter  = 10 * time.Minute
	// writeWithin ends streams whose client has stopped reading.
	writeWithin = 10 * time.Second
	// maxStreamsPer bounds the streams of one client network: an office behind one address, each with a few.
	maxStreamsPer = 512
	stunHeader    = 20
	channelHeader = 4
)

var errFrame = errors.New("relay: not a STUN or ChannelData message")

// frameLen tells how long a message on a stream is by its first four bytes, padding included (RFC 8656, section 12.5).
func frameLen(head []byte) (int, error) {
	n := int(binary.BigEndian.Uint16(head[2:]))
	switch {
	case head[0]&0xC0 == 0:
		n += stunHeader
	case head[0]&0xF0 == 0x40:
		n = channelHeader + (n+3)&^3
	default:
		return 0, errFrame
	}
	if n > maxFrame {
		return 0, errFrame
	}
	return n, nil
}

// screenedListener gives pion/turn the streams of the port, each screened.
type screenedListener struct {
	net.Listener
	server *Server

	mu     sync.Mutex
	closed bool                         // owned by mu
	open   map[*screenedStream]struct{} // owned by mu
	per    map[netip.Prefix]int         // streams by client network; owned by mu
	done   sync.WaitGroup               // one for each of open; added to under mu, and not once closed
}

func newScreenedListener(l net.Listener, s *Server) *screenedListener {
	return &screenedListener{Listener: l, server: s, open: map[*screenedStream]struct{}{}, per: map[netip.Prefix]int{}}
}

// Accept waits for the next stream.
func (l *screenedListener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		s := &screenedStream{Conn: c, listener: l, in: bufio.NewReaderSize(c, maxFrame), network: wire.ClientNetwork(c.RemoteAddr())}
		if l.enter(s) {
			return s, nil
		}
		_ = c.Close()
	}
}

func (l *screenedListener) enter(s *screenedStream) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	// Each allocation has one stream; as many again may be on their way to one.
	if l.closed || len(l.open) >= 2*l.server.cfg.MaxTotal || l.per[s.network] >= maxStreamsPer {
		return false
	}
	l.open[s] = struct{}{}
	l.per[s.network]++
	l.done.Add(1)
	return true
}

func (l *screenedListener) leave(s *screenedStream) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.open, s)
	if l.per[s.network]--; l.per[s.network] <= 0 {
		delete(l.per, s.network)
	}
	l.done.Done()
}

// wait closes all streams and waits until pion/turn has let go of them.
func (l *screenedListener) wait() {
	l.mu.Lock()
	l.closed = true
	all := make([]*screenedStream, 0, len(l.open))
	for s := range l.open {
		all = append(all, s)
	}
	l.mu.Unlock()
	for _, s := range all {
		_ = s.Close()
	}
	l.done.Wait()
}

// screenedStream is a stream of which pion/turn sees the messages that pass the screen, one with each Read.
type screenedStream struct {
	net.Conn
	listener *screenedListener
	network  netip.Prefix
	in       *bufio.Reader // owned by the reader
	rest     []byte        // owned by the reader: of a message that did not fit its buffer
	once     sync.Once

	writing sync.Mutex // answers of the screen and pion/turn's writes come from two goroutines
}

func (s *screenedStream) Read(b []byte) (int, error) {
	for len(s.rest) == 0 {
		frame, err := s.next()
		if err != nil {
			return 0, err
		}
		v := s.listener.server.screen(frame, s.RemoteAddr())
		if v.pass {
			s.rest = frame
		} else if v.reply != nil {
			if _, err := s.Write(v.reply); err != nil {
				return 0, err
			}
		}
	}
	n := copy(b, s.rest)
	s.rest = s.rest[n:]
	return n, nil
}

// next reads one whole message; it is valid until the following call.
func (s *screenedStream) next() ([]byte, error) {
	idle := idleBefore
	if s.listener.server.ledger.holds(s.RemoteAddr()) {
		idle = idleAfter
	}
	if err := s.SetReadDeadline(time.Now().Add(idle)); err != nil {
		return nil, err
	}
	head, err := s.in.Peek(channelHeader)
	if err != nil {
		return nil, err
	}
	n, err := frameLen(head)
	if err != nil {
		return nil, err
	}
	frame, err := s.in.Peek(n)
	if err != nil {
		return nil, err
	}
	_, err = s.in.Discard(n)
	return frame, err
}

func (s *screenedStream) Write(b []byte) (int, error) {
	s.writing.Lock()
	defer s.writing.Unlock()
	if err := s.SetWriteDeadline(time.Now().Add(writeWithin)); err != nil {
		return 0, err
	}
	n, err := s.Conn.Write(b)
	if err != nil {
		_ = s.Conn.Close() // a message that was cut makes the rest of the stream unreadable
	}
	return n, err
}

func (s *screenedStream) Close() error {
	err := s.Conn.Close()
	s.once.Do(func() { s.listener.leave(s) })
	return err
}
