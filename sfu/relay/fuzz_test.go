package relay

import (
	"bufio"
	"bytes"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/stun/v4"
)

func seeds() [][]byte {
	self := netip.MustParseAddrPort("127.0.0.1:3478")
	return [][]byte{
		{}, {0x40}, {0x40, 1, 0, 4, 1, 2, 3, 4}, {0x40, 1, 0, 3, 1, 2, 3}, {0x4F, 0xFF, 0xFF, 0xFF},
		stun.MustBuild(stun.TransactionID, stun.NewType(stun.MethodAllocate, stun.ClassRequest), transport(6)).Raw,
		stun.MustBuild(stun.TransactionID, stun.NewType(stun.MethodChannelBind, stun.ClassRequest), channel(0x4000), peerAttr(self),
			stun.NewUsername("1:u"), stun.NewRealm("confab"), stun.NewLongTermIntegrity("1:u", "confab", "p")).Raw,
		stun.MustBuild(stun.TransactionID, stun.NewType(stun.MethodSend, stun.ClassIndication), peerAttr(self),
			raw{Type: stun.AttrData, Value: []byte("data")}).Raw,
	}
}

// FuzzScreen feeds the screen any message; it must not panic, and what it answers must be a STUN message.
func FuzzScreen(f *testing.F) {
	for _, s := range seeds() {
		f.Add(s)
	}
	_, server := serve(f)
	client := &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 5000}
	f.Fuzz(func(t *testing.T, p []byte) {
		v := server.screen(p, client)
		if v.reply != nil && !stun.IsMessage(v.reply) {
			t.Errorf("the answer to %x is no STUN message: %x", p, v.reply)
		}
		if v.pass && v.reply != nil {
			t.Error("passed and answered")
		}
	})
}

// chunks is a connection that delivers its bytes in pieces of a given size.
type chunks struct {
	net.Conn
	r    *bytes.Reader
	size int
}

func (c chunks) Read(b []byte) (int, error)     { return c.r.Read(b[:min(len(b), c.size)]) }
func (chunks) SetReadDeadline(time.Time) error  { return nil }
func (chunks) SetWriteDeadline(time.Time) error { return nil }
func (chunks) Write(b []byte) (int, error)      { return len(b), nil }
func (chunks) Close() error                     { return nil }
func (chunks) RemoteAddr() net.Addr             { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 5000} }

// FuzzFrames cuts any stream into messages: the same ones, whatever the pieces it comes in, and together they are a prefix
// of the stream.
func FuzzFrames(f *testing.F) {
	var all []byte
	for _, s := range seeds() {
		f.Add(s, 3)
		all = append(all, s...)
	}
	f.Add(all, 1)
	_, server := serve(f)
	read := func(p []byte, size int) (frames [][]byte) {
		c := chunks{r: bytes.NewReader(p), size: size}
		s := &screenedStream{Conn: c, listener: server.streams, in: bufio.NewReaderSize(c, maxFrame)}
		for {
			frame, err := s.next()
			if err != nil {
				return frames
			}
			frames = append(frames, bytes.Clone(frame))
		}
	}
	f.Fuzz(func(t *testing.T, p []byte, size int) {
		whole := read(p, len(p)+1)
		pieces := read(p, 1+(size&0x3F))
		if !bytes.Equal(bytes.Join(whole, nil), bytes.Join(pieces, nil)) || len(whole) != len(pieces) {
			t.Errorf("other messages in pieces: %x, not %x", pieces, whole)
		}
		if !bytes.HasPrefix(p, bytes.Join(whole, nil)) {
			t.Errorf("messages %x are not in the stream", whole)
		}
		for _, frame := range whole {
			if n, err := frameLen(frame); err != nil || n != len(frame) {
				t.Errorf("a message of %d bytes says %d, %v", len(frame), n, err)
			}
		}
	})
}

// FuzzPeerAddress decodes any attribute; what can be decoded must encode to the same bytes.
func FuzzPeerAddress(f *testing.F) {
	f.Add([]byte{0, 1, 0x12, 0x34, 1, 2, 3, 4}, "transaction.")
	f.Add(append([]byte{0, 2, 0x12, 0x34}, make([]byte, 16)...), "transaction.")
	f.Fuzz(func(t *testing.T, v []byte, id string) {
		m := new(stun.Message)
		copy(m.TransactionID[:], id)
		peer, ok := peerAddress(v, m.TransactionID)
		if !ok {
			return
		}
		m.WriteHeader()
		if err := peerAttr(peer).AddTo(m); err != nil {
			t.Fatal(err)
		}
		again, _ := m.Get(stun.AttrXORPeerAddress)
		if !bytes.Equal(again[1:], v[1:]) { // the first byte is reserved
			t.Errorf("%x became %s and %x", v, peer, again)
		}
	})
}
