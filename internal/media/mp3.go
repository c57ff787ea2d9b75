package media

import (
	"bytes"
	"encoding/binary"
	"time"
)

// mp3Frame is what a frame's header tells (ISO/IEC 11172-3, section 2.4.1.3; ISO/IEC 13818-3 for the lower rates).
type mp3Frame struct {
	mpeg1   bool
	mono    bool
	rate    int // samples a second
	samples int // in the frame
	size    int // bytes, with the header
}

const (
	mp3HeaderSize = 4
	mp3MinFrame   = 24   // 8 kbit/s at 24 kHz: the smallest frame there is
	mp3MaxFrame   = 1441 // 320 kbit/s at 32 kHz, padded
)

// parseMP3Frame reads a header of layer III. Free bit rates, which nobody uses, are not taken.
func parseMP3Frame(h []byte) (f mp3Frame, ok bool) {
	if len(h) < mp3HeaderSize || h[0] != 0xff || h[1]&0xe0 != 0xe0 {
		return f, false
	}
	version, layer, rateIndex, bitIndex := h[1]>>3&3, h[1]>>1&3, h[2]>>2&3, h[2]>>4
	if version == 1 || layer != 1 || rateIndex == 3 || bitIndex == 0 || bitIndex == 15 {
		return f, false
	}
	f.mpeg1, f.mono = version == 3, h[3]>>6 == 3
	f.rate = []int{44100, 48000, 32000}[rateIndex]
	kbits := []int{8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160}[bitIndex-1]
	f.samples = 576
	switch version {
	case 3:
		kbits = []int{32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320}[bitIndex-1]
		f.samples = 1152
	case 2:
		f.rate /= 2
	case 0: // MPEG 2.5
		f.rate /= 4
	}
	f.size = f.samples/8*kbits*1000/f.rate + int(h[2]>>1&1)
	return f, true
}

// follows tells whether next can come after f in one file.
func (f mp3Frame) follows(next mp3Frame) bool { return f.mpeg1 == next.mpeg1 && f.rate == next.rate }

func (f mp3Frame) duration() time.Duration {
	return time.Duration(f.samples) * time.Second / time.Duration(f.rate)
}

// looksLikeMP3 matches an ID3v2 tag, or two frames one after the other: eleven set bits alone are too little to go by.
func looksLikeMP3(head []byte) bool {
	if id3Size(head) > 0 {
		return true
	}
	f, ok := parseMP3Frame(head)
	if !ok || f.size > len(head) {
		return false
	}
	next, ok := parseMP3Frame(head[f.size:])
	return ok && f.follows(next)
}

// id3Size is the length of the ID3v2 tag at the beginning of b; 0: there is none.
func id3Size(b []byte) int64 {
	if len(b) < 10 || string(b[:3]) != "ID3" || b[3] == 0xff || b[4] == 0xff {
		return 0
	}
	size := int64(10)
	if b[5]&0x10 != 0 { // a footer
		size += 10
	}
	var body int64
	for _, c := range b[6:10] {
		if c&0x80 != 0 {
			return 0
		}
		body = body<<7 | int64(c)
	}
	return size + body
}

// readMP3 takes the duration from the encoder's own summary (Xing, VBRI) where it agrees with the file, and counts the
// frames otherwise.
func readMP3(s *source, info *Info) error {
	off := int64(0)
	for {
		head, err := s.at(off, int(min(10, s.size-off)))
		if err != nil {
			return err
		}
		tag := id3Size(head)
		if tag == 0 {
			break
		}
		if off += tag; off >= s.size {
			return damaged("MP3: cut off in its tag")
		}
	}
	off, frame, err := nextMP3Frame(s, off)
	if err != nil {
		return err
	}
	info.Codec = "mp3"
	summary, found, err := mp3SummaryAt(s, off, frame)
	if err != nil {
		return err
	}
	if found {
		if info.Duration, err = summary.check(s, off, frame); err != nil || info.Duration > 0 {
			return err
		}
		off += int64(frame.size) // the summary stands in a frame without sound
	}
	info.Duration, err = countMP3Frames(s, off)
	return err
}

