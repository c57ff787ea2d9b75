package codec_test

import (
	"bytes"
	"testing"

	"github.com/pion/rtp/codecs"

	"confab/sfu/codec"
)

func TestVP8(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		payload []byte
		want    codec.Info
		fails   bool
	}{
		"nothing":             {payload: nil, fails: true},
		"no frame header":     {payload: []byte{0x10}, fails: true},
		"key without ids":     {payload: []byte{0x10, 0x00}, want: codec.Info{Key: true, Start: true}},
		"inter without ids":   {payload: []byte{0x10, 0x01}, want: codec.Info{Start: true}},
		"middle of a frame":   {payload: []byte{0x00, 0x00}, want: codec.Info{}},
		"second partition":    {payload: []byte{0x11, 0x00}, want: codec.Info{}},
		"narrow picture id":   {payload: []byte{0x90, 0x80, 0x11, 0x01}, want: codec.Info{Start: true, Picture: codec.Picture{ID: 0x11, IDOffset: 2}}},
		"extension cut":       {payload: []byte{0x90}, fails: true},
		"wide picture id cut": {payload: []byte{0x90, 0x80, 0x81}, fails: true},
		"size of a key frame": {
			payload: []byte{0x10, 0x10, 0, 0, 0x9D, 0x01, 0x2A, 0x80, 0x02, 0x68, 0xC1},
			want:    codec.Info{Key: true, Start: true, Height: 360},
		},
		"everything": {payload: []byte{0x90, 0xF0, 0x81, 0x02, 0x33, 0xA5, 0x00}, want: codec.Info{
			Key: true, Start: true, Temporal: 2, Sync: true,
			Picture: codec.Picture{ID: 0x102, WideID: true, IDOffset: 2, TL0: 0x33, TL0Offset: 4, KeyIndex: 5, KeyOffset: 5},
		}},
	} {
		got, err := codec.Parse(codec.VP8, c.payload, nil)
		if (err != nil) != c.fails {
			t.Errorf("%s: %v", name, err)
		}
		c.want.Kind = codec.VP8
		if err == nil && got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

// TestVP8AgreesWithPion packetises frames with Pion and reads them with both.
func TestVP8AgreesWithPion(t *testing.T) {
	t.Parallel()
	payloader := &codecs.VP8Payloader{EnablePictureID: true}
	for range 300 {
		for i, payload := range payloader.Payload(400, make([]byte, 1000)) {
			var theirs codecs.VP8Packet
			if _, err := theirs.Unmarshal(payload); err != nil {
				t.Fatal(err)
			}
			ours, err := codec.Parse(codec.VP8, payload, nil)
			if err != nil || ours.Picture.ID != theirs.PictureID || ours.Start != (i == 0) {
				t.Fatalf("%+v (%v), Pion %+v", ours, err, theirs)
			}
		}
	}
}

func TestRewrite(t *testing.T) {
	t.Parallel()
	payload := []byte{0x90, 0xF0, 0x81, 0x02, 0x33, 0xA5, 0x00, 0xEE}
	before, err := codec.Parse(codec.VP8, payload, nil)
	if err != nil {
		t.Fatal(err)
	}
	copied := bytes.Clone(payload)
	before.Picture.Rewrite(copied, 0x7FFE, 0x44, 9)
	after, err := codec.Parse(codec.VP8, copied, nil)
	if err != nil || after.Picture.ID != 0x7FFE || after.Picture.TL0 != 0x44 || after.Picture.KeyIndex != 9 {
		t.Errorf("after: %+v (%v)", after, err)
	}
	after.Picture = before.Picture
	if after != before || copied[7] != 0xEE {
		t.Errorf("more than the counters changed: %x", copied)
	}
}

func TestH264(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		payload []byte
		key     bool
		fails   bool
	}{
		"nothing":           {fails: true},
		"IDR slice":         {payload: []byte{0x65, 1}, key: true},
		"SPS":               {payload: []byte{0x67, 1}, key: true},
		"slice":             {payload: []byte{0x41, 1}},
		"STAP-A with SPS":   {payload: []byte{0x78, 0, 1, 0x67, 0, 1, 0x68}, key: true},
		"STAP-A without":    {payload: []byte{0x78, 0, 1, 0x41, 0, 1, 0x41}},
		"STAP-A that lies":  {payload: []byte{0x78, 0, 9, 0x67}, fails: true},
		"FU-A first of IDR": {payload: []byte{0x7C, 0x85, 1}, key: true},
		"FU-A next of IDR":  {payload: []byte{0x7C, 0x05, 1}},
		"FU-A cut":          {payload: []byte{0x7C}, fails: true},
	} {
		got, err := codec.Parse(codec.H264, c.payload, nil)
		if (err != nil) != c.fails || err == nil && got.Key != c.key {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func TestHeightOfH264(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		sps  []byte
		want uint16
	}{
		// Sets of encoders in use: OpenH264 (constrained baseline), x264 (high, cropped from 1088).
		"640x360 baseline": {[]byte{0x67, 0x42, 0xC0, 0x1E, 0x8C, 0x8D, 0x40, 0x50, 0x17, 0xFC, 0xB0, 0x0F, 0x08, 0x84, 0x6A}, 360},
		"1280x720 high": {[]byte{0x67, 0x64, 0x00, 0x1F, 0xAC, 0xD9, 0x40, 0x50, 0x05, 0xBB, 0x01, 0x10, 0x00, 0x00, 0x03, 0x00,
			0x10, 0x00, 0x00, 0x03, 0x03, 0x20, 0xF1, 0x83, 0x19, 0x60}, 720},
		"1920x1080 high": {[]byte{0x67, 0x64, 0x00, 0x28, 0xAC, 0xD9, 0x40, 0x78, 0x02, 0x27, 0xE5, 0xC0, 0x44, 0x00, 0x00, 0x03,
			0x00, 0x04, 0x00, 0x00, 0x03, 0x00, 0xF0, 0x3C, 0x60, 0xC6, 0x58}, 1080},
		"cut":     {[]byte{0x67, 0x64, 0x00, 0x1F, 0xAC}, 0},
		"nothing": {[]byte{0x67}, 0},
	} {
		info, err := codec.Parse(codec.H264, c.sps, nil)
		if err != nil || info.Height != c.want || !info.Key {
			t.Errorf("%s: %+v, %v", name, info, err)
		}
	}
}

func TestVP9AgreesWithPion(t *testing.T) {
	t.Parallel()
	for name, payload := range map[string][]byte{
		"key frame":         {0x88 | 0x04, 0x81, 0x02, 0xEE},
		"inter":             {0xC8, 0x81, 0x02, 0xEE},
		"layers":            {0xAC, 0x81, 0x02, 0x52, 0x07, 0xEE},
		"layers, flexible":  {0xFC, 0x81, 0x02, 0x52, 0x02, 0xEE},
		"spatial from base": {0xAC, 0x81, 0x02, 0x53, 0x07, 0xEE},
		"sizes":             {0xAE, 0x81, 0x02, 0x00, 0x07, 0x30, 0x01, 0x40, 0x00, 0xB4, 0x02, 0x80, 0x01, 0x68, 0xEE},
		"sizes and pattern": {0xAE, 0x81, 0x02, 0x00, 0x07, 0x38, 0x01, 0x40, 0x00, 0xB4, 0x02, 0x80, 0x01, 0x68, 2, 0x14, 1, 0x08, 1, 2, 0xEE},
		"pattern alone":     {0xAE, 0x81, 0x02, 0x00, 0x07, 0x08, 1, 0x04, 1, 0xEE},
		"references":        {0xF8, 0x81, 0x02, 0x52, 0x03, 0x05, 0x06, 0xEE},
	} {
		var theirs codecs.VP9Packet
		if _, err := theirs.Unmarshal(payload); err != nil {
			t.Fatalf("%s: Pion: %v", name, err)
		}
		ours, err := codec.Parse(codec.VP9, payload, nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if ours.Picture.ID != theirs.PictureID || ours.Temporal != theirs.TID || ours.Spatial != theirs.SID ||
			ours.Start != theirs.B || ours.EndOfFrame != theirs.E || ours.Independent == theirs.D ||
			ours.Key != (theirs.B && !theirs.P && theirs.SID == 0) {
			t.Errorf("%s: %+v, Pion %+v", name, ours, theirs)
		}
		for i, lines := range ours.Heights {
			if told := i < len(theirs.Height); told && theirs.Height[i] != lines || !told && lines != 0 {
				t.Errorf("%s: layer %d has %d lines, Pion %v", name, i, lines, theirs.Height)
			}
		}
	}
}

func TestAV1(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		payload, descriptor []byte
		key, start          bool
		fails               bool
	}{
		"nothing":                  {fails: true},
		"new sequence":             {payload: []byte{0x18}, key: true, start: true},
		"continues":                {payload: []byte{0x90}},
		"inter":                    {payload: []byte{0x10}, start: true},
		"descriptor cut":           {payload: []byte{0x10}, descriptor: []byte{0x80}, fails: true},
		"descriptor of key frame":  {payload: []byte{0x18}, descriptor: []byte{0x80, 0, 1, 0x80}, key: true, start: true},
		"descriptor of inter":      {payload: []byte{0x10}, descriptor: []byte{0x81, 0, 2}, start: true},
		"descriptor in the middle": {payload: []byte{0x10}, descriptor: []byte{0x01, 0, 2}},
	} {
		got, err := codec.Parse(codec.AV1, c.payload, c.descriptor)
		if (err != nil) != c.fails || err == nil && (got.Key != c.key || got.Start != c.start) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func TestStructure(t *testing.T) {
	t.Parallel()
	// Structure of L2T2: templates in the order of layers 0/0, 0/1, 1/0, 1/1, twice each but the last.
	var bits string
	bits += "10" + "000000" + "0000000000000001"           // first packet, template 0, frame 1
	bits += "10000" + "000010" + "00011"                   // structure present; offset 2; 4 decode targets
	bits += "00" + "01" + "00" + "10" + "00" + "01" + "11" // next layers
	raw := pack(bits)
	d, err := codec.ParseDescriptor(raw)
	if err != nil || !d.HasStructure {
		t.Fatalf("%+v, %v", d, err)
	}
	s, err := codec.ParseStructure(raw)
	if err != nil {
		t.Fatal(err)
	}
	if spatial, temporal := s.Top(); spatial != 2 || temporal != 2 {
		t.Errorf("%d spatial, %d temporal layers", spatial, temporal)
	}
	for template, want := range map[uint8]codec.Layer{
		2: {}, 3: {}, 4: {Temporal: 1}, 5: {Temporal: 1}, 6: {Spatial: 1}, 7: {Spatial: 1}, 8: {Spatial: 1, Temporal: 1},
	} {
		if got, ok := s.Layer(template); !ok || got != want {
			t.Errorf("template %d: %+v, %v", template, got, ok)
		}
	}
	for _, strange := range []uint8{1, 9, 63} {
		if got, ok := s.Layer(strange); ok {
			t.Errorf("template %d: %+v", strange, got)
		}
	}
	for n := range raw {
		if _, err := codec.ParseStructure(raw[:n]); err == nil {
			t.Errorf("cut to %d bytes it is read", n)
		}
	}
}

func pack(bits string) []byte {
	out := make([]byte, (len(bits)+7)/8)
	for i, b := range bits {
		if b == '1' {
			out[i/8] |= 0x80 >> (i % 8)
		}
	}
	return out
}

// TestSizesInAStructure has one like that of two spatial layers in Chromium: chains, and sizes behind them.
func TestSizesInAStructure(t *testing.T) {
	t.Parallel()
	raw := pack("10" + "000000" + "0000000000000001" + // first packet, template 0, frame 1
		"10000" + "000000" + "00001" + // structure present; offset 0; two decode targets
		"10" + "11" + // templates of the layers 0/0 and 1/0
		"10" + "10" + "00" + "10" + // what they are to the targets
		"1" + "0001" + "0" + "0" + // the first refers to one frame, the second to none
		"10" + // one chain: of the numbers below three, 0 has one bit
		"0000" + "0001" + // chain 0 protects both targets, which takes no bits; the distance to its last frame
		"1" + "0000000100111111" + "0000000010110011" + "0000001001111111" + "0000000101100111") // 320x180, 640x360
	s, err := codec.ParseStructure(raw)
	if err != nil || s.Heights != [codec.MaxSpatial]uint16{180, 360} {
		t.Errorf("%+v, %v", s, err)
	}
	if s, err = codec.ParseStructure(raw[:len(raw)-3]); err != nil || s.Heights != [codec.MaxSpatial]uint16{} {
		t.Errorf("cut short: %+v, %v", s, err)
	}
}

func TestPrimary(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		payload []byte
		want    string
	}{
		"no redundancy":       {append([]byte{111}, "new"...), "new"},
		"one block":           {append([]byte{0x80 | 111, 0, 0, 3, 111}, "oldnew"...), "new"},
		"two blocks":          {append([]byte{0x80 | 111, 0, 0, 1, 0x80 | 111, 0, 0, 2, 111}, "oLDnew"...), "new"},
		"empty":               {nil, ""},
		"header cut":          {[]byte{0x80, 0, 0}, ""},
		"no last header":      {[]byte{0x80, 0, 0, 1}, ""},
		"block past the end":  {[]byte{0x80, 0, 3, 255, 111, 1}, ""},
		"nothing but headers": {[]byte{111}, ""},
	} {
		if got := string(codec.Primary(c.payload)); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// FuzzPrimary wants of redundant sound that what is left is the end of what came.
func FuzzPrimary(f *testing.F) {
	f.Add(append([]byte{0x80 | 111, 0, 0, 3, 111}, "oldnew"...))
	f.Add([]byte{0x80, 0, 3, 255, 111, 1})
	f.Fuzz(func(t *testing.T, payload []byte) {
		if primary := codec.Primary(payload); !bytes.HasSuffix(payload, primary) || primary != nil && len(primary) >= len(payload) {
			t.Fatalf("%x of %x", primary, payload)
		}
	})
}

// FuzzDescriptor reads dependency descriptors and their structures, and writes another frame number into a copy.
func FuzzDescriptor(f *testing.F) {
	f.Add([]byte{0xC0, 0, 1, 0x80, 0x00, 0x1C}, uint8(0))
	f.Add([]byte{0x80, 0, 1, 0x84, 0x0C, 0x31, 0x30}, uint8(5))
	f.Fuzz(func(t *testing.T, raw []byte, template uint8) {
		before, err := codec.ParseDescriptor(raw)
		if err != nil {
			return
		}
		copied := bytes.Clone(raw)
		codec.RenumberDescriptor(copied, 0xABCD)
		after, err := codec.ParseDescriptor(copied)
		if err != nil || after.Frame != 0xABCD {
			t.Fatalf("%+v, %v", after, err)
		}
		after.Frame = before.Frame
		if after != before || !bytes.Equal(copied[3:], raw[3:]) {
			t.Fatalf("more than the number changed: %x to %x", raw, copied)
		}
		s, err := codec.ParseStructure(raw)
		if err != nil {
			return
		}
		spatial, temporal := s.Top()
		if l, ok := s.Layer(template); ok && (int(l.Spatial) >= spatial || int(l.Temporal) >= temporal) {
			t.Fatalf("layer %+v of %d and %d", l, spatial, temporal)
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add([]byte{0x90, 0xF0, 0x81, 0x02, 0x33, 0xA5, 0x00}, []byte{0x80, 0, 1, 0x80, 0x12, 0x34})
	f.Add([]byte{0x78, 0, 9, 0x67}, []byte{})
	f.Fuzz(func(t *testing.T, payload, descriptor []byte) {
		for _, kind := range []codec.Kind{codec.Other, codec.VP8, codec.VP9, codec.H264, codec.AV1} {
			info, err := codec.Parse(kind, payload, descriptor)
			if err != nil {
				continue
			}
			copied := bytes.Clone(payload)
			info.Picture.Rewrite(copied, 0x1234, 0x56, 7) // must stay inside
		}
	})
}
