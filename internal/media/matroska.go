package media

import (
	"encoding/binary"
	"strings"
	"time"
)

// The elements that matter (RFC 9559, section 5).
const (
	ebmlHeader     = 0x1A45DFA3
	ebmlDocType    = 0x4282
	mkvSegment     = 0x18538067
	mkvSeekHead    = 0x114D9B74
	mkvInfo        = 0x1549A966
	mkvScale       = 0x2AD7B1
	mkvDuration    = 0x4489
	mkvTracks      = 0x1654AE6B
	mkvTrack       = 0xAE
	mkvTrackNumber = 0xD7
	mkvTrackType   = 0x83
	mkvCodec       = 0x86
	mkvFrame       = 0x23E383 // DefaultDuration
	mkvVideo       = 0xE0
	mkvWidth       = 0xB0
	mkvHeight      = 0xBA
	mkvCluster     = 0x1F43B675
	mkvTimestamp   = 0xE7
	mkvSimpleBlock = 0xA3
	mkvGroup       = 0xA0
	mkvBlock       = 0xA1
	mkvBlockTime   = 0x9B
	mkvCues        = 0x1C53BB6B
	mkvChapters    = 0x1043A770
	mkvAttachments = 0x1941A469
	mkvTags        = 0x1254C367
)

// mkvTrackLimit is more tracks than any recording has; each costs a little memory.
const mkvTrackLimit = 64

// matroska is what is gathered on the way through a file.
type matroska struct {
	s      *source
	scale  time.Duration // of one tick of the file's clock
	told   time.Duration // the Duration element; 0: there is none, as in what MediaRecorder writes
	tracks map[uint64]mkvTrackInfo

	clusters int
	blocks   bool          // a block was looked at
	begin    time.Duration // of the earliest block
	end      time.Duration // of the latest one, with its own duration
}

type mkvTrackInfo struct {
	video, audio  bool
	codec         string
	frame         time.Duration // each block's duration; 0: not told
	width, height int
}

// readMatroska reads WebM and other Matroska files.
func readMatroska(s *source, info *Info) error {
	head, err := ebmlAt(s, 0, s.size)
	if err != nil {
		return err
	}
	docType := ""
	err = children(s, head.body, head.end, func(e ebmlElement) error {
		if e.id != ebmlDocType {
			return nil
		}
		b, err := e.bytes(s, 32)
		docType = strings.TrimRight(string(b), "\x00")
		return err
	})
	if err != nil {
		return err
	}
	family := "webm"
	switch docType {
	case "webm":
	case "matroska":
		family = "x-matroska"
	default:
		*info = Info{Mime: OctetStream}
		return nil
	}
	info.Mime = "video/" + family
	segment, err := ebmlAt(s, head.end, s.size)
	if err != nil {
		return err
	}
	if segment.id != mkvSegment {
		return damaged("Matroska: no segment")
	}
	m := &matroska{s: s, scale: time.Millisecond, tracks: map[uint64]mkvTrackInfo{}}
	err = m.walk(segment)
	m.describe(info, family)
	if err != nil {
		return err
	}
	info.Duration, err = m.duration()
	return err
}

// describe fills in what the tracks tell.
func (m *matroska) describe(info *Info, family string) {
	video := false
	for _, t := range m.tracks {
		if t.video {
			video = true
			info.Width, info.Height = t.width, t.height
		}
		if t.audio {
			info.Codec = t.codec
		}
	}
	if !video && info.Codec != "" {
		info.Mime, info.Kind = "audio/"+family, Audio
	}
}

// duration prefers what the header says: players show that. Otherwise it is the span of the blocks.
func (m *matroska) duration() (time.Duration, error) {
	switch {
	case len(m.tracks) == 0:
		return 0, damaged("Matroska: no tracks")
	case m.clusters == 0:
		return 0, damaged("Matroska: nothing recorded")
	case m.told > 0:
		return m.told, nil
	case !m.blocks || m.end <= m.begin:
		return 0, damaged("Matroska: no blocks")
	}
	return m.end - m.begin, nil
}

// walk goes over the top level of the segment. A cluster of unknown size ends where another top element begins, so its
// elements are taken as if they stood beside it.
func (m *matroska) walk(segment ebmlElement) error {
	var cluster time.Duration
	for off := segment.body; off < segment.end; {
		e, err := ebmlAt(m.s, off, segment.end)
		if err != nil {
			return err
		}
		off = e.end
		switch e.id {
		case mkvInfo:
			err = m.readInfo(e)
		case mkvTracks:
			err = children(m.s, e.body, e.end, m.readTrack)
		case mkvCluster:
			m.clusters++
			switch {
			case !e.sized:
				off, cluster = e.body, 0
			case m.told == 0:
				cluster = 0
				err = children(m.s, e.body, e.end, func(e ebmlElement) error { return m.clusterPart(e, &cluster) })
			}
		default:
			err = m.clusterPart(e, &cluster)
		}
		if err != nil {
			return err
		}
		if !e.sized && e.id != mkvCluster {
			return damaged("Matroska: element %#x without a size", e.id)
		}
	}
	return nil
}

