package codec

// Primary returns the newest block of a redundant audio payload (RFC 2198), for receivers that do not take redundancy. It
// is nil if the blocks run past the end.
func Primary(payload []byte) []byte {
	skip, at := 0, 0
	for {
		if at >= len(payload) {
			return nil
		}
		if payload[at]&0x80 == 0 { // the last header, of one byte: its block is what is left
			at++
			break
		}
		if at+4 > len(payload) {
			return nil
		}
		skip += int(payload[at+2]&0x03)<<8 | int(payload[at+3])
		at += 4
	}
	if at+skip > len(payload) {
		return nil
	}
	return payload[at+skip:]
}
