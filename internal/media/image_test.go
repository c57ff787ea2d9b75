package media

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"testing"
)

func TestPictures(t *testing.T) {
	t.Parallel()
	for file, mime := range map[string]string{"still.png": "image/png", "alpha.png": "image/png", "still.jpg": "image/jpeg",
		"lossy.webp": "image/webp", "lossless.webp": "image/webp", "animated.webp": "image/webp", "animated.gif": "image/gif"} {
		info, err := inspect(sample(t, file))
		if err != nil || info.Mime != mime || info.Kind != Image || info.Width != 64 || info.Height != 48 {
			t.Errorf("%s: %+v, %v", file, info, err)
		}
	}
}

// withExif puts an APP1 segment that tells an orientation into a JPEG.
func withExif(picture []byte, order binary.AppendByteOrder, orientation uint16) []byte {
	tiff := []byte("II*\x00")
	if order.String() == "BigEndian" {
		tiff = []byte("MM\x00*")
	}
	tiff = order.AppendUint32(tiff, 8)
	tiff = order.AppendUint16(tiff, 2)
	for _, entry := range [][2]uint16{{0x010f, 1}, {0x0112, orientation}} {
		tiff = order.AppendUint16(tiff, entry[0])
		tiff = order.AppendUint16(tiff, 3)
		tiff = order.AppendUint32(tiff, 1)
		tiff = order.AppendUint16(tiff, entry[1])
		tiff = order.AppendUint16(tiff, 0)
	}
	segment := append([]byte("Exif\x00\x00"), tiff...)
	b := append([]byte{}, picture[:2]...)
	b = append(b, 0xff, 0xe1)
	b = binary.BigEndian.AppendUint16(b, uint16(len(segment)+2))
	return append(append(b, segment...), picture[2:]...)
}

