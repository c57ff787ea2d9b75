package codec

import "encoding/binary"

// parseAV1 reads the aggregation header of the AV1 RTP specification (section 4.4: Z, Y, W, N) and, where there is one,
// the mandatory part of the dependency descriptor (its appendix A): first and last packet of a frame, template, frame
// number, and whether a new template structure follows, which only key frames carry.
func parseAV1(b, descriptor []byte) (Info, error) {
	info := Info{Kind: AV1}
	if len(b) < 1 {
		return info, ErrShort
	}
	continues, newSequence := b[0]&0x80 != 0, b[0]&0x08 != 0
	info.Start = !continues
	info.Key = newSequence && !continues
	if len(descriptor) == 0 {
		return info, nil
	}
	d, err := ParseDescriptor(descriptor)
	if err != nil {
		return info, err
	}
	info.Start = d.First
	info.EndOfFrame = d.Last
	info.Key = d.First && d.HasStructure
	return info, nil
}

// Descriptor is the part of a dependency descriptor that every packet has.
type Descriptor struct {
	First, Last  bool // first and last packet of the frame
	Template     uint8
	Frame        uint16
	HasStructure bool
}

// ParseDescriptor reads a dependency descriptor header extension.
func ParseDescriptor(b []byte) (Descriptor, error) {
	if len(b) < 3 {
		return Descriptor{}, ErrShort
	}
	d := Descriptor{
		First:    b[0]&0x80 != 0,
		Last:     b[0]&0x40 != 0,
		Template: b[0] & 0x3F,
		Frame:    binary.BigEndian.Uint16(b[1:]),
	}
	if len(b) > 3 {
		d.HasStructure = b[3]&0x80 != 0
	}
	return d, nil
}
