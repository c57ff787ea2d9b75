package signaling

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

// clientFrame makes a frame as a client does: masked.
func clientFrame(first byte, payload string) []byte {
	b := []byte{first}
	switch n := len(payload); {
	case n < 126:
		b = append(b, 0x80|byte(n))
	case n < 1<<16:
		b = binary.BigEndian.AppendUint16(append(b, 0x80|126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, 0x80|127), uint64(n))
	}
	mask := [4]byte{1, 2, 3, 254}
	b = append(b, mask[:]...)
	for i := range len(payload) {
		b = append(b, payload[i]^mask[i&3])
	}
	return b
}

// said is what a reader makes of a stream: messages and control frames in their order, and the error that ended it.
func said(stream io.Reader) (log []string, err error) {
	r := newMessageReader(stream, func(op byte, payload []byte) error {
		log = append(log, string("ct_?????cpo"[op])+" "+string(payload))
		if op == opClose {
			return io.EOF
		}
		return nil
	})
	for {
		var buf bytes.Buffer
		text, err := r.next(func() *bytes.Buffer { return &buf })
		switch {
		case errors.Is(err, errTooBig):
			log = append(log, "too big")
		case err != nil:
			return log, err
		case text:
			log = append(log, "text "+buf.String())
		default:
			log = append(log, "binary "+buf.String())
		}
	}
}

func TestMessageReader(t *testing.T) {
	const fin = 0x80
	long := strings.Repeat("0123456789", MaxFrame/10)
	bare := []byte{fin | opText, 2, 'h', 'i'}
	for _, c := range []struct {
		name   string
		frames [][]byte
		want   []string
		broken string // the protocolError; "" for an end without one
	}{
		{"nothing", nil, nil, ""},
		{"messages", [][]byte{clientFrame(fin|opText, "hello"), clientFrame(fin|opBinary, "\x00\x01"), clientFrame(fin|opText, "")},
			[]string{"text hello", "binary \x00\x01", "text "}, ""},
		{"16-bit length", [][]byte{clientFrame(fin|opText, long[:4000])}, []string{"text " + long[:4000]}, ""},
		{"the largest", [][]byte{clientFrame(fin|opText, long), clientFrame(fin|opText, "next")}, []string{"text " + long, "text next"}, ""},
		{"too large", [][]byte{clientFrame(fin|opText, long+"more...."), clientFrame(fin|opText, "next")}, []string{"too big", "text next"}, ""},
		{"too large in parts", [][]byte{clientFrame(opText, long), clientFrame(opContinuation, long), clientFrame(fin|opPing, "?"),
			clientFrame(fin|opContinuation, "end"), clientFrame(fin|opText, "next")}, []string{"too big", "p ?", "text next"}, ""},
		{"fragments with a ping between", [][]byte{clientFrame(opText, "one "), clientFrame(fin|opPing, "?"), clientFrame(opContinuation, ""),
			clientFrame(fin|opContinuation, "two"), clientFrame(fin|opText, "three")}, []string{"p ?", "text one two", "text three"}, ""},
		{"a pong and a close", [][]byte{clientFrame(fin|opPong, ""), clientFrame(fin|opClose, "\x03\xe8bye"), clientFrame(fin|opText, "late")},
			[]string{"o ", "c \x03\xe8bye"}, ""},
		{"a close without a code", [][]byte{clientFrame(fin|opClose, "")}, []string{"c "}, ""},
		{"cut off in a header", [][]byte{clientFrame(fin|opText, "hello")[:3]}, nil, ""},
		{"cut off in a payload", [][]byte{clientFrame(fin|opText, "hello")[:8]}, nil, ""},
		{"no mask", [][]byte{bare}, nil, "a client's frame without a mask"},
		{"reserved bit", [][]byte{clientFrame(fin|0x40|opText, "x")}, nil, "reserved bits are set"},
		{"unknown opcode", [][]byte{clientFrame(fin|0x3, "x")}, nil, "opcode 0x3"},
		{"continuation of nothing", [][]byte{clientFrame(fin|opContinuation, "x")}, nil, "a continuation of nothing"},
		{"message in a message", [][]byte{clientFrame(opText, "x"), clientFrame(fin|opText, "y")}, nil, "a message inside another"},
		{"fragmented ping", [][]byte{clientFrame(opPing, "x")}, nil, "a control frame that is fragmented or too long"},
		{"long ping", [][]byte{clientFrame(fin|opPing, long[:126])}, nil, "a control frame that is fragmented or too long"},
		{"half a close code", [][]byte{clientFrame(fin|opClose, "x")}, nil, "half a close code"},
		{"a close code not for the wire", [][]byte{clientFrame(fin|opClose, "\x03\xed")}, nil, "a close code that is none"},
		{"a close text in no encoding", [][]byte{clientFrame(fin|opClose, "\x03\xe8\xff")}, nil, "a close text that is not UTF-8"},
		{"a length past all", [][]byte{{fin | opText, 0x80 | 127, 255, 0, 0, 0, 0, 0, 0, 0}}, nil, "a length past 63 bits"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			stream := slices.Concat(c.frames...)
			for how, from := range map[string]io.Reader{
				"whole": bytes.NewReader(stream), "byte by byte": iotest.OneByteReader(bytes.NewReader(stream)),
			} {
				log, err := said(from)
				if !slices.Equal(log, c.want) {
					t.Errorf("%s: said %.200q, want %.200q", how, log, c.want)
				}
				var broken protocolError
				if errors.As(err, &broken); string(broken) != c.broken {
					t.Errorf("%s: ended with %v, want %q", how, err, c.broken)
				}
			}
		})
	}
}

// FuzzMessageReader feeds a reader anything: it ends without a panic, and keeps no message over the limit.
func FuzzMessageReader(f *testing.F) {
	f.Add(clientFrame(0x80|opText, "hello"))
	f.Add(slices.Concat(clientFrame(opText, "a"), clientFrame(0x80|opPing, "b"), clientFrame(0x80|opContinuation, "c")))
	f.Add(clientFrame(0x80|opClose, "\x03\xe8"))
	f.Fuzz(func(t *testing.T, stream []byte) {
		log, err := said(bytes.NewReader(stream))
		if err == nil {
			t.Fatal("no end")
		}
		for _, line := range log {
			if len(line) > MaxFrame+len("binary ") {
				t.Fatalf("a message of %d bytes", len(line))
			}
		}
	})
}
