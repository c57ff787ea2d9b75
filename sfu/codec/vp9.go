package codec

import "encoding/binary"

// parseVP9 reads the payload descriptor of RFC 9628, section 4.2.
func parseVP9(b []byte) (Info, error) {
	info := Info{Kind: VP9}
	if len(b) < 1 {
		return info, ErrShort
	}
	first := b[0]
	hasID, predicted, layered, flexible := first&0x80 != 0, first&0x40 != 0, first&0x20 != 0, first&0x10 != 0
	info.Start = first&0x08 != 0
	info.EndOfFrame = first&0x04 != 0
	structured := first&0x02 != 0
	at := 1
	if hasID {
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
	interLayer := false
	if layered {
		if len(b) < at+1 {
			return info, ErrShort
		}
		info.Temporal = b[at] >> 5
		info.Sync = b[at]&0x10 != 0
		info.Spatial = b[at] >> 1 & 0x07
		interLayer = b[at]&0x01 != 0
		at++
		if !flexible {
			if len(b) < at+1 {
				return info, ErrShort
			}
			info.Picture.TL0Offset = uint8(at)
			info.Picture.TL0 = b[at]
			at++
		}
	}
	for more := flexible && predicted; more; at++ { // reference indices
		if len(b) <= at {
			return info, ErrShort
		}
		more = b[at]&0x01 != 0
	}
	if structured {
		n, ok := info.readStructure(b[at:])
		if !ok {
			return info, ErrShort
		}
		at += n
	}
	if len(b) <= at {
		return info, ErrShort
	}
	info.Independent, info.Predicted = !interLayer, predicted
	info.Key = info.Start && !predicted && info.Spatial == 0
	return info, nil
}

// readStructure reads the scalability structure (section 4.2.1): the pictures' sizes, if they are told, and the pattern of
// references, which nobody here needs. It returns the structure's length.
func (info *Info) readStructure(b []byte) (n int, ok bool) {
	if len(b) < 1 {
		return 0, false
	}
	layers, sized, patterned := int(b[0]>>5)+1, b[0]&0x10 != 0, b[0]&0x08 != 0
	at := 1
	if sized {
		if len(b) < at+4*layers {
			return 0, false
		}
		for i := range min(layers, MaxSpatial) {
			info.Heights[i] = binary.BigEndian.Uint16(b[at+4*i+2:])
		}
		at += 4 * layers
	}
	if !patterned {
		return at, true
	}
	if len(b) < at+1 {
		return 0, false
	}
	pictures := int(b[at])
	at++
	for range pictures {
		if len(b) < at+1 {
			return 0, false
		}
		at += 1 + int(b[at]>>2&0x03)
	}
	return at, at <= len(b)
}