// corners is 160 × 80 pixels with red, green, blue and white in its corners, clockwise from the left upper one.
func corners(t *testing.T) []byte {
	t.Helper()
	p := image.NewRGBA(image.Rect(0, 0, 160, 80))
	for y := range 80 {
		for x := range 160 {
			p.Set(x, y, [][]color.RGBA{{red, green}, {white, blue}}[y/40][x/80])
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, p, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

var (
	red   = color.RGBA{255, 0, 0, 255}
	green = color.RGBA{0, 255, 0, 255}
	blue  = color.RGBA{0, 0, 255, 255}
	white = color.RGBA{255, 255, 255, 255}
)

// nearest names the corner's colour.
func nearest(c color.Color) color.RGBA {
	best, distance := red, uint32(1<<31)
	for _, candidate := range []color.RGBA{red, green, blue, white} {
		r, g, b, _ := c.RGBA()
		cr, cg, cb, _ := candidate.RGBA()
		d := uint32(0)
		for _, pair := range [][2]uint32{{r, cr}, {g, cg}, {b, cb}} {
			d += max(pair[0], pair[1]) - min(pair[0], pair[1])
		}
		if d < distance {
			best, distance = candidate, d
		}
	}
	return best
}

// What each orientation shows, clockwise from the left upper corner: the picture as stored has its row 0 and column 0
// at the sides that the EXIF standard names.
func TestThumbnailsStandUpright(t *testing.T) {
	t.Parallel()
	for orientation, want := range map[uint16][4]color.RGBA{
		1: {red, green, blue, white},
		2: {green, red, white, blue},
		3: {blue, white, red, green},
		4: {white, blue, green, red},
		5: {red, white, blue, green},
		6: {white, red, green, blue},
		7: {blue, green, red, white},
		8: {green, blue, white, red},
	} {
		order := binary.AppendByteOrder(binary.LittleEndian)
		if orientation%2 == 0 {
			order = binary.BigEndian
		}
		b := withExif(corners(t), order, orientation)
		info, err := inspect(b)
		if err != nil {
			t.Fatal(err)
		}
		w, h := 160, 80
		if orientation >= 5 {
			w, h = h, w
		}
		if info.Width != w || info.Height != h {
			t.Errorf("orientation %d shows %d × %d pixels", orientation, info.Width, info.Height)
		}
		thumb, err := Thumbnail(bytes.NewReader(b), int64(len(b)), info, 80)
		if err != nil {
			t.Fatal(err)
		}
		p, err := jpeg.Decode(bytes.NewReader(thumb.Bytes))
		if err != nil {
			t.Fatal(err)
		}
		if p.Bounds().Dx() != w/2 || p.Bounds().Dy() != h/2 || thumb.Width != w/2 || thumb.Height != h/2 {
			t.Errorf("orientation %d: the thumbnail has %v", orientation, p.Bounds())
		}
		right, bottom := w/2-5, h/2-5
		got := [4]color.RGBA{nearest(p.At(5, 5)), nearest(p.At(right, 5)), nearest(p.At(right, bottom)), nearest(p.At(5, bottom))}
		if got != want {
			t.Errorf("orientation %d shows %v", orientation, got)
		}
	}
}

func TestThumbnailsOfEveryFormat(t *testing.T) {
	t.Parallel()
	for file, mime := range map[string]string{"still.png": "image/jpeg", "alpha.png": "image/png", "still.jpg": "image/jpeg",
		"lossy.webp": "image/jpeg", "lossless.webp": "image/jpeg", "animated.gif": "image/jpeg"} {
		b := sample(t, file)
		info, err := inspect(b)
		if err != nil {
			t.Fatal(err)
		}
		thumb, err := Thumbnail(bytes.NewReader(b), int64(len(b)), info, 32)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		small, err := inspect(thumb.Bytes)
		if err != nil || small.Mime != mime || thumb.Mime != mime || small.Width != 32 || small.Height != 24 {
			t.Errorf("%s: the thumbnail is %+v (%s), %v", file, small, thumb.Mime, err)
		}
	}
	for _, file := range []string{"animated.webp", "video.mp4", "record.mjs"} {
		b := sample(t, file)
		info, err := inspect(b)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Thumbnail(bytes.NewReader(b), int64(len(b)), info, 32); !errors.Is(err, ErrUnsupported) {
			t.Errorf("%s: %v", file, err)
		}
	}
}

func TestACutPictureHasNoThumbnail(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"still.png", "lossy.webp", "animated.gif"} {
		b := sample(t, file)
		b = b[:len(b)*2/5]
		info, err := inspect(b)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if _, err := Thumbnail(bytes.NewReader(b), int64(len(b)), info, 32); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v", file, err)
		}
	}
	jpg := sample(t, "still.jpg")
	if info, err := inspect(jpg[:150]); !errors.Is(err, ErrDamaged) || info.Mime != "image/jpeg" {
		t.Errorf("a JPEG cut in its header: %+v, %v", info, err)
	}
}

// bomb makes a PNG of w × h white pixels, one bit each: a few kilobytes for any size.
func bomb(t *testing.T, w, h int) []byte {
	t.Helper()
	var b bytes.Buffer
	b.WriteString("\x89PNG\r\n\x1a\n")
	chunk := func(kind string, body []byte) {
		binary.Write(&b, binary.BigEndian, uint32(len(body)))
		all := append([]byte(kind), body...)
		b.Write(all)
		binary.Write(&b, binary.BigEndian, crc32.ChecksumIEEE(all))
	}
	header := binary.BigEndian.AppendUint32(nil, uint32(w))
	header = binary.BigEndian.AppendUint32(header, uint32(h))
	chunk("IHDR", append(header, 1, 0, 0, 0, 0))
	var packed bytes.Buffer
	z := zlib.NewWriter(&packed)
	row := make([]byte, 1+(w+7)/8)
	for range h {
		z.Write(row)
	}
	z.Close()
	chunk("IDAT", packed.Bytes())
	chunk("IEND", nil)
	return b.Bytes()
}

func TestAPictureThatUnpacksToGigabytes(t *testing.T) {
	t.Parallel()
	b := bomb(t, 30_000, 30_000)
	if len(b) > 200_000 {
		t.Fatalf("no bomb: %d bytes", len(b))
	}
	if info, err := inspect(b); !errors.Is(err, ErrTooManyPixels) || info.Mime != "image/png" {
		t.Errorf("%+v, %v", info, err)
	}
	for name, side := range map[string][2]int{"the longest": {1<<31 - 1, 1<<31 - 1}, "a line": {MaxPixels + 1, 1}, "one over": {8193, 8192}} {
		header := bomb(t, 1, 1)
		binary.BigEndian.PutUint32(header[16:], uint32(side[0]))
		binary.BigEndian.PutUint32(header[20:], uint32(side[1]))
		binary.BigEndian.PutUint32(header[29:], crc32.ChecksumIEEE(header[12:29]))
		if info, err := inspect(header); err == nil {
			t.Errorf("%s: %+v", name, info)
		}
	}
}

func TestPicturesThatTakeTooMuchMemoryHaveNoThumbnail(t *testing.T) {
	t.Parallel()
	info := Info{Mime: "image/jpeg", Kind: Image, Width: 8000, Height: 6000, bytesPerPixel: 16}
	if _, err := Thumbnail(bytes.NewReader(nil), 0, info, 320); !errors.Is(err, ErrUnsupported) {
		t.Errorf("a progressive JPEG of 48 million pixels: %v", err)
	}
	deep := image.NewNRGBA64(image.Rect(0, 0, 4, 4))
	var b bytes.Buffer
	if err := png.Encode(&b, deep); err != nil {
		t.Fatal(err)
	}
	if info, err := inspect(b.Bytes()); err != nil || info.bytesPerPixel != 8 {
		t.Errorf("16 bits a colour: %+v, %v", info, err)
	}
}

func BenchmarkThumbnail(b *testing.B) {
	p := image.NewNRGBA(image.Rect(0, 0, 4000, 3000))
	for i := range p.Pix {
		p.Pix[i] = byte(i * 7)
	}
	var photo bytes.Buffer
	if err := jpeg.Encode(&photo, p, nil); err != nil {
		b.Fatal(err)
	}
	info, err := inspect(photo.Bytes())
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Thumbnail(bytes.NewReader(photo.Bytes()), int64(photo.Len()), info, 320); err != nil && err != io.EOF {
			b.Fatal(err)
		}
	}
}
