package media

import (
	"bufio"
	"encoding/binary"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"

	"golang.org/x/image/webp"
)

// MaxPixels bounds width times height of a picture. A file of a few kilobytes can claim 65535 × 65535, which decoded
// would take 16 GB, here and in every browser that shows it; the largest cameras in phones that people use make 50
// million.
const MaxPixels = 64 << 20

// maxSide is more than any format but PNG can say (65,535), and small enough that products cannot overflow.
const maxSide = 1 << 24

func readPNG(s *source, info *Info) error { return readConfig(s, info, png.DecodeConfig) }
func readGIF(s *source, info *Info) error { return readConfig(s, info, gif.DecodeConfig) }
func readWebP(s *source, info *Info) error {
	// The extended header (VP8X) says whether there are several pictures; the decoder takes single ones only.
	if head, err := s.at(0, int(min(s.size, 21))); err == nil && len(head) == 21 && string(head[12:16]) == "VP8X" {
		const animation = 0x02
		info.animated = head[20]&animation != 0
	}
	return readConfig(s, info, webp.DecodeConfig)
}

// readConfig reads the size with the library's own parser, which looks at the header alone.
func readConfig(s *source, info *Info, decode func(io.Reader) (image.Config, error)) error {
	info.orientation = 1
	failing := &failingReader{r: s.reader()}
	config, err := decode(bufio.NewReader(failing))
	if err != nil {
		if failing.err != nil {
			return failing.err
		}
		return damaged("%s: %v", info.Mime, err)
	}
	if config.Width <= 0 || config.Height <= 0 || config.Width > maxSide || config.Height > maxSide {
		return damaged("%s: %d × %d pixels", info.Mime, config.Width, config.Height)
	}
	if int64(config.Width)*int64(config.Height) > MaxPixels {
		return ErrTooManyPixels
	}
	info.Width, info.Height = config.Width, config.Height
	info.bytesPerPixel = 4
	switch config.ColorModel {
	case color.RGBA64Model, color.NRGBA64Model, color.Gray16Model:
		info.bytesPerPixel = 8
	}
	return nil
}

// failingReader remembers what reading failed with, to tell a broken disk from a broken picture: decoders give both as
// errors of their own.
type failingReader struct {
	r   io.Reader
	err error
}

func (f *failingReader) Read(p []byte) (int, error) {
	n, err := f.r.Read(p)
	if err != nil && err != io.EOF {
		f.err = err
	}
	return n, err
}

// readJPEG also looks for how the camera was held and whether the picture is progressive, which takes the decoder
// several times the memory: it keeps the coefficients of all three components, 4 bytes each.
func readJPEG(s *source, info *Info) error {
	if err := readConfig(s, info, jpeg.DecodeConfig); err != nil {
		return err
	}
	for off := int64(2); ; {
		head, err := s.at(off, 4)
		if err != nil {
			return err
		}
		marker, length := head[1], int64(binary.BigEndian.Uint16(head[2:]))
		switch {
		case head[0] != 0xff || marker == 0xff: // padding before a marker
			off++
			continue
		case marker == 0x01 || marker >= 0xd0 && marker <= 0xd8: // markers without content
			off += 2
			continue
		case marker == 0xe1: // APP1: EXIF, or XMP
			segment, err := s.at(off+4, int(max(0, length-2)))
			if err != nil {
				return err
			}
			if o := exifOrientation(segment); o != 0 {
				info.orientation = o
			}
		case marker == 0xc2:
			info.bytesPerPixel = 16
		case marker == 0xda || marker == 0xd9: // the picture itself
			if info.orientation >= 5 { // turned by a quarter
				info.Width, info.Height = info.Height, info.Width
			}
			return nil
		}
		off += 2 + max(length, 2)
	}
}
