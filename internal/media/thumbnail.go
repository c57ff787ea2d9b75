package media

import (
	"bufio"
	"bytes"
	"fmt"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"

	"golang.org/x/image/draw"
	"golang.org/x/image/webp"
)

// Thumb is a small picture, upright, without metadata.
type Thumb struct {
	Bytes         []byte
	Mime          string // image/jpeg, or image/png for pictures that one can see through
	Width, Height int
}

// MaxDecode bounds the memory, in bytes, that decoding one picture may take: enough for MaxPixels of 32 bits. The few
// that need more (deep or progressive ones of tens of megapixels) are shown without a thumbnail.
const MaxDecode = 4 * MaxPixels

// thumbQuality is where JPEG's artefacts cannot be seen at the size of a thumbnail.
const thumbQuality = 80

// Thumbnail makes a picture of at most side pixels in either direction. info is what Inspect said of the same bytes.
// The errors are ErrUnsupported for what is no picture or takes too much memory, ErrDamaged where the picture is not
// whole, and what r failed with. It takes up to MaxDecode bytes of memory and a second of one processor, so callers
// run one or two at a time.
func Thumbnail(r io.ReaderAt, size int64, info Info, side int) (Thumb, error) {
	decode := map[string]func(io.Reader) (image.Image, error){
		"image/png": png.Decode, "image/jpeg": jpeg.Decode, "image/gif": gif.Decode, "image/webp": webp.Decode,
	}[info.Mime]
	pixels := int64(info.Width) * int64(info.Height)
	if decode == nil || info.animated || pixels == 0 || pixels*int64(info.bytesPerPixel) > MaxDecode {
		return Thumb{}, ErrUnsupported
	}
	failing := &failingReader{r: io.NewSectionReader(r, 0, size)}
	whole, err := decode(bufio.NewReader(failing))
	if failing.err != nil {
		return Thumb{}, failing.err
	}
	if err != nil {
		return Thumb{}, damaged("%s: %v", info.Mime, err)
	}
	return encodeThumb(upright(shrink(whole, side), info.orientation))
}

// shrink scales to fit a square of side pixels; smaller pictures keep their size.
func shrink(whole image.Image, side int) *image.NRGBA {
	from := whole.Bounds()
	w, h := from.Dx(), from.Dy()
	if longest := max(w, h); longest > side {
		w, h = max(1, w*side/longest), max(1, h*side/longest)
	}
	small := image.NewNRGBA(image.Rect(0, 0, w, h))
	// BiLinear weighs all pixels under a target pixel when it shrinks, so that fine lines do not flicker.
	draw.BiLinear.Scale(small, small.Bounds(), whole, from, draw.Src, nil)
	return small
}

// upright applies an EXIF orientation.
func upright(p *image.NRGBA, orientation int) *image.NRGBA {
	if orientation <= 1 {
		return p
	}
	w, h := p.Bounds().Dx(), p.Bounds().Dy()
	// source tells which pixel shows at x, y of the upright picture.
	source := []func(x, y int) (int, int){
		2: func(x, y int) (int, int) { return w - 1 - x, y },
		3: func(x, y int) (int, int) { return w - 1 - x, h - 1 - y },
		4: func(x, y int) (int, int) { return x, h - 1 - y },
		5: func(x, y int) (int, int) { return y, x },
		6: func(x, y int) (int, int) { return y, h - 1 - x },
		7: func(x, y int) (int, int) { return w - 1 - y, h - 1 - x },
		8: func(x, y int) (int, int) { return w - 1 - y, x },
	}[orientation]
	turned := image.NewNRGBA(image.Rect(0, 0, w, h))
	if orientation >= 5 {
		turned = image.NewNRGBA(image.Rect(0, 0, h, w))
	}
	for y := range turned.Bounds().Dy() {
		for x := range turned.Bounds().Dx() {
			sx, sy := source(x, y)
			turned.SetNRGBA(x, y, p.NRGBAAt(sx, sy))
		}
	}
	return turned
}

func encodeThumb(p *image.NRGBA) (Thumb, error) {
	t := Thumb{Mime: "image/jpeg", Width: p.Bounds().Dx(), Height: p.Bounds().Dy()}
	var b bytes.Buffer
	var err error
	if p.Opaque() {
		err = jpeg.Encode(&b, p, &jpeg.Options{Quality: thumbQuality})
	} else {
		t.Mime = "image/png"
		err = png.Encode(&b, p)
	}
	if err != nil {
		return Thumb{}, fmt.Errorf("encode thumbnail: %w", err)
	}
	t.Bytes = b.Bytes()
	return t, nil
}
