// Package packet reads and writes RTP packets (RFC 3550, header extensions by RFC 8285) in place, without allocating.
//
// It exists beside pion/rtp because the forwarding path touches every packet once per receiver: a Packet is a view into
// the buffer that it was parsed from, and a header is appended to a buffer that the caller owns.
package packet

import (
	"encoding/binary"
	"errors"
)

// HeaderLen is the fixed part of an RTP header, in bytes.
const HeaderLen = 12

const (
	profileOneByte = 0xBEDE
	profileTwoByte = 0x1000 // the low four bits are "appbits" and mean nothing to us
)

// Errors of Parse.
var (
	ErrShort     = errors.New("packet: truncated")
	ErrVersion   = errors.New("packet: not RTP version 2")
	ErrExtension = errors.New("packet: extension runs past the end")
	ErrPadding   = errors.New("packet: padding longer than the payload")
)

// Packet is a view of one RTP packet. It is valid as long as the buffer that it was parsed from.
type Packet struct {
	Raw         []byte
	Payload     []byte // without padding
	Offset      int    // of the payload in Raw
	Timestamp   uint32
	SSRC        uint32
	Sequence    uint16
	PayloadType uint8
	Marker      bool

	extension []byte
	profile   uint16
}

// Parse reads the header. The packet refers to raw.
func (p *Packet) Parse(raw []byte) error {
	if len(raw) < HeaderLen {
		return ErrShort
	}
	if raw[0]>>6 != 2 {
		return ErrVersion
	}
	p.Raw = raw
	p.Marker = raw[1]&0x80 != 0
	p.PayloadType = raw[1] & 0x7F
	p.Sequence = binary.BigEndian.Uint16(raw[2:])
	p.Timestamp = binary.BigEndian.Uint32(raw[4:])
	p.SSRC = binary.BigEndian.Uint32(raw[8:])
	p.extension, p.profile = nil, 0

	at := HeaderLen + 4*int(raw[0]&0x0F)
	if raw[0]&0x10 != 0 {
		if len(raw) < at+4 {
			return ErrExtension
		}
		p.profile = binary.BigEndian.Uint16(raw[at:])
		end := at + 4 + 4*int(binary.BigEndian.Uint16(raw[at+2:]))
		if len(raw) < end {
			return ErrExtension
		}
		p.extension = raw[at+4 : end]
		at = end
	}
	if len(raw) < at {
		return ErrShort
	}
	end := len(raw)
	if raw[0]&0x20 != 0 {
		pad := 0
		if end > at {
			pad = int(raw[end-1])
		}
		if pad == 0 || pad > end-at {
			return ErrPadding
		}
		end -= pad
	}
	p.Payload, p.Offset = raw[at:end], at
	return nil
}

// Extension returns the data of the header extension element with an id of 1 to 255, or nil. An element of length zero
// (possible in the two-byte form only) is returned as an empty slice that is not nil.
func (p *Packet) Extension(id uint8) []byte {
	if id == 0 {
		return nil
	}
	switch {
	case p.profile == profileOneByte:
		return oneByte(p.extension, id)
	case p.profile&0xFFF0 == profileTwoByte:
		return twoByte(p.extension, id)
	}
	return nil
}

func oneByte(ext []byte, id uint8) []byte {
	for i := 0; i < len(ext); {
		if ext[i] == 0 { // padding between elements
			i++
			continue
		}
		this, n := ext[i]>>4, int(ext[i]&0x0F)+1
		if this == 15 || i+1+n > len(ext) { // 15 means: stop reading (RFC 8285, section 4.2)
			return nil
		}
		if this == id {
			return ext[i+1 : i+1+n]
		}
		i += 1 + n
	}
	return nil
}

func twoByte(ext []byte, id uint8) []byte {
	for i := 0; i < len(ext); {
		if ext[i] == 0 {
			i++
			continue
		}
		if i+2 > len(ext) {
			return nil
		}
		this, n := ext[i], int(ext[i+1])
		if i+2+n > len(ext) {
			return nil
		}
		if this == id {
			return ext[i+2 : i+2+n]
		}
		i += 2 + n
	}
	return nil
}

// Header is what a packet that is written begins with.
type Header struct {
	Timestamp   uint32
	SSRC        uint32
	Sequence    uint16
	PayloadType uint8
	Marker      bool
}

// Element is one header extension element to write. Elements with id 0 are left out, so that "not negotiated" needs no
// case at the caller.
type Element struct {
	ID   uint8
	Data []byte
}

// AppendHeader appends a header with extension elements to dst. It uses the one-byte form where all elements fit it
// (ids 1 to 14, 1 to 16 bytes) and the two-byte form otherwise; data beyond 255 bytes is cut off the list.
func AppendHeader(dst []byte, h Header, elements []Element) []byte {
	start := len(dst)
	second := h.PayloadType & 0x7F
	if h.Marker {
		second |= 0x80
	}
	dst = append(dst, 0x80, second)
	dst = binary.BigEndian.AppendUint16(dst, h.Sequence)
	dst = binary.BigEndian.AppendUint32(dst, h.Timestamp)
	dst = binary.BigEndian.AppendUint32(dst, h.SSRC)

	some, short := false, true
	for _, e := range elements {
		if e.ID == 0 || len(e.Data) > 255 {
			continue
		}
		some = true
		if e.ID > 14 || len(e.Data) == 0 || len(e.Data) > 16 {
			short = false
		}
	}
	if !some {
		return dst
	}
	dst[start] |= 0x10
	profile := uint16(profileTwoByte)
	if short {
		profile = profileOneByte
	}
	dst = binary.BigEndian.AppendUint16(dst, profile)
	lengthAt := len(dst)
	dst = append(dst, 0, 0)
	for _, e := range elements {
		if e.ID == 0 || len(e.Data) > 255 {
			continue
		}
		if short {
			dst = append(dst, e.ID<<4|uint8(len(e.Data)-1))
		} else {
			dst = append(dst, e.ID, uint8(len(e.Data)))
		}
		dst = append(dst, e.Data...)
	}
	for (len(dst)-lengthAt-2)%4 != 0 {
		dst = append(dst, 0)
	}
	binary.BigEndian.PutUint16(dst[lengthAt:], uint16((len(dst)-lengthAt-2)/4))
	return dst
}
