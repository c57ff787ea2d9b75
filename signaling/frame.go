package signaling

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"unicode/utf8"

	"confab/internal/fault"
)

// frame is something on its way out, in the form in which it goes over the wire. It is immutable, so that all
// receivers of an event share one.
type frame struct {
	wire []byte // header and payload, RFC 6455 section 5.2; servers do not mask
}

// WebSocket opcodes with the FIN bit, RFC 6455 section 5.2. Nothing that the server sends is fragmented.
const (
	finText  = 0x80 | 0x1
	finClose = 0x80 | 0x8
	finPing  = 0x80 | 0x9
	finPong  = 0x80 | 0xA
)

// headerRoom is the longest header of a server's frame: two bytes and a 64-bit length.
const headerRoom = 10

// maxControl is the largest payload of a control frame, RFC 6455 section 5.5.
const maxControl = 125

// ackReply answers a client's frame that carried an id. Exactly one of Data and Error is set.
type ackReply struct {
	Event string          `json:"event"`
	ID    json.RawMessage `json:"id"`
	Data  any             `json:"data,omitempty"`
	Error *refusal        `json:"error,omitempty"`
}

// refusal is how an error looks to a client.
type refusal struct {
	Code       string        `json:"code"`
	Message    string        `json:"message"`
	Event      string        `json:"event,omitempty"`
	Fields     []fault.Field `json:"fields,omitempty"`
	RetryAfter float64       `json:"retryAfter,omitempty"` // seconds
}

func refusalOf(err error) *refusal {
	f := fault.From(err)
	return &refusal{Code: f.Code, Message: f.Message, Fields: f.Fields, RetryAfter: f.RetryAfter.Seconds()}
}

// eventFrame encodes an event.
func eventFrame(event string, data any) (*frame, error) {
	return textFrame(struct {
		Event string `json:"event"`
		Data  any    `json:"data"`
	}{event, data})
}

// textFrame encodes v as the payload of a text frame.
func textFrame(v any) (*frame, error) {
	var b bytes.Buffer
	b.Write(make([]byte, headerRoom))
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("encode frame: %w", err)
	}
	wire := bytes.TrimSuffix(b.Bytes(), []byte("\n"))
	return &frame{wire: withHeader(finText, wire)}, nil
}

// withHeader puts the header into the room that b has in front of its payload and cuts off what is left of the room.
func withHeader(op byte, b []byte) []byte {
	n := len(b) - headerRoom
	switch {
	case n < 126:
		b = b[headerRoom-2:]
		b[1] = byte(n)
	case n < 1<<16:
		b = b[headerRoom-4:]
		b[1] = 126
		binary.BigEndian.PutUint16(b[2:], uint16(n))
	default:
		b[1] = 127
		binary.BigEndian.PutUint64(b[2:], uint64(n))
	}
	b[0] = op
	return b
}

// controlFrame makes a ping or pong.
func controlFrame(op byte, payload string) *frame {
	b := make([]byte, headerRoom, headerRoom+len(payload))
	return &frame{wire: withHeader(op, append(b, payload[:min(len(payload), maxControl)]...))}
}

// closeFrame makes a close frame. The code CloseNoStatus makes one without a body. A text that is too long is cut
// between characters.
func closeFrame(code int, text string) *frame {
	b := make([]byte, headerRoom, headerRoom+maxControl)
	if code != CloseNoStatus {
		for len(text) > maxControl-2 {
			_, size := utf8.DecodeLastRuneInString(text)
			text = text[:len(text)-size]
		}
		b = binary.BigEndian.AppendUint16(b, uint16(code))
		b = append(b, text...)
	}
	return &frame{wire: withHeader(finClose, b)}
}
