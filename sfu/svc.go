package sfu

import (
	"confab/sfu/allocate"
	"confab/sfu/codec"
)

// learn notes which temporal and spatial layers the stream has, and what the latter cost. Called by the uplink.
func (l *layer) learn(m *media) {
	if m.info.Kind == codec.AV1 && m.info.Key && len(m.descriptor) > 0 {
		if s, err := codec.ParseStructure(m.descriptor); err == nil {
			l.structure.Store(&s)
			l.place(m)
			m.info.Heights = s.Heights
		}
	}
	if n := int32(m.info.Temporal) + 1; n > l.temporals.Load() {
		l.temporals.Store(n)
	}
	if m.info.Heights != [codec.MaxSpatial]uint16{} {
		for i, lines := range m.info.Heights {
			l.spatialHeights[i].Store(int32(lines))
		}
	}
	spatial := min(int32(m.info.Spatial), codec.MaxSpatial-1)
	if spatial+1 > l.spatials.Load() {
		l.spatials.Store(spatial + 1)
	}
	l.spatialRates[spatial].add(len(m.Raw), m.arrival)
}

// place finds out which layer a packet of AV1 belongs to. VP8 and VP9 say it in the payload.
func (l *layer) place(m *media) {
	s := l.structure.Load()
	if m.info.Kind != codec.AV1 || s == nil || len(m.descriptor) == 0 {
		return
	}
	if at, ok := s.Layer(m.info.Template); ok {
		m.info.Spatial, m.info.Temporal = at.Spatial, at.Temporal
	}
}

// lines returns the height of the stream's picture, 0 if it is not known. VP8 and H.264 tell it as one, VP9 and AV1 of each
// spatial layer.
func (l *layer) lines() int {
	lines := l.height.Load()
	for i := range l.spatialHeights {
		lines = max(lines, l.spatialHeights[i].Load())
	}
	return int(lines)
}

// spatialOptions describes the spatial layers for allocation. Each needs those below it, so costs add up.
func (l *layer) spatialOptions() []allocate.Layer {
	n := int(l.spatials.Load())
	out := make([]allocate.Layer, n)
	sum := int64(0)
	for i := range out {
		sum += l.spatialRates[i].value.Load()
		out[i] = allocate.Layer{Height: int(l.spatialHeights[i].Load()), BitsPerSec: sum}
	}
	return out
}

// layered tells whether the slot's stream has spatial layers in it, which are then what the choice's layer counts.
func (s *slot) layered() bool {
	return s.current != nil && len(s.current.publication.rids) == 0 && s.current.spatials.Load() > 1
}

// climbs tells whether a choice wants more of the present stream than the one before, in a codec whose decoders can only
// take more up at a key frame. Called with mu held.
func (s *slot) climbs(c allocate.Choice) bool {
	if s.current == nil || s.format == nil {
		return false
	}
	kind := s.format.kind
	if s.layered() && c.Layer > s.choice.Layer {
		return true
	}
	return kind == codec.AV1 && c.Temporal > s.choice.Temporal && s.choice.Temporal < int(s.current.temporals.Load())-1
}

// keeps tells whether a packet belongs to the layers of its stream that are sent. Fewer are sent from the next picture on;
// more from where a decoder can take them up. Called with mu held.
func (s *slot) keeps(m *media) bool {
	i := &m.info
	// A picture is kept or left out as a whole, also where its first packet comes late.
	begins := i.Start && s.stream.Ahead(m.Sequence)
	switch {
	case i.Key:
		s.temporal = uint8(s.choice.Temporal)
	case begins && i.Temporal > s.temporal && i.Sync && int(i.Temporal) <= s.choice.Temporal:
		s.temporal = i.Temporal
	case begins:
		s.temporal = min(s.temporal, uint8(s.choice.Temporal))
	}
	if s.layered() {
		wanted := uint8(max(0, s.choice.Layer))
		switch {
		case i.Key, begins && !i.Predicted && i.Kind == codec.VP9 && i.Spatial == s.spatial+1 && i.Spatial <= wanted:
			s.spatial = max(min(wanted, i.Spatial), s.spatial)
			if i.Key {
				s.spatial = wanted
			}
		case begins && i.Spatial == 0 && wanted < s.spatial:
			s.spatial = wanted
		}
		if i.Spatial > s.spatial {
			s.counters.dropped.Add(1)
			return false
		}
	}
	if i.Temporal > s.temporal {
		s.counters.dropped.Add(1)
		return false
	}
	return true
}

// skip leaves a packet out of the stream. Called with mu held.
func (s *slot) skip(m *media) {
	s.stream.Skip(m.counters(), m.info.Kind == codec.VP8 && len(m.Payload) > 0)
}

// lastKept tells whether a packet ends the picture because the layers after it are left out, so that it has to carry the
// marker. Called with mu held.
func (s *slot) lastKept(m *media) bool {
	return s.layered() && m.info.EndOfFrame && m.info.Spatial == s.spatial
}
