package media

import (
	"encoding/binary"
	"math"
	"time"
)

// box is one box of an ISO media file (ISO/IEC 14496-12, section 4.2).
type box struct {
	kind      string
	body, end int64
}

// boxes calls fn for each box between off and end, in order.
func boxes(s *source, off, end int64, fn func(box) error) error {
	for off < end {
		if end-off < 8 {
			return damaged("MP4: cut off at %d", off)
		}
		head, err := s.at(off, 8)
		if err != nil {
			return err
		}
		b := box{kind: string(head[4:8]), body: off + 8}
		switch size := uint64(binary.BigEndian.Uint32(head)); size {
		case 0: // to the end of the file
			b.end = end
		case 1:
			long, err := s.be64(off + 8)
			if err != nil {
				return err
			}
			b.body = off + 16
			if long < 16 || long > math.MaxInt64 {
				return damaged("MP4: box %q of %d bytes", b.kind, long)
			}
			b.end = saturatingAdd(off, int64(long))
		default:
			b.end = off + int64(size)
		}
		if b.end < b.body || b.end > end {
			return damaged("MP4: box %q at %d goes over the end", b.kind, off)
		}
		if err := fn(b); err != nil {
			return err
		}
		off = b.end
	}
	return nil
}

// saturatingAdd adds without overflow; both are at least 0.
func saturatingAdd(a, b int64) int64 {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}

// mp4Track is what is gathered of one track.
type mp4Track struct {
	id            uint32
	handler       string // "soun", "vide", …
	codec         string
	rate          int64 // ticks a second
	duration      int64 // ticks in mdhd, without fragments
	width, height int

	lastChunk     int64 // where the last chunk of data begins
	fragmentTicks int64 // each sample's duration where a fragment tells none (trex)
	hasFragments  bool
	begin, end    int64 // of the fragments, in ticks
}

// mp4 is what is gathered on the way through a file.
type mp4 struct {
	s        *source
	tracks   []*mp4Track
	rate     int64 // of mvhd
	duration int64
	movie    bool // there is a moov
	data     bool // there is an mdat
}

// mp4TrackLimit is more tracks than any recording has.
const mp4TrackLimit = 64

// readMP4 reads MP4 and its relatives, fragmented or not.
func readMP4(s *source, info *Info) error {
	m := &mp4{s: s}
	err := boxes(s, 0, s.size, m.top)
	m.describe(info)
	if err != nil {
		return err
	}
	if !m.movie || !m.data || len(m.tracks) == 0 {
		return damaged("MP4: a part is missing")
	}
	for _, t := range m.tracks {
		if t.lastChunk >= s.size {
			return damaged("MP4: data at %d is missing", t.lastChunk)
		}
	}
	info.Duration, err = m.length()
	return err
}

func (m *mp4) top(b box) error {
	switch b.kind {
	case "moov":
		m.movie = true
		return boxes(m.s, b.body, b.end, m.inMovie)
	case "moof":
		return boxes(m.s, b.body, b.end, m.inFragment)
	case "mdat":
		m.data = m.data || b.end > b.body
	}
	return nil
}

func (m *mp4) inMovie(b box) (err error) {
	switch b.kind {
	case "mvhd":
		m.rate, m.duration, err = m.clock(b)
	case "trak":
		if len(m.tracks) == mp4TrackLimit {
			return damaged("MP4: more than %d tracks", mp4TrackLimit)
		}
		t := &mp4Track{}
		m.tracks = append(m.tracks, t)
		err = boxes(m.s, b.body, b.end, func(b box) error { return m.inTrack(t, b, 0) })
	case "mvex":
		err = boxes(m.s, b.body, b.end, m.inExtends)
	}
	return err
}

// clock reads the timescale and duration of mvhd and mdhd, which have the same beginning (sections 8.2.2, 8.4.2).
func (m *mp4) clock(b box) (rate, duration int64, err error) {
	version, err := m.s.at(b.body, 1)
	if err != nil {
		return 0, 0, err
	}
	if version[0] == 1 {
		f, err := m.s.at(b.body+20, 12)
		if err != nil {
			return 0, 0, err
		}
		d := binary.BigEndian.Uint64(f[4:])
		if d > math.MaxInt64 { // all ones: not known
			d = 0
		}
		return int64(binary.BigEndian.Uint32(f)), int64(d), nil
	}
	f, err := m.s.at(b.body+12, 8)
	if err != nil {
		return 0, 0, err
	}
	d := binary.BigEndian.Uint32(f[4:])
	if d == math.MaxUint32 {
		d = 0
	}
	return int64(binary.BigEndian.Uint32(f)), int64(d), nil
}

