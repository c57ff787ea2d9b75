package codec

import "encoding/binary"

// parseAV1 reads the aggregation header of the AV1 RTP specification (section 4.4: Z, Y, W, N) and, where there is one,
// the dependency descriptor, which alone tells layers and frame numbers.
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
	info.Picture.ID = d.Frame
	info.Template = d.Template
	return info, nil
}

// Descriptor is the part of a dependency descriptor that every packet has (appendix A.8 of the AV1 RTP specification).
type Descriptor struct {
	First, Last  bool // first and last packet of the frame
	Template     uint8
	Frame        uint16
	HasStructure bool // a structure follows, which only key frames carry
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

// RenumberDescriptor overwrites the frame number in a copy of a descriptor.
func RenumberDescriptor(b []byte, frame uint16) {
	binary.BigEndian.PutUint16(b[1:], frame)
}

// Structure tells which layer each template of a stream belongs to. Descriptors of later frames refer to the structure of
// the key frame before them.
type Structure struct {
	// Heights are the lines of each spatial layer's picture; 0 if they are not told.
	Heights [MaxSpatial]uint16

	offset uint8
	layers []Layer
}

// Layer is a pair of indices; zero is the base.
type Layer struct {
	Spatial, Temporal uint8
}

// ParseStructure reads a structure: its templates' layers and the pictures' sizes. The descriptor must have one.
func ParseStructure(b []byte) (Structure, error) {
	r := bitReader{b: b}
	r.read(24) // what ParseDescriptor reads
	if r.read(1) == 0 {
		return Structure{}, ErrShort
	}
	r.read(4) // active decode targets, custom dependencies, flags and chains
	s := Structure{offset: uint8(r.read(6))}
	targets := int(r.read(5)) + 1
	const most = 64
	var at Layer
	for len(s.layers) < most {
		s.layers = append(s.layers, at)
		switch r.read(2) {
		case 0: // same layer
		case 1:
			at.Temporal++
		case 2:
			at.Temporal = 0
			at.Spatial++
		case 3:
			if r.failed {
				return Structure{}, ErrShort
			}
			s.readSizes(&r, targets)
			return s, nil
		}
		if r.failed {
			return Structure{}, ErrShort
		}
	}
	return Structure{}, ErrShort
}

// readSizes goes on behind the templates' layers, over what each template means to each decode target and refers to, to the
// sizes. What is cut short there has told the layers all the same.
func (s *Structure) readSizes(r *bitReader, targets int) {
	r.read(2 * targets * len(s.layers)) // decode target indications
	for range s.layers {
		for r.read(1) == 1 && !r.failed { // another reference
			r.read(4)
		}
	}
	if chains := r.nonSymmetric(uint32(targets) + 1); chains > 0 && !r.failed {
		for range targets {
			r.nonSymmetric(chains)
		}
		r.read(4 * int(chains) * len(s.layers))
	}
	if r.read(1) == 0 || r.failed {
		return
	}
	var heights [MaxSpatial]uint16
	spatial, _ := s.Top()
	for i := range min(spatial, MaxSpatial) {
		r.read(16) // width less one
		heights[i] = uint16(min(r.read(16)+1, 0xFFFF))
	}
	if !r.failed {
		s.Heights = heights
	}
}

// Layer returns the layer of a template; it is false for templates that the structure does not have.
func (s Structure) Layer(template uint8) (Layer, bool) {
	i := int(template-s.offset) & 0x3F
	if i >= len(s.layers) {
		return Layer{}, false
	}
	return s.layers[i], true
}

// Top returns the number of spatial and temporal layers.
func (s Structure) Top() (spatial, temporal int) {
	for _, l := range s.layers {
		spatial, temporal = max(spatial, int(l.Spatial)+1), max(temporal, int(l.Temporal)+1)
	}
	return spatial, temporal
}
