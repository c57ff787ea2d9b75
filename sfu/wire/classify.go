package wire

import "encoding/binary"

// class is what a datagram is, by its first bytes.
type class uint8

const (
	classUnknown class = iota // nothing that we speak: dropped
	classCheck                // STUN Binding request with a USERNAME: an ICE connectivity check
	classMedia                // DTLS, SRTP, SRTCP, and STUN answers and indications: belongs to a known peer
	classBinding              // STUN Binding request without USERNAME: somebody asks for its own address
	classTURN                 // TURN methods and ChannelData
)

const (
	stunHeaderLen   = 20
	stunMagicCookie = 0x2112A442 // RFC 8489, section 5
	stunMethodMask  = 0x3EEF     // all but the two class bits, 0x0110
	stunClassMask   = 0x0110
	stunBinding     = 0x0001

	stunAttrUsername   = 0x0006
	stunAttrXORMapped  = 0x0020
	stunBindingSuccess = 0x0101

	channelDataHeaderLen = 4
)

// classify tells what a datagram is. The ranges of the first byte are those of RFC 7983, section 7; channel numbers those of
// RFC 8656, section 12.
func classify(p []byte) class {
	if len(p) == 0 {
		return classUnknown
	}
	switch b := p[0]; {
	case b <= 3:
		return classifySTUN(p)
	case b >= 20 && b <= 63: // DTLS
		return classMedia
	case b >= 64 && b <= 79: // TURN channels 0x4000 to 0x4FFF
		if isChannelData(p) {
			return classTURN
		}
	case b >= 128 && b <= 191: // RTP and RTCP
		return classMedia
	}
	return classUnknown
}

func classifySTUN(p []byte) class {
	if !isSTUN(p) || stunHeaderLen+int(binary.BigEndian.Uint16(p[2:])) != len(p) {
		return classUnknown
	}
	typ := binary.BigEndian.Uint16(p)
	switch method := typ & stunMethodMask; {
	case method == stunBinding && typ&stunClassMask != 0:
		return classMedia
	case method == stunBinding:
		if _, ok := stunUsername(p); ok {
			return classCheck
		}
		return classBinding
	case isTURNMethod(method):
		return classTURN
	}
	return classUnknown
}

// isSTUN tells whether p begins with a STUN header: the two top bits zero, a length in words, the cookie.
func isSTUN(p []byte) bool {
	return len(p) >= stunHeaderLen && p[0]&0xC0 == 0 && p[3]&3 == 0 &&
		binary.BigEndian.Uint32(p[4:]) == stunMagicCookie
}

// isTURNMethod lists the methods of RFC 8656 and of RFC 6062 (which the TURN server refuses).
func isTURNMethod(method uint16) bool {
	switch method {
	case 0x003, 0x004, 0x006, 0x007, 0x008, 0x009, 0x00A, 0x00B, 0x00C:
		return true
	}
	return false
}

// isChannelData tells whether p is a whole ChannelData message; over UDP it may be padded (RFC 8656, section 12.5).
func isChannelData(p []byte) bool {
	return len(p) >= channelDataHeaderLen && int(binary.BigEndian.Uint16(p[2:])) <= len(p)-channelDataHeaderLen
}

// stunUsername finds the USERNAME attribute of a STUN message. The result points into p.
func stunUsername(p []byte) ([]byte, bool) { return stunAttribute(p, stunAttrUsername) }

// stunAttribute finds the first attribute of a type in a STUN message. The result points into p.
func stunAttribute(p []byte, want uint16) ([]byte, bool) {
	for rest := p[stunHeaderLen:]; len(rest) >= 4; {
		typ, n := binary.BigEndian.Uint16(rest), int(binary.BigEndian.Uint16(rest[2:]))
		if n > len(rest)-4 {
			return nil, false
		}
		if typ == want {
			return rest[4 : 4+n], true
		}
		rest = rest[min(4+(n+3)&^3, len(rest)):]
	}
	return nil, false
}
