package wire

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/pion/stun/v4"
)

func message(method stun.Method, class stun.MessageClass, setters ...stun.Setter) []byte {
	return stun.MustBuild(append([]stun.Setter{stun.TransactionID, stun.NewType(method, class)}, setters...)...).Raw
}

func TestClassify(t *testing.T) {
	t.Parallel()
	cut := message(stun.MethodBinding, stun.ClassRequest, stun.NewUsername("a:b"))
	cut = cut[:len(cut)-4]
	cases := map[string]struct {
		p    []byte
		want class
	}{
		"nothing":                 {nil, classUnknown},
		"one byte":                {[]byte{0}, classUnknown},
		"connectivity check":      {message(stun.MethodBinding, stun.ClassRequest, stun.NewUsername("a:b")), classCheck},
		"plain STUN":              {message(stun.MethodBinding, stun.ClassRequest), classBinding},
		"plain STUN with more":    {message(stun.MethodBinding, stun.ClassRequest, stun.NewSoftware("x")), classBinding},
		"STUN answer":             {message(stun.MethodBinding, stun.ClassSuccessResponse), classMedia},
		"STUN error":              {message(stun.MethodBinding, stun.ClassErrorResponse), classMedia},
		"STUN indication":         {message(stun.MethodBinding, stun.ClassIndication), classMedia},
		"cut short":               {cut, classUnknown},
		"Allocate":                {message(stun.MethodAllocate, stun.ClassRequest), classTURN},
		"Refresh with a name":     {message(stun.MethodRefresh, stun.ClassRequest, stun.NewUsername("1:u")), classTURN},
		"CreatePermission":        {message(stun.MethodCreatePermission, stun.ClassRequest), classTURN},
		"ChannelBind":             {message(stun.MethodChannelBind, stun.ClassRequest), classTURN},
		"Send":                    {message(stun.MethodSend, stun.ClassIndication), classTURN},
		"Connect (RFC 6062)":      {message(stun.MethodConnect, stun.ClassRequest), classTURN},
		"unknown method":          {message(0x0F0, stun.ClassRequest), classUnknown},
		"STUN without the cookie": {make([]byte, 20), classUnknown},
		"ChannelData":             {[]byte{0x40, 0, 0, 2, 1, 2}, classTURN},
		"padded ChannelData":      {[]byte{0x4F, 0xFF, 0, 1, 1, 0, 0, 0}, classTURN},
		"ChannelData cut short":   {[]byte{0x40, 0, 0, 9, 1, 2}, classUnknown},
		"DTLS":                    {[]byte{22, 254, 253}, classMedia},
		"RTP":                     {[]byte{0x80, 96}, classMedia},
		"ZRTP":                    {[]byte{16}, classUnknown},
		"QUIC":                    {[]byte{0xC0}, classUnknown},
	}
	for name, c := range cases {
		if got := classify(c.p); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}

// FuzzClassify classifies any datagram, and compares with Pion's parser what it says about STUN.
func FuzzClassify(f *testing.F) {
	f.Add(message(stun.MethodBinding, stun.ClassRequest, stun.NewSoftware("x"), stun.NewUsername("abc:def")))
	f.Add(message(stun.MethodAllocate, stun.ClassRequest))
	f.Add([]byte{0x40, 0, 0, 2, 1, 2})
	f.Add([]byte{0x80, 96, 0, 1})
	f.Fuzz(func(t *testing.T, p []byte) {
		what := classify(p)
		m := &stun.Message{Raw: bytes.Clone(p)}
		if what == classCheck || what == classBinding {
			name, ok := stunUsername(p)
			if ok != (what == classCheck) {
				t.Errorf("class %d with a name: %v", what, ok)
			}
			if m.Decode() == nil && ok {
				if theirs, err := m.Get(stun.AttrUsername); err != nil || !bytes.Equal(theirs, name) {
					t.Errorf("the name is %q, Pion says %q, %v", name, theirs, err)
				}
			}
			if m.Type.Method != stun.MethodBinding || m.Type.Class != stun.ClassRequest {
				t.Errorf("%s is taken for a Binding request", m.Type)
			}
		}
	})
}

// FuzzSniff looks at the beginning of any stream: more bytes must never change what fewer have decided.
func FuzzSniff(f *testing.F) {
	f.Add([]byte("GET / HTTP/1.1\r\n"))
	f.Add([]byte{22, 3, 1, 2, 0, 1})
	f.Add(message(stun.MethodAllocate, stun.ClassRequest))
	f.Add(frame(message(stun.MethodBinding, stun.ClassRequest)))
	f.Fuzz(func(t *testing.T, b []byte) {
		decided, earlier := false, protocolUnknown
		for n := range min(len(b), sniffLen) + 1 {
			speaks, ok := sniff(b[:n])
			if decided && (!ok || speaks != earlier) {
				t.Fatalf("%x was %d and is %d, %v", b[:n], earlier, speaks, ok)
			}
			decided, earlier = ok, speaks
		}
		if len(b) >= sniffLen && !decided {
			t.Errorf("%x is not decided", b)
		}
	})
}

// frame puts a message into a frame for ICE-TCP (RFC 4571).
func frame(p []byte) []byte {
	return append(binary.BigEndian.AppendUint16(nil, uint16(len(p))), p...)
}