// clusterPart takes what may stand in a cluster, and lets the rest pass.
func (m *matroska) clusterPart(e ebmlElement, cluster *time.Duration) error {
	switch e.id {
	case mkvTimestamp:
		n, err := e.uint(m.s)
		if err == nil {
			*cluster, err = m.time(n)
		}
		return err
	case mkvSimpleBlock:
		return m.block(e, *cluster, 0)
	case mkvGroup:
		return m.group(e, *cluster)
	}
	return nil
}

// group reads a block whose duration may be told beside it.
func (m *matroska) group(group ebmlElement, cluster time.Duration) error {
	var block ebmlElement
	var duration time.Duration
	err := children(m.s, group.body, group.end, func(e ebmlElement) error {
		switch e.id {
		case mkvBlock:
			block = e
		case mkvBlockTime:
			n, err := e.uint(m.s)
			if err == nil {
				duration, err = m.time(n)
			}
			return err
		}
		return nil
	})
	if err != nil || block.id == 0 {
		return err
	}
	return m.block(block, cluster, duration)
}

// block reads a block's head (section 10): track, time relative to the cluster, flags; then the first bytes of its
// frame, where Opus tells the duration.
func (m *matroska) block(e ebmlElement, cluster, duration time.Duration) error {
	number, n, err := ebmlNumber(m.s, e.body, e.end, 8)
	if err != nil {
		return err
	}
	head, err := m.s.at(e.body+n, int(min(5, e.end-e.body-n)))
	if err != nil {
		return err
	}
	if len(head) < 3 {
		return damaged("Matroska: a block of %d bytes", e.end-e.body)
	}
	track, known := m.tracks[number&^(1<<(7*n))]
	if !known {
		return damaged("Matroska: a block of an unknown track")
	}
	const lacing = 0x06 // several frames in one block: then their lengths come first
	if duration == 0 && track.codec == "opus" && head[2]&lacing == 0 {
		duration = opusDuration(head[3:])
	}
	if duration == 0 {
		duration = track.frame
	}
	at := cluster + time.Duration(int16(binary.BigEndian.Uint16(head)))*m.scale
	if !m.blocks || at < m.begin {
		m.begin = at
	}
	m.end = max(m.end, at+duration)
	m.blocks = true
	return nil
}

// time turns ticks of the file's clock into a duration.
func (m *matroska) time(n uint64) (time.Duration, error) {
	if n > uint64(maxDuration/m.scale) {
		return 0, damaged("Matroska: %d ticks are no time", n)
	}
	return time.Duration(n) * m.scale, nil
}

func (m *matroska) readInfo(info ebmlElement) error {
	var ticks float64
	err := children(m.s, info.body, info.end, func(e ebmlElement) (err error) {
		switch e.id {
		case mkvScale:
			var n uint64
			if n, err = e.uint(m.s); err == nil && (n == 0 || n > uint64(time.Minute)) {
				err = damaged("Matroska: a clock of %d ns", n)
			}
			m.scale = time.Duration(n)
		case mkvDuration:
			ticks, err = e.float(m.s)
		}
		return err
	})
	if err != nil {
		return err
	}
	told := ticks * float64(m.scale)
	if !(told >= 0 && told <= float64(maxDuration)) { // not a number, too
		return damaged("Matroska: a duration of %g ticks", ticks)
	}
	// One tick is what Chromium's recorder writes when it is asked for what it has so far: it does not know yet.
	if ticks > 1 {
		m.told = time.Duration(told)
	}
	return nil
}

func (m *matroska) readTrack(track ebmlElement) error {
	if track.id != mkvTrack {
		return nil
	}
	var number uint64
	var t mkvTrackInfo
	err := children(m.s, track.body, track.end, func(e ebmlElement) (err error) {
		switch e.id {
		case mkvTrackNumber:
			number, err = e.uint(m.s)
		case mkvTrackType:
			var kind uint64
			kind, err = e.uint(m.s)
			t.video, t.audio = kind == 1, kind == 2
		case mkvCodec:
			var b []byte
			b, err = e.bytes(m.s, 64)
			t.codec = strings.ToLower(strings.TrimPrefix(strings.TrimRight(string(b), "\x00"), "A_"))
		case mkvFrame:
			var ns uint64
			ns, err = e.uint(m.s)
			t.frame = time.Duration(min(ns, uint64(time.Minute)))
		case mkvVideo:
			err = children(m.s, e.body, e.end, func(e ebmlElement) error { return t.readSize(m.s, e) })
		}
		return err
	})
	if err != nil {
		return err
	}
	if len(m.tracks) == mkvTrackLimit {
		return damaged("Matroska: more than %d tracks", mkvTrackLimit)
	}
	m.tracks[number] = t
	return nil
}

func (t *mkvTrackInfo) readSize(s *source, e ebmlElement) error {
	if e.id != mkvWidth && e.id != mkvHeight {
		return nil
	}
	n, err := e.uint(s)
	if err != nil {
		return err
	}
	if e.id == mkvWidth {
		t.width = int(min(n, maxSide))
	} else {
		t.height = int(min(n, maxSide))
	}
	return nil
}
