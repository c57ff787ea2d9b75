package packet_test

import (
	"bytes"
	"testing"

	"github.com/pion/rtp"

	"confab/sfu/packet"
)

func TestParseAgreesWithPion(t *testing.T) {
	t.Parallel()
	for name, h := range map[string]rtp.Header{
		"plain":      {Version: 2, PayloadType: 96, SequenceNumber: 65535, Timestamp: 7, SSRC: 9, Marker: true},
		"csrc":       {Version: 2, PayloadType: 111, CSRC: []uint32{1, 2, 3}},
		"extensions": withExtensions(rtp.ExtensionProfileOneByte, map[uint8][]byte{1: {7}, 3: {1, 2, 3}, 14: make([]byte, 16)}),
		"two-byte":   withExtensions(rtp.ExtensionProfileTwoByte, map[uint8][]byte{1: {}, 200: make([]byte, 80)}),
	} {
		raw, err := (&rtp.Packet{Header: h, Payload: []byte("payload")}).Marshal()
		if err != nil {
			t.Fatal(err)
		}
		var p packet.Packet
		if err := p.Parse(raw); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if string(p.Payload) != "payload" || p.Sequence != h.SequenceNumber || p.Timestamp != h.Timestamp ||
			p.SSRC != h.SSRC || p.Marker != h.Marker || p.PayloadType != h.PayloadType {
			t.Errorf("%s: read %+v", name, p)
		}
		for id := range uint8(255) {
			if want := h.GetExtension(id); !bytes.Equal(p.Extension(id), want) {
				t.Errorf("%s: extension %d is %v, want %v", name, id, p.Extension(id), want)
			}
		}
	}
}

func withExtensions(profile uint16, elements map[uint8][]byte) rtp.Header {
	h := rtp.Header{Version: 2, Extension: true, ExtensionProfile: profile}
	for id, data := range elements {
		if err := h.SetExtension(id, data); err != nil {
			panic(err)
		}
	}
	return h
}

func TestLyingLengthsAreRefused(t *testing.T) {
	t.Parallel()
	head := []byte{0x80, 96, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3}
	with := func(first byte, rest ...byte) []byte {
		b := append(bytes.Clone(head), rest...)
		b[0] = first
		return b
	}
	for name, c := range map[string]struct {
		raw  []byte
		want error
	}{
		"nothing":                    {nil, packet.ErrShort},
		"half a header":              {head[:11], packet.ErrShort},
		"version 1":                  {with(0x40), packet.ErrVersion},
		"csrc past the end":          {with(0x8F), packet.ErrShort},
		"extension header cut":       {with(0x90, 0xBE, 0xDE), packet.ErrExtension},
		"extension past the end":     {with(0x90, 0xBE, 0xDE, 0xFF, 0xFF, 1, 2), packet.ErrExtension},
		"padding of everything":      {with(0xA0, 200), packet.ErrPadding},
		"padding of zero":            {with(0xA0, 1, 0), packet.ErrPadding},
		"padding without a payload":  {with(0xA0), packet.ErrPadding},
		"padding is all the payload": {with(0xA0, 0, 0, 3), nil},
	} {
		var p packet.Packet
		if err := p.Parse(c.raw); err != c.want {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func TestHeaderIsReadBack(t *testing.T) {
	t.Parallel()
	h := packet.Header{Timestamp: 1 << 31, SSRC: 5, Sequence: 65535, PayloadType: 127, Marker: true}
	for name, elements := range map[string][]packet.Element{
		"none":       nil,
		"left out":   {{ID: 0, Data: []byte{1}}},
		"one-byte":   {{ID: 1, Data: []byte{1}}, {ID: 0, Data: []byte{9}}, {ID: 14, Data: make([]byte, 16)}},
		"high id":    {{ID: 15, Data: []byte{1}}},
		"long":       {{ID: 2, Data: make([]byte, 17)}, {ID: 3, Data: []byte{4, 5}}},
		"zero bytes": {{ID: 2, Data: []byte{}}},
	} {
		raw := append(packet.AppendHeader(nil, h, elements), "payload"...)
		var theirs rtp.Packet
		if err := theirs.Unmarshal(raw); err != nil {
			t.Errorf("%s: Pion: %v", name, err)
		}
		var p packet.Packet
		if err := p.Parse(raw); err != nil || string(p.Payload) != "payload" {
			t.Errorf("%s: %v, payload %q", name, err, p.Payload)
		}
		for _, e := range elements {
			if e.ID != 0 && !bytes.Equal(p.Extension(e.ID), e.Data) {
				t.Errorf("%s: extension %d is %v", name, e.ID, p.Extension(e.ID))
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte{0x90, 96, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0xBE, 0xDE, 0, 1, 0x10, 1, 0, 0, 5})
	f.Add([]byte{0xB0, 96, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0x10, 0, 0, 1, 1, 0, 0, 0, 5, 1})
	f.Fuzz(func(t *testing.T, raw []byte) {
		var p packet.Packet
		if p.Parse(raw) != nil {
			return
		}
		if p.Offset+len(p.Payload) > len(raw) {
			t.Fatalf("payload ends at %d of %d", p.Offset+len(p.Payload), len(raw))
		}
		for id := range 256 {
			p.Extension(uint8(id))
		}
	})
}

func BenchmarkParseAndAppend(b *testing.B) {
	raw := append(packet.AppendHeader(nil, packet.Header{}, []packet.Element{{ID: 1, Data: []byte{1, 2}}}), make([]byte, 1200)...)
	out := make([]byte, 0, 1500)
	elements := []packet.Element{{ID: 3, Data: []byte{1, 2}}}
	b.ReportAllocs()
	for b.Loop() {
		var p packet.Packet
		if p.Parse(raw) != nil || p.Extension(1) == nil {
			b.Fatal("not parsed")
		}
		out = packet.AppendHeader(out[:0], packet.Header{Sequence: p.Sequence}, elements)
	}
}
