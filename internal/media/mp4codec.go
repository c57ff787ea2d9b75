package media

import "encoding/binary"

// sampleEntry reads what the first entry of stsd says about the codec. AAC is an "mp4a" whose decoder description
// names MPEG-4 or MPEG-2 audio; the same entry may hold MP3 and others.
func (m *mp4) sampleEntry(t *mp4Track, b box) error {
	done := false
	return boxes(m.s, b.body+8, b.end, func(entry box) error {
		if done {
			return nil
		}
		done = true
		if entry.kind != "mp4a" {
			t.codec = entry.kind
			return nil
		}
		// After 8 bytes of any sample entry come 20 of AudioSampleEntry (section 12.2.3); QuickTime's versions 1 and 2
		// have 16 and 36 more.
		version, err := m.s.at(entry.body+8, 2)
		if err != nil {
			return err
		}
		extra := map[uint16]int64{1: 16, 2: 36}[binary.BigEndian.Uint16(version)]
		return boxes(m.s, entry.body+28+extra, entry.end, func(b box) error { return m.soundBox(t, b) })
	})
}

func (m *mp4) soundBox(t *mp4Track, b box) error {
	switch b.kind {
	case "wave": // QuickTime keeps the description one deeper
		return boxes(m.s, b.body, b.end, func(b box) error {
			if b.kind != "esds" {
				return nil
			}
			return m.soundBox(t, b)
		})
	case "esds":
		object, err := m.objectType(b)
		t.codec = map[byte]string{0x40: "aac", 0x66: "aac", 0x67: "aac", 0x68: "aac", 0x69: "mp3", 0x6b: "mp3"}[object]
		return err
	}
	return nil
}

// objectType finds the object type indication inside of the descriptors of an esds (ISO/IEC 14496-1, section 7.2.6):
// ES_Descriptor (tag 3) holds DecoderConfigDescriptor (tag 4), which begins with it.
func (m *mp4) objectType(b box) (byte, error) {
	body, err := m.s.at(b.body, int(min(b.end-b.body, 256))) // the wanted part stands well before
	if err != nil {
		return 0, err
	}
	rest, tag := body[min(4, len(body)):], byte(0)
	if rest, tag = descriptor(rest); tag != 3 || len(rest) < 3 {
		return 0, damaged("MP4: no description of the sound")
	}
	flags := rest[2]
	rest = rest[3:]
	if flags&0x80 != 0 { // depends on another stream
		rest = rest[min(2, len(rest)):]
	}
	if flags&0x40 != 0 && len(rest) > 0 { // a URL with its length
		rest = rest[min(1+int(rest[0]), len(rest)):]
	}
	if flags&0x20 != 0 { // a clock stream
		rest = rest[min(2, len(rest)):]
	}
	if rest, tag = descriptor(rest); tag != 4 || len(rest) < 1 {
		return 0, damaged("MP4: no description of the sound")
	}
	return rest[0], nil
}

// descriptor strips tag and length, the latter in up to four bytes of seven bits.
func descriptor(b []byte) (rest []byte, tag byte) {
	if len(b) == 0 {
		return nil, 0
	}
	tag, b = b[0], b[1:]
	for range 4 {
		if len(b) == 0 {
			return nil, 0
		}
		more := b[0]&0x80 != 0
		if b = b[1:]; !more {
			break
		}
	}
	return b, tag
}
