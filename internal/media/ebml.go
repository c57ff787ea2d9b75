package media

import (
	"encoding/binary"
	"math"
	"math/bits"
)

// ebmlElement is one element of EBML (RFC 8794): an id, with its length marker kept, and the place of its content.
type ebmlElement struct {
	id    uint32
	body  int64 // where the content begins
	end   int64 // where it ends; for one of unknown size, where its parent does
	sized bool  // false: goes on until something appears that cannot be inside (live recordings)
}

// ebmlAt reads the head of an element that lies inside of a parent which ends at limit.
func ebmlAt(s *source, off, limit int64) (ebmlElement, error) {
	id, idLen, err := ebmlNumber(s, off, limit, 4)
	if err != nil {
		return ebmlElement{}, err
	}
	size, sizeLen, err := ebmlNumber(s, off+idLen, limit, 8)
	if err != nil {
		return ebmlElement{}, err
	}
	marker := uint64(1) << (7 * sizeLen)
	e := ebmlElement{id: uint32(id), body: off + idLen + sizeLen, end: limit, sized: true}
	switch size &^= marker; {
	case size == marker-1: // all bits set (section 6.2)
		e.sized = false
	case size > uint64(limit-e.body):
		return e, damaged("EBML: element %#x at %d goes over the end", e.id, off)
	default:
		e.end = e.body + int64(size)
	}
	return e, nil
}

// ebmlNumber reads a number of variable length (RFC 8794, section 4) of up to longest bytes, with its marker bit, and
// tells its length in bytes.
func ebmlNumber(s *source, off, limit int64, longest int) (value uint64, length int64, err error) {
	if off >= limit {
		return 0, 0, damaged("EBML: cut off at %d", off)
	}
	b, err := s.at(off, 1)
	if err != nil {
		return 0, 0, err
	}
	n := bits.LeadingZeros8(b[0]) + 1
	if n > longest || int64(n) > limit-off {
		return 0, 0, damaged("EBML: no number at %d", off)
	}
	if b, err = s.at(off, n); err != nil {
		return 0, 0, err
	}
	for _, c := range b {
		value = value<<8 | uint64(c)
	}
	return value, int64(n), nil
}

// children calls fn for each element of a range, in order.
func children(s *source, off, end int64, fn func(ebmlElement) error) error {
	for off < end {
		e, err := ebmlAt(s, off, end)
		if err != nil {
			return err
		}
		if err := fn(e); err != nil {
			return err
		}
		off = e.end
	}
	return nil
}

// uint reads an unsigned integer of up to 8 bytes.
func (e ebmlElement) uint(s *source) (value uint64, err error) {
	b, err := e.bytes(s, 8)
	for _, c := range b {
		value = value<<8 | uint64(c)
	}
	return value, err
}

// float reads a float of 4 or 8 bytes.
func (e ebmlElement) float(s *source) (float64, error) {
	b, err := e.bytes(s, 8)
	switch {
	case err != nil:
		return 0, err
	case len(b) == 4:
		return float64(math.Float32frombits(binary.BigEndian.Uint32(b))), nil
	case len(b) == 8:
		return math.Float64frombits(binary.BigEndian.Uint64(b)), nil
	}
	return 0, nil
}

// bytes reads the content, which must not be longer than most.
func (e ebmlElement) bytes(s *source, most int64) ([]byte, error) {
	if !e.sized || e.end-e.body > most {
		return nil, damaged("EBML: element %#x is too long", e.id)
	}
	return s.at(e.body, int(e.end-e.body))
}
