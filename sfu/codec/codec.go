// Package codec reads what an SFU must know of a video payload without decoding it: where frames begin, which of them
// are key frames, which temporal and spatial layer they belong to, and the counters that have to be rewritten when a
// receiver's stream changes its source.
//
// All functions are pure, take untrusted bytes and never panic: lengths are checked before every read.
package codec

import (
	"errors"
	"strings"
)

// MaxSpatial bounds the spatial layers of one stream; encoders in browsers make three.
const MaxSpatial = 4

// ErrShort is returned for payloads that end inside their descriptor.
var ErrShort = errors.New("codec: payload ends inside its descriptor")

// Kind is a codec as far as this package tells them apart.
type Kind uint8

// Codecs. Other is everything that is forwarded without looking inside, which includes audio.
const (
	Other Kind = iota
	VP8
	VP9
	H264
	AV1
)

// KindOf returns the codec of a MIME type such as "video/VP8", in any case.
func KindOf(mime string) Kind {
	switch strings.ToLower(mime) {
	case "video/vp8":
		return VP8
	case "video/vp9":
		return VP9
	case "video/h264":
		return H264
	case "video/av1":
		return AV1
	}
	return Other
}

// Info is what was learned of one packet's payload.
type Info struct {
	// Key: the packet begins a key frame; a decoder can start here.
	Key bool
	// Start: the packet begins a frame, as far as the payload tells.
	Start bool
	// Temporal and Spatial are the layer's indices; zero is the base.
	Temporal uint8
	Spatial  uint8
	// Sync: a receiver that decodes the layers below may begin with this one here.
	Sync bool
	// EndOfFrame of the spatial layer (VP9), which is where a marker belongs when higher layers are left off.
	EndOfFrame bool
	// Independent: the frame does not need the spatial layer below it in the same instant (VP9).
	Independent bool
	// Picture counters, of VP8 and VP9.
	Picture Picture
	// Predicted: the frame refers to an earlier one of its own spatial layer (VP9).
	Predicted bool
	// Template of the dependency descriptor (AV1); Structure tells its layer.
	Template uint8
	// Height of the picture in lines, where the packet tells it (key frames of VP8, parameter sets of H.264); 0
	// otherwise.
	Height uint16
	// Heights are the lines of each spatial layer's picture, where the packet tells them (key frames of VP9); 0 otherwise.
	Heights [MaxSpatial]uint16
	// Kind is the codec that was read.
	Kind Kind
}

// Picture holds the counters in a VP8 or VP9 payload descriptor and where they are, so that they can be rewritten in a
// copy. Offsets are in bytes from the payload's beginning; 0 means that the field is absent. For AV1, ID is the frame
// number of the dependency descriptor, which stands in a header extension.
type Picture struct {
	ID       uint16 // 7 or 15 bits
	TL0      uint8  // TL0PICIDX
	KeyIndex uint8  // KEYIDX, 5 bits (VP8 only)

	IDOffset  uint8
	WideID    bool // 15 bits
	TL0Offset uint8
	KeyOffset uint8
}

// Parse reads one payload. For audio and unknown codecs it tells that every packet is a frame that can be started
// with. The dependency descriptor (header extension of AV1) may be nil.
func Parse(kind Kind, payload, descriptor []byte) (Info, error) {
	switch kind {
	case VP8:
		return parseVP8(payload)
	case VP9:
		return parseVP9(payload)
	case H264:
		return parseH264(payload)
	case AV1:
		return parseAV1(payload, descriptor)
	}
	return Info{Key: true, Start: true}, nil
}

// Rewrite overwrites the counters in a copy of the payload that p was read from.
func (p Picture) Rewrite(payload []byte, id uint16, tl0, keyIndex uint8) {
	if p.IDOffset != 0 {
		if p.WideID {
			payload[p.IDOffset] = 0x80 | uint8(id>>8)&0x7F
			payload[p.IDOffset+1] = uint8(id)
		} else {
			payload[p.IDOffset] = uint8(id) & 0x7F
		}
	}
	if p.TL0Offset != 0 {
		payload[p.TL0Offset] = tl0
	}
	if p.KeyOffset != 0 {
		payload[p.KeyOffset] = payload[p.KeyOffset]&0xE0 | keyIndex&0x1F
	}
}
