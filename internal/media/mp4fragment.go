package media

import (
	"encoding/binary"
	"math"
)

// Fragments (ISO/IEC 14496-12, section 8.8): a recorder that cannot go back to write a table at the beginning writes a
// small one (moof) before each stretch of data.

// inExtends reads each track's defaults (trex).
func (m *mp4) inExtends(b box) error {
	if b.kind != "trex" {
		return nil
	}
	f, err := m.s.at(b.body, 16)
	if err != nil {
		return err
	}
	if t := m.track(binary.BigEndian.Uint32(f[4:])); t != nil {
		t.fragmentTicks = int64(binary.BigEndian.Uint32(f[12:]))
	}
	return nil
}

func (m *mp4) track(id uint32) *mp4Track {
	for _, t := range m.tracks {
		if t.id == id {
			return t
		}
	}
	return nil
}

func (m *mp4) inFragment(b box) error {
	if b.kind != "traf" {
		return nil
	}
	f := fragment{m: m}
	if err := boxes(m.s, b.body, b.end, f.part); err != nil {
		return err
	}
	if f.track == nil {
		return damaged("MP4: a fragment of no track")
	}
	t := f.track
	begin := t.end // without a time of its own it follows the one before
	if f.timed {
		begin = f.begin
	}
	if !t.hasFragments || begin < t.begin {
		t.begin = begin
	}
	t.end = max(t.end, saturatingAdd(begin, f.ticks))
	t.hasFragments = true
	return nil
}

// fragment is one track's part of a moof.
type fragment struct {
	m     *mp4
	track *mp4Track
	each  int64 // ticks of a sample that tells none itself
	timed bool
	begin int64 // ticks
	ticks int64 // of all its samples
}

func (f *fragment) part(b box) error {
	switch b.kind {
	case "tfhd":
		return f.header(b)
	case "tfdt":
		return f.time(b)
	case "trun":
		return f.run(b)
	}
	return nil
}

// header reads tfhd, where optional fields before the wanted one are counted by their flags.
func (f *fragment) header(b box) error {
	head, err := f.m.s.at(b.body, 8)
	if err != nil {
		return err
	}
	flags := binary.BigEndian.Uint32(head)
	if f.track = f.m.track(binary.BigEndian.Uint32(head[4:])); f.track == nil {
		return damaged("MP4: a fragment of an unknown track")
	}
	f.each = f.track.fragmentTicks
	if flags&0x08 == 0 { // no default-sample-duration
		return nil
	}
	at := b.body + 8
	if flags&0x01 != 0 { // base-data-offset
		at += 8
	}
	if flags&0x02 != 0 { // sample-description-index
		at += 4
	}
	each, err := f.m.s.be32(at)
	f.each = int64(each)
	return err
}

// time reads tfdt, the time at which the fragment begins.
func (f *fragment) time(b box) error {
	version, err := f.m.s.at(b.body, 1)
	if err != nil {
		return err
	}
	f.timed = true
	if version[0] == 1 {
		begin, err := f.m.s.be64(b.body + 4)
		f.begin = int64(min(begin, math.MaxInt64))
		return err
	}
	begin, err := f.m.s.be32(b.body + 4)
	f.begin = int64(begin)
	return err
}

// run reads trun: a count of samples, each with a duration of its own or the default.
func (f *fragment) run(b box) error {
	head, err := f.m.s.at(b.body, 8)
	if err != nil {
		return err
	}
	if f.track == nil {
		return damaged("MP4: samples before their track")
	}
	flags, count := binary.BigEndian.Uint32(head), int64(binary.BigEndian.Uint32(head[4:]))
	if flags&0x100 == 0 {
		f.ticks = saturatingAdd(f.ticks, count*f.each) // 32 bits each
		return nil
	}
	at := b.body + 8
	for _, optional := range []uint32{0x01, 0x04} { // data-offset, first-sample-flags
		if flags&optional != 0 {
			at += 4
		}
	}
	width := int64(4)
	for _, optional := range []uint32{0x200, 0x400, 0x800} { // size, flags, composition time of each sample
		if flags&optional != 0 {
			width += 4
		}
	}
	if count > (b.end-at)/width {
		return damaged("MP4: %d samples in a table of %d bytes", count, b.end-b.body)
	}
	for range count {
		each, err := f.m.s.be32(at)
		if err != nil {
			return err
		}
		f.ticks = saturatingAdd(f.ticks, int64(each))
		at += width
	}
	return nil
}
