package signaling

import (
	"bytes"
	"errors"
	"io"
	"net"
	"sync"
	"time"

	"github.com/fasthttp/websocket"
)

// conn is the wire under a session. read belongs to the session's reader and write to its writer; hurry may be called
// by both, and none may be called once the handler of the socket has returned.
type conn interface {
	// read waits for the next message and appends it to what the buffer holds. text is false for a binary message.
	// The error is errTooBig for one over MaxFrame, of which the rest is skipped by the next read.
	read(take func() *bytes.Buffer) (text bool, err error)
	// write sends frames in order. An error means that the connection is of no use any more.
	write(frames []*frame) error
	// hurry gives the peer d more to send what it has to send and to take what is being written.
	hurry(d time.Duration)
}

var errTooBig = errors.New("frame over the limit")

// batchSize is how much of a burst goes out in one system call. A write costs about 5 µs whatever its size, and a
// message is a few hundred bytes, so that a burst of fifty costs as much as one.
const batchSize = 16 << 10

// buffers are what sockets share, since they are mostly idle.
type buffers struct {
	inbound sync.Pool // *bytes.Buffer: frames from clients; taken only once one begins to arrive
	batches sync.Pool // *[]byte of batchSize: where bursts are put together
	library sync.Pool // what the websocket library would write through, see writeBuffer
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

// wsConn is a WebSocket. It reads through the library and writes frames to the network connection itself: that way a
// frame is encoded once for all receivers, bursts share a system call, and pings, pongs and closes keep their place in
// the one queue. The library itself writes only a close with 1002 when the peer breaks the protocol.
type wsConn struct {
	ws     *websocket.Conn
	raw    net.Conn
	shared *buffers
	timing Timing

	mu       sync.Mutex
	hurrying bool // under mu: deadlines are final, no activity moves them any more
}

var _ conn = (*wsConn)(nil)

// newWSConn wraps an upgraded connection. onPing and onClose are called by the reader.
func newWSConn(ws *websocket.Conn, shared *buffers, timing Timing, onPing func(payload string), onClose func(code int)) *wsConn {
	c := &wsConn{ws: ws, raw: ws.NetConn(), shared: shared, timing: timing}
	ws.SetPingHandler(func(payload string) error {
		c.alive()
		onPing(payload)
		return nil
	})
	ws.SetPongHandler(func(string) error {
		c.alive()
		return nil
	})
	ws.SetCloseHandler(func(code int, _ string) error {
		onClose(code)
		return nil
	})
	c.alive()
	return c
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

func (c *wsConn) read(take func() *bytes.Buffer) (bool, error) {
	kind, r, err := c.ws.NextReader()
	if err != nil {
		return false, err
	}
	c.alive()
	n, err := take().ReadFrom(io.LimitReader(r, MaxFrame+1))
	if err != nil {
		return false, err
	}
	if n > MaxFrame {
		return false, errTooBig
	}
	return kind == websocket.TextMessage, nil
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
	if !c.hurrying {
		_ = c.raw.SetWriteDeadline(time.Now().Add(c.timing.Write))
	}
	c.mu.Unlock()
	_, err := c.raw.Write(b)
	return err
}
