package media

import "encoding/binary"

// exifOrientation finds the tag Orientation (0x0112) in an APP1 segment: 1 is upright, 2 to 8 say how the picture is to
// be turned and mirrored (EXIF 2.3, section 4.6.4 A). 0: not told.
func exifOrientation(segment []byte) int {
	const preamble = "Exif\x00\x00"
	if len(segment) < len(preamble)+8 || string(segment[:len(preamble)]) != preamble {
		return 0
	}
	tiff := segment[len(preamble):]
	var order binary.ByteOrder
	switch string(tiff[:4]) {
	case "II*\x00":
		order = binary.LittleEndian
	case "MM\x00*":
		order = binary.BigEndian
	default:
		return 0
	}
	at := int64(order.Uint32(tiff[4:]))
	if at+2 > int64(len(tiff)) {
		return 0
	}
	count := int64(order.Uint16(tiff[at:]))
	for i := range count {
		entry := at + 2 + i*12
		if entry+12 > int64(len(tiff)) {
			return 0
		}
		const short = 3
		if f := tiff[entry:]; order.Uint16(f) == 0x0112 && order.Uint16(f[2:]) == short {
			if o := int(order.Uint16(f[8:])); o >= 1 && o <= 8 {
				return o
			}
			return 0
		}
	}
	return 0
}