// nextMP3Frame finds the next frame from off that another one or the end of the file follows, within one window.
func nextMP3Frame(s *source, off int64) (int64, mp3Frame, error) {
	// Short of a whole window, so that the frame after the last candidate can be seen too.
	area, err := s.at(off, int(min(windowSize, s.size-off)))
	if err != nil {
		return 0, mp3Frame{}, err
	}
	for i := range area {
		f, ok := parseMP3Frame(area[i:])
		if !ok || i+f.size > len(area) {
			continue
		}
		if rest := area[i+f.size:]; len(rest) >= mp3HeaderSize {
			if next, ok := parseMP3Frame(rest); (!ok || !f.follows(next)) && !mp3Ends(rest) {
				continue
			}
		}
		return off + int64(i), f, nil
	}
	return 0, mp3Frame{}, damaged("MP3: no sound after byte %d", off)
}

// mp3Ends tells whether what comes after a frame is one of the usual things at the end of a file: a tag, or padding.
func mp3Ends(rest []byte) bool {
	return starts("TAG", "APETAGEX", "LYRICSBEGIN", "ID3", "3DI")(rest) || len(bytes.Trim(rest, "\x00")) == 0
}

// mp3Summary is what an encoder writes into the first frame.
type mp3Summary struct {
	frames, bytes int64 // of the whole; 0: not told
}

// mp3SummaryAt looks for Xing's (or Info) behind the side information, or VBRI's at its fixed place.
func mp3SummaryAt(s *source, off int64, f mp3Frame) (sum mp3Summary, found bool, err error) {
	frame, err := s.at(off, f.size)
	if err != nil {
		return sum, false, err
	}
	side := map[[2]bool]int{{true, false}: 32, {true, true}: 17, {false, false}: 17, {false, true}: 9}[[2]bool{f.mpeg1, f.mono}]
	if xing := frame[min(mp3HeaderSize+side, len(frame)):]; len(xing) >= 16 && starts("Xing", "Info")(xing) {
		flags, at := binary.BigEndian.Uint32(xing[4:]), 8
		if flags&1 != 0 {
			sum.frames = int64(binary.BigEndian.Uint32(xing[at:]))
			at += 4
		}
		if flags&2 != 0 {
			sum.bytes = int64(binary.BigEndian.Uint32(xing[at:]))
		}
		return sum, true, nil
	}
	if vbri := frame[min(mp3HeaderSize+32, len(frame)):]; len(vbri) >= 18 && string(vbri[:4]) == "VBRI" {
		return mp3Summary{frames: int64(binary.BigEndian.Uint32(vbri[14:])), bytes: int64(binary.BigEndian.Uint32(vbri[10:]))}, true, nil
	}
	return sum, false, nil
}

// check gives the summary's duration; 0 where it does not describe this file, which is then counted.
func (m mp3Summary) check(s *source, off int64, f mp3Frame) (time.Duration, error) {
	if m.frames == 0 || m.bytes == 0 || m.frames > m.bytes/mp3MinFrame+1 {
		return 0, nil
	}
	if m.bytes > s.size-off {
		return 0, damaged("MP3: %d of %d bytes are there", s.size-off, m.bytes)
	}
	after, err := s.at(off+m.bytes, int(min(mp3HeaderSize, s.size-off-m.bytes)))
	if err != nil {
		return 0, err
	}
	if _, goesOn := parseMP3Frame(after); goesOn {
		return 0, nil
	}
	return ticks(m.frames*int64(f.samples), int64(f.rate))
}

// countMP3Frames adds up the frames from off to the end.
func countMP3Frames(s *source, off int64) (total time.Duration, err error) {
	for off < s.size {
		head, err := s.at(off, int(min(mp3HeaderSize, s.size-off)))
		if err != nil {
			return 0, err
		}
		f, ok := parseMP3Frame(head)
		if !ok {
			rest, err := s.at(off, int(min(s.size-off, mp3MaxFrame)))
			if err != nil {
				return 0, err
			}
			if mp3Ends(rest) {
				break
			}
			if off, f, err = nextMP3Frame(s, off); err != nil {
				return 0, err
			}
		}
		if off += int64(f.size); off > s.size {
			return 0, damaged("MP3: its last frame is cut off")
		}
		if total += f.duration(); total > maxDuration {
			return 0, damaged("MP3: too long to be true")
		}
	}
	if total == 0 {
		return 0, damaged("MP3: no sound")
	}
	return total, nil
}
