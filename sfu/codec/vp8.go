package codec

import "encoding/binary"

// parseVP8 reads the payload descriptor of RFC 7741, section 4.2, and the first byte of the frame header (4.3).
func parseVP8(b []byte) (Info, error) {
	info := Info{Kind: VP8}
	if len(b) < 1 {
		return info, ErrShort
	}
	first := b[0]
	at := 1
	info.Start = first&0x10 != 0 && first&0x07 == 0 // S bit, partition 0
	if first&0x80 != 0 {                            // X: extension octet
		if len(b) < 2 {
			return info, ErrShort
		}
		ext := b[1]
		at = 2
		if ext&0x80 != 0 { // I: picture id
			if len(b) < at+1 {
				return info, ErrShort
			}
			info.Picture.IDOffset = uint8(at)
			if b[at]&0x80 != 0 {
				if len(b) < at+2 {
					return info, ErrShort
				}
				info.Picture.WideID = true
				info.Picture.ID = uint16(b[at]&0x7F)<<8 | uint16(b[at+1])
				at += 2
			} else {
				info.Picture.ID = uint16(b[at])
				at++
			}
		}
		if ext&0x40 != 0 { // L: TL0PICIDX
			if len(b) < at+1 {
				return info, ErrShort
			}
			info.Picture.TL0Offset = uint8(at)
			info.Picture.TL0 = b[at]
			at++
		}
		if ext&0x30 != 0 { // T or K: temporal index, layer sync, key index share an octet
			if len(b) < at+1 {
				return info, ErrShort
			}
			if ext&0x20 != 0 {
				info.Temporal = b[at] >> 6
				info.Sync = b[at]&0x20 != 0
			}
			if ext&0x10 != 0 {
				info.Picture.KeyOffset = uint8(at)
				info.Picture.KeyIndex = b[at] & 0x1F
			}
			at++
		}
	}
	if len(b) <= at {
		return info, ErrShort
	}
	info.Key = info.Start && b[at]&0x01 == 0
	// A key frame's header: tag of 3 bytes, start code 9D 01 2A, width, height (RFC 6386, section 9.1).
	if h := b[at:]; info.Key && len(h) >= 10 && h[3] == 0x9D && h[4] == 0x01 && h[5] == 0x2A {
		info.Height = binary.LittleEndian.Uint16(h[8:]) & 0x3FFF
	}
	return info, nil
}
