package signaling

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// readRoom is what a socket keeps for reading, in bytes. Chat frames fit, mostly with their header, so that one system
// call brings one frame; what is larger is read past it.
const readRoom = 512

// Opcodes without the FIN bit, RFC 6455 section 5.2.
const (
	opContinuation = 0x0
	opText         = 0x1
	opBinary       = 0x2
	opClose        = 0x8
	opPing         = 0x9
	opPong         = 0xA
)

var errTooBig = errors.New("frame over the limit")

// protocolError is a peer that does not speak RFC 6455. The connection is of no further use.
type protocolError string

func (e protocolError) Error() string { return "websocket: " + string(e) }

// messageReader reads a client's messages (RFC 6455, section 5). Between messages it holds nothing but a small buffer.
// It belongs to one goroutine.
type messageReader struct {
	in *bufio.Reader
	// control is given each control frame as it comes, also between the fragments of a message. An error ends reading.
	control func(op byte, payload []byte) error

	left   uint64 // bytes of the current data frame's payload that are still to come
	mask   [4]byte
	inside bool // the current message has further fragments
}

func newMessageReader(r io.Reader, control func(op byte, payload []byte) error) *messageReader {
	return &messageReader{in: bufio.NewReaderSize(r, readRoom), control: control}
}

// next waits for the next message and appends it to what take gives, which is called once there is something to read.
// text is false for a binary message. A message over MaxFrame is errTooBig, and skipped by the next call.
func (r *messageReader) next(take func() *bytes.Buffer) (text bool, err error) {
	if err := r.skip(); err != nil {
		return false, err
	}
	op, err := r.header()
	if err != nil {
		return false, err
	}
	to := take()
	for {
		if r.left > uint64(MaxFrame-to.Len()) {
			return false, errTooBig
		}
		if err := r.payload(to); err != nil {
			return false, err
		}
		if !r.inside {
			return op == opText, nil
		}
		if _, err := r.header(); err != nil {
			return false, err
		}
	}
}

// skip passes over the rest of a message.
func (r *messageReader) skip() error {
	for r.left > 0 || r.inside {
		n, err := r.in.Discard(int(min(r.left, 1<<20)))
		r.left -= uint64(n)
		if err != nil {
			return err
		}
		if r.left == 0 && r.inside {
			if _, err := r.header(); err != nil {
				return err
			}
		}
	}
	return nil
}

// header reads frame headers up to the next data frame's, whose opcode it returns. Control frames on the way are handled.
func (r *messageReader) header() (op byte, err error) {
	for {
		var b [8]byte
		if _, err := io.ReadFull(r.in, b[:2]); err != nil {
			return 0, err
		}
		op, final, masked := b[0]&0x0f, b[0]&0x80 != 0, b[1]&0x80 != 0
		n := uint64(b[1] & 0x7f)
		switch {
		case b[0]&0x70 != 0:
			return 0, protocolError("reserved bits are set")
		case !masked:
			return 0, protocolError("a client's frame without a mask")
		case n == 126:
			if _, err := io.ReadFull(r.in, b[:2]); err != nil {
				return 0, err
			}
			n = uint64(binary.BigEndian.Uint16(b[:]))
		case n == 127:
			if _, err := io.ReadFull(r.in, b[:8]); err != nil {
				return 0, err
			}
			if n = binary.BigEndian.Uint64(b[:]); n>>63 != 0 {
				return 0, protocolError("a length past 63 bits")
			}
		}
		if _, err := io.ReadFull(r.in, r.mask[:]); err != nil {
			return 0, err
		}
		r.left = n
		switch op {
		case opClose, opPing, opPong:
			if !final || n > maxControl {
				return 0, protocolError("a control frame that is fragmented or too long")
			}
			if err := r.controlFrame(op); err != nil {
				return 0, err
			}
			continue
		case opText, opBinary:
			if r.inside {
				return 0, protocolError("a message inside another")
			}
		case opContinuation:
			if !r.inside {
				return 0, protocolError("a continuation of nothing")
			}
		default:
			return 0, protocolError(fmt.Sprintf("opcode %#x", op))
		}
		r.inside = !final
		return op, nil
	}
}

func (r *messageReader) controlFrame(op byte) error {
	var b [maxControl]byte
	payload := b[:r.left]
	if _, err := io.ReadFull(r.in, payload); err != nil {
		return err
	}
	r.unmask(payload)
	r.left = 0
	if op == opClose {
		if err := checkClose(payload); err != nil {
			return err
		}
	}
	return r.control(op, payload)
}

// checkClose looks at the body of a close frame: nothing, or a code that may be on the wire and a text in UTF-8
// (RFC 6455, sections 5.5.1 and 7.4).
func checkClose(payload []byte) error {
	if len(payload) == 0 {
		return nil
	}
	if len(payload) == 1 {
		return protocolError("half a close code")
	}
	code := binary.BigEndian.Uint16(payload)
	known := code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006
	if !known && (code < 3000 || code > 4999) {
		return protocolError("a close code that is none")
	}
	if !utf8.Valid(payload[2:]) {
		return protocolError("a close text that is not UTF-8")
	}
	return nil
}

// payload appends the current frame's payload. The buffer grows with what comes, not with what was announced.
func (r *messageReader) payload(to *bytes.Buffer) error {
	start := to.Len()
	n, err := to.ReadFrom(io.LimitReader(r.in, int64(r.left)))
	if err == nil && uint64(n) < r.left {
		err = io.ErrUnexpectedEOF
	}
	r.unmask(to.Bytes()[start:])
	r.left = 0
	return err
}

// unmask undoes the client's mask (RFC 6455, section 5.3), eight bytes at a time.
func (r *messageReader) unmask(b []byte) {
	word := uint64(binary.LittleEndian.Uint32(r.mask[:]))
	word |= word << 32
	for ; len(b) >= 8; b = b[8:] {
		binary.LittleEndian.PutUint64(b, binary.LittleEndian.Uint64(b)^word)
	}
	for i := range b {
		b[i] ^= r.mask[i&3]
	}
}