// inTrack goes down trak → mdia → minf → stbl, and no deeper.
func (m *mp4) inTrack(t *mp4Track, b box, depth int) (err error) {
	switch b.kind {
	case "tkhd":
		err = m.trackHeader(t, b)
	case "mdia", "minf", "stbl":
		if depth == 3 {
			return damaged("MP4: box %q in the wrong place", b.kind)
		}
		err = boxes(m.s, b.body, b.end, func(b box) error { return m.inTrack(t, b, depth+1) })
	case "mdhd":
		t.rate, t.duration, err = m.clock(b)
	case "hdlr":
		var f []byte
		if f, err = m.s.at(b.body+8, 4); err == nil && t.handler == "" {
			t.handler = string(f)
		}
	case "stsd":
		err = m.sampleEntry(t, b)
	case "stco":
		err = m.chunkOffsets(t, b, 4)
	case "co64":
		err = m.chunkOffsets(t, b, 8)
	}
	return err
}

// trackHeader reads the id, and width and height with the matrix's turn (section 8.3.2).
func (m *mp4) trackHeader(t *mp4Track, b box) error {
	version, err := m.s.at(b.body, 1)
	if err != nil {
		return err
	}
	id, matrix := b.body+12, b.body+40
	if version[0] == 1 {
		id, matrix = b.body+20, b.body+52
	}
	if t.id, err = m.s.be32(id); err != nil {
		return err
	}
	f, err := m.s.at(matrix, 44)
	if err != nil {
		return err
	}
	// The matrix is {a b u c d v x y w}: turned by a quarter when it takes x from y only.
	a, d := binary.BigEndian.Uint32(f), binary.BigEndian.Uint32(f[16:])
	t.width, t.height = int(binary.BigEndian.Uint16(f[36:])), int(binary.BigEndian.Uint16(f[40:]))
	if a == 0 && d == 0 {
		t.width, t.height = t.height, t.width
	}
	return nil
}

// chunkOffsets remembers where the last chunk lies, to see whether the file still has it.
func (m *mp4) chunkOffsets(t *mp4Track, b box, width int64) error {
	count, err := m.s.be32(b.body + 4)
	if err != nil || count == 0 {
		return err
	}
	if int64(count) > (b.end-b.body-8)/width {
		return damaged("MP4: %d chunks in a table of %d bytes", count, b.end-b.body)
	}
	at := b.body + 8 + (int64(count)-1)*width
	if width == 4 {
		offset, err := m.s.be32(at)
		t.lastChunk = int64(offset)
		return err
	}
	offset, err := m.s.be64(at)
	t.lastChunk = int64(min(offset, math.MaxInt64))
	return err
}

// describe fills in what the tracks tell.
func (m *mp4) describe(info *Info) {
	video, audio := false, false
	for _, t := range m.tracks {
		switch t.handler {
		case "vide":
			video = true
			info.Width, info.Height = t.width, t.height
		case "soun":
			audio = true
			info.Codec = t.codec
		}
	}
	if audio && !video {
		info.Mime, info.Kind = "audio/mp4", Audio
	}
}

// length is the longest of what the movie header and each track's fragments tell; a track's own header is the last
// resort, since it leaves out edits.
func (m *mp4) length() (longest time.Duration, err error) {
	if m.duration > 0 {
		if longest, err = ticks(m.duration, m.rate); err != nil {
			return 0, err
		}
	}
	for _, t := range m.tracks {
		if t.handler != "soun" && t.handler != "vide" || !t.hasFragments && longest > 0 {
			continue
		}
		span := t.duration
		if t.hasFragments {
			span = t.end - t.begin
		}
		if span <= 0 {
			continue
		}
		d, err := ticks(span, t.rate)
		if err != nil {
			return 0, err
		}
		longest = max(longest, d)
	}
	if longest <= 0 {
		return 0, damaged("MP4: nothing recorded")
	}
	return longest, nil
}
