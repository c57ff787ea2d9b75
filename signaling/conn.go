package signaling

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// conn is the wire under a session. read belongs to the session's reader and write to its writer; hurry and linger may be
// called by anybody, and close comes last.
type conn interface {
	// read waits for the next message and appends it to what the buffer holds. text is false for a binary message.
	// The error is errTooBig for one over MaxFrame, of which the rest is skipped by the next read, and a protocolError
	// when the peer breaks the protocol of the wire.
	read(take func() *bytes.Buffer) (text bool, err error)
	// write sends frames in order. An error means that the connection is of no use any more.
	write(frames []*frame) error
	// hurry gives the peer d more to send what it has to send and to take what is being written.
	hurry(d time.Duration)
	// linger gives the peer d to take what is being written and all that follows.
	linger(d time.Duration)
	// close ends the connection.
	close()
}

// batchSize is how much of a burst goes out in one system call. A write costs about 5 µs whatever its size, and a
// message is a few hundred bytes, so that a burst of fifty costs as much as one.
const batchSize = 16 << 10

// buffers are what sockets share, since they are mostly idle.
type buffers struct {
	inbound sync.Pool // *bytes.Buffer: frames from clients; taken only once one begins to arrive
	batches sync.Pool // *[]byte of batchSize: where bursts are put together
}

func newBuffers() *buffers {
	return &buffers{
		inbound: sync.Pool{New: func() any { return new(bytes.Buffer) }},
		batches: sync.Pool{New: func() any { b := make([]byte, 0, batchSize); return &b }},
	}
}

// keepInbound is how large a buffer may have grown and still be kept for other sockets, so that a few session
// descriptions do not pin megabytes.
const keepInbound = 16 << 10

// wsConn is a WebSocket after its handshake. Frames are read and written past the library that made the handshake: that
// way an idle socket keeps none of its buffers, a frame is encoded once for all receivers, bursts share a system call,
// and pings, pongs and closes keep their place in the one queue.
type wsConn struct {
	raw    net.Conn
	in     *messageReader
	shared *buffers
	timing Timing

	mu        sync.Mutex
	hurrying  bool // under mu: deadlines are final, no activity moves them any more
	lingering bool // under mu: the deadline for writing is
}

var _ conn = (*wsConn)(nil)

// newWSConn wraps an upgraded connection, of which early is what the client sent right behind the handshake. onPing and
// onClose are called by the reader.
func newWSConn(raw net.Conn, early []byte, shared *buffers, timing Timing, onPing func(payload string), onClose func(code int)) *wsConn {
	c := &wsConn{raw: raw, shared: shared, timing: timing}
	var from io.Reader = raw
	if len(early) > 0 {
		from = io.MultiReader(bytes.NewReader(early), raw)
	}
	c.in = newMessageReader(from, func(op byte, payload []byte) error {
		switch op {
		case opClose:
			code := CloseNoStatus
			if len(payload) > 0 {
				code = int(binary.BigEndian.Uint16(payload))
			}
			onClose(code)
			return io.EOF
		case opPing:
			onPing(string(payload))
		}
		c.alive()
		return nil
	})
	c.alive()
	return c
}

// takeOver separates a connection from the HTTP server that it came through, and returns it with what that server has
// read of it already. Nothing of the server's may be used afterwards: its buffers serve other connections. The server
// must have KeepHijackedConns set, and the caller closes the connection.
func takeOver(c net.Conn) (raw net.Conn, early []byte, err error) {
	hijacked, ok := c.(interface{ UnsafeConn() net.Conn })
	if !ok {
		return nil, nil, fmt.Errorf("take over a connection: %T has nothing underneath", c)
	}
	raw = hijacked.UnsafeConn()
	// With a deadline that is over, reading brings what lies in the server's buffer, and then no more.
	if err := raw.SetReadDeadline(time.Unix(1, 0)); err != nil {
		return nil, nil, err
	}
	var b [256]byte
	for {
		n, err := c.Read(b[:])
		early = append(early, b[:n]...)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return raw, early, raw.SetReadDeadline(time.Time{})
		}
		if err != nil {
			return nil, nil, err
		}
	}
}

// alive moves the moment at which the peer counts as dead.
func (c *wsConn) alive() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.hurrying {
		_ = c.raw.SetReadDeadline(time.Now().Add(c.timing.Dead))
	}
}

func (c *wsConn) hurry(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hurrying = true
	_ = c.raw.SetDeadline(time.Now().Add(d))
}

func (c *wsConn) linger(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.hurrying {
		c.lingering = true
		_ = c.raw.SetWriteDeadline(time.Now().Add(d))
	}
}

// close ignores the error: there is nobody left to tell.
func (c *wsConn) close() { _ = c.raw.Close() }

func (c *wsConn) read(take func() *bytes.Buffer) (bool, error) {
	text, err := c.in.next(take)
	if err == nil {
		c.alive()
	}
	return text, err
}

func (c *wsConn) write(frames []*frame) error {
	if len(frames) == 1 {
		return c.send(frames[0].wire)
	}
	pooled := c.shared.batches.Get().(*[]byte)
	defer c.shared.batches.Put(pooled)
	batch := (*pooled)[:0]
	for _, f := range frames {
		if len(batch)+len(f.wire) > batchSize {
			if err := c.send(batch); err != nil {
				return err
			}
			batch = batch[:0]
		}
		if len(f.wire) > batchSize {
			if err := c.send(f.wire); err != nil {
				return err
			}
			continue
		}
		batch = append(batch, f.wire...)
	}
	return c.send(batch)
}

// send makes one write. Frames of several goroutines cannot mix: net.Conn writes whole slices.
func (c *wsConn) send(b []byte) error {
	if len(b) == 0 {
		return nil
	}
	c.mu.Lock()
	if !c.hurrying && !c.lingering {
		_ = c.raw.SetWriteDeadline(time.Now().Add(c.timing.Write))
	}
	c.mu.Unlock()
	_, err := c.raw.Write(b)
	return err
}
