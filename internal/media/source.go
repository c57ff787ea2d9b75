package media

import (
	"encoding/binary"
	"errors"
	"io"
)

// windowSize holds the largest thing that a parser looks at in one piece: an Ogg page (65,307 bytes) or a JPEG segment.
const windowSize = 66 << 10

// source reads a file through one window, for one parser.
type source struct {
	r      io.ReaderAt
	size   int64
	start  int64  // where the window stands
	window []byte // what is in it
	buffer []byte

	// budget is how many more bytes may be read. Parsers go forward with short looks back, so that reading the file
	// twice is more than any of them needs; a file made to send them back and forth ends here.
	budget int64
}

func newSource(r io.ReaderAt, size int64) *source {
	return &source{r: r, size: size, buffer: make([]byte, min(size, windowSize)), budget: 2*size + 16*windowSize}
}

// at gives n bytes from off, valid until the next call. Bytes that the file does not have are ErrDamaged.
func (s *source) at(off int64, n int) ([]byte, error) {
	if off < 0 || n < 0 || n > windowSize || off > s.size || int64(n) > s.size-off {
		return nil, damaged("%d bytes wanted at %d of %d", n, off, s.size)
	}
	if from := off - s.start; from >= 0 && from+int64(n) <= int64(len(s.window)) {
		return s.window[from : from+int64(n)], nil
	}
	want := s.buffer[:min(s.size-off, int64(len(s.buffer)))]
	if s.budget -= int64(len(want)); s.budget < 0 {
		return nil, damaged("its parts refer to each other without end")
	}
	s.window = nil
	read, err := s.r.ReadAt(want, off)
	if read < len(want) {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF // the file is shorter than we were told: not the file's fault
		}
		return nil, err
	}
	s.start, s.window = off, want
	return want[:n], nil
}

// reader gives the whole file as a stream, for decoders of the library.
func (s *source) reader() *io.SectionReader { return io.NewSectionReader(s.r, 0, s.size) }

func (s *source) be32(off int64) (uint32, error) {
	b, err := s.at(off, 4)
	if err != nil {
		return 0, err
	}
	return binary.BigEndian.Uint32(b), nil
}

func (s *source) be64(off int64) (uint64, error) {
	b, err := s.at(off, 8)
	if err != nil {
		return 0, err
	}
	return binary.BigEndian.Uint64(b), nil
}
