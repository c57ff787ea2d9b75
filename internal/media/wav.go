package media

import (
	"encoding/binary"
	"math"
)

// wave is the layout of a WAV file's sound.
type wave struct {
	format   uint16 // wavePCM or waveFloat; others are not taken for voice
	channels int
	rate     int // samples a second, of each channel
	bits     int // of one sample
	block    int // bytes of one sample of all channels
	begin    int64
	size     int64 // of the sound, bytes
}

const (
	wavePCM        = 1
	waveFloat      = 3
	waveALaw       = 6
	waveMuLaw      = 7
	waveExtensible = 0xfffe
)

// codec names the formats that browsers play as pcm, which is what the API means by WAV.
func (w wave) codec() string {
	switch w.format {
	case wavePCM, waveFloat, waveALaw, waveMuLaw:
		return "pcm"
	}
	return ""
}

// readWAV reads the fmt chunk, and the size of the data.
func readWAV(s *source, info *Info) error {
	w, err := parseWave(s)
	if info.Codec = w.codec(); err != nil {
		return err
	}
	if info.Codec == "" {
		*info = Info{Mime: OctetStream}
		return nil
	}
	info.Duration, err = ticks(w.size/int64(w.block), int64(w.rate))
	if err == nil && info.Duration == 0 {
		err = damaged("WAV: no sound")
	}
	return err
}

// parseWave walks over the chunks up to the data.
func parseWave(s *source) (w wave, err error) {
	for off := int64(12); off < s.size; {
		head, err := s.at(off, 8)
		if err != nil {
			return w, err
		}
		kind, size := string(head[:4]), int64(binary.LittleEndian.Uint32(head[4:]))
		off += 8
		switch kind {
		case "fmt ":
			if err := w.readFormat(s, off, size); err != nil {
				return w, err
			}
		case "data":
			if w.block == 0 {
				return w, damaged("WAV: sound before its format")
			}
			w.begin, w.size = off, size
			if size == math.MaxUint32 || size == 0 {
				w.size = s.size - off // written to a pipe: the size was not known, the sound goes to the end
			}
			if w.size > s.size-off {
				return w, damaged("WAV: %d of %d bytes are there", s.size-off, w.size)
			}
			return w, nil
		}
		off += size + size&1 // chunks begin at even places
	}
	return w, damaged("WAV: no sound")
}

func (w *wave) readFormat(s *source, off, size int64) error {
	f, err := s.at(off, int(min(size, 26)))
	if err != nil {
		return err
	}
	if len(f) < 16 {
		return damaged("WAV: a format of %d bytes", len(f))
	}
	w.format, w.channels = binary.LittleEndian.Uint16(f), int(binary.LittleEndian.Uint16(f[2:]))
	w.rate, w.block = int(binary.LittleEndian.Uint32(f[4:])), int(binary.LittleEndian.Uint16(f[12:]))
	w.bits = int(binary.LittleEndian.Uint16(f[14:]))
	if w.format == waveExtensible && len(f) == 26 {
		w.format = binary.LittleEndian.Uint16(f[24:]) // the first two bytes of the sub-format's GUID
	}
	if w.codec() == "" {
		w.block = max(w.block, 1)
		return nil
	}
	if w.channels == 0 || w.rate == 0 || w.bits == 0 || w.bits%8 != 0 || w.bits > 64 || w.block != w.channels*w.bits/8 {
		return damaged("WAV: %d channels of %d bits at %d Hz in blocks of %d bytes", w.channels, w.bits, w.rate, w.block)
	}
	return nil
}
