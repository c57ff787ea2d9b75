package wire

import (
	"crypto/tls"
	"net"
	"sync"
)

// streamBacklog is how many connections may wait for Accept: a burst, while the acceptor is busy for some milliseconds.
const streamBacklog = 128

// streamListener is a listener whose connections come from the door.
type streamListener struct {
	addr  net.Addr
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func newStreamListener(addr net.Addr) *streamListener {
	return &streamListener{addr: addr, conns: make(chan net.Conn, streamBacklog), done: make(chan struct{})}
}

// offer hands a connection over, or tells false: the listener is closed, or its backlog is full.
func (l *streamListener) offer(c net.Conn) bool {
	select {
	case <-l.done:
		return false
	default:
	}
	select {
	case l.conns <- c:
		return true
	default:
		return false
	}
}

// Accept waits for the next connection.
func (l *streamListener) Accept() (net.Conn, error) {
	select {
	case <-l.done:
		return nil, net.ErrClosed
	default:
	}
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

// Close ends Accept and closes the connections that nobody accepted. It is idempotent. A connection that is offered in
// the same instant is closed by the door when the Mux closes.
func (l *streamListener) Close() error {
	l.once.Do(func() {
		close(l.done)
		for {
			select {
			case c := <-l.conns:
				_ = c.Close()
			default:
				return
			}
		}
	})
	return nil
}

// Addr is the address of the port.
func (l *streamListener) Addr() net.Addr { return l.addr }

// stream is a connection whose first bytes were read already. They are read again first.
type stream struct {
	net.Conn
	head []byte // owned by the reader of the connection

	once   sync.Once
	closed func() // tells the door
}

func (s *stream) Read(b []byte) (int, error) {
	if len(s.head) > 0 {
		n := copy(b, s.head)
		if s.head = s.head[n:]; len(s.head) == 0 {
			s.head = nil
		}
		return n, nil
	}
	return s.Conn.Read(b)
}

func (s *stream) Close() error {
	err := s.Conn.Close()
	s.once.Do(s.closed)
	return err
}

// secureStream is a stream inside TLS. HTTP servers look for these methods to tell that a request came by HTTPS.
type secureStream struct {
	*stream
	tls *tls.Conn
}

// Handshake does nothing: the handshake is done.
func (s secureStream) Handshake() error { return nil }

// ConnectionState describes the TLS session.
func (s secureStream) ConnectionState() tls.ConnectionState { return s.tls.ConnectionState() }

// localStream is a stream that pretends to have come to another local address.
type localStream struct {
	net.Conn
	local net.Addr
}

func (s localStream) LocalAddr() net.Addr { return s.local }
