package media

import "time"

// opusDuration tells how long an Opus packet plays, from its first two bytes (RFC 6716, section 3.1): the table of
// contents gives the length of a frame and how many there are. 0: no valid packet.
//
// Example: 0x78 is configuration 15 (hybrid, 20 ms), code 0 (one frame): 20 ms.
func opusDuration(packet []byte) time.Duration {
	if len(packet) == 0 {
		return 0
	}
	config, code := packet[0]>>3, packet[0]&3
	var frame time.Duration
	switch {
	case config < 12: // SILK: 10, 20, 40, 60 ms
		frame = []time.Duration{10, 20, 40, 60}[config&3] * time.Millisecond
	case config < 16: // hybrid: 10, 20 ms
		frame = []time.Duration{10, 20}[config&1] * time.Millisecond
	default: // CELT: 2.5, 5, 10, 20 ms
		frame = 2500 * time.Microsecond << (config & 3)
	}
	frames := time.Duration(1)
	switch code {
	case 1, 2:
		frames = 2
	case 3:
		if len(packet) < 2 {
			return 0
		}
		frames = time.Duration(packet[1] & 0x3f)
	}
	// A packet holds 120 ms at most (section 3.2.5, R5).
	if total := frame * frames; total <= 120*time.Millisecond {
		return total
	}
	return 0
}
