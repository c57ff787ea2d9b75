package codec

import "encoding/binary"

// NAL unit types of H.264 and of its RTP packetisation (RFC 6184, section 5.2).
const (
	nalSlice = 1
	nalIDR   = 5
	nalSPS   = 7
	nalSTAPA = 24
	nalFUA   = 28
)

// parseH264 looks for the beginning of an IDR picture or of the parameter sets that stand before one. H.264 in RTP says
// nothing of layers, and a frame's start cannot be told from its payload alone; the caller has timestamps for that.
func parseH264(b []byte) (Info, error) {
	info := Info{Kind: H264}
	if len(b) < 1 {
		return info, ErrShort
	}
	switch t := b[0] & 0x1F; t {
	case nalIDR, nalSPS:
		info.Key, info.Start = true, true
		if t == nalSPS {
			info.Height = spsHeight(b[1:])
		}
	case nalSTAPA:
		for rest := b[1:]; len(rest) >= 3; {
			n := int(binary.BigEndian.Uint16(rest))
			if n == 0 || 2+n > len(rest) {
				return info, ErrShort
			}
			if inner := rest[2] & 0x1F; inner == nalIDR || inner == nalSPS {
				info.Key, info.Start = true, true
				if inner == nalSPS {
					info.Height = spsHeight(rest[3 : 2+n])
				}
			}
			rest = rest[2+n:]
		}
	case nalFUA:
		if len(b) < 2 {
			return info, ErrShort
		}
		starts := b[1]&0x80 != 0
		info.Start = starts
		if inner := b[1] & 0x1F; starts && (inner == nalIDR || inner == nalSPS) {
			info.Key = true
		}
	default:
		info.Start = t == nalSlice
	}
	return info, nil
}
