package media

import (
	"bytes"
	"errors"
	"path/filepath"
	"testing"
)

// fuzz feeds a parser with mangled recordings. Whatever comes, it must end, in time that is linear in the size, with an
// error that says whose fault it is and a duration that a person can be told.
func fuzz(f *testing.F, patterns ...string) {
	for _, pattern := range patterns {
		names, err := filepath.Glob(filepath.Join("testdata", pattern))
		if err != nil || len(names) == 0 {
			f.Fatalf("no seeds %s: %v", pattern, err)
		}
		for _, name := range names {
			f.Add(sample(f, filepath.Base(name)))
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		c := &countingReader{r: bytes.NewReader(b)}
		info, err := Inspect(c, int64(len(b)))
		if err != nil && !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrTooManyPixels) && !errors.Is(err, ErrEmpty) {
			t.Errorf("%v", err)
		}
		if most := 2*int64(len(b)) + 16*windowSize; c.read > 2*most {
			t.Errorf("%d bytes were read of a file of %d", c.read, len(b))
		}
		if info.Duration < 0 || info.Duration > maxDuration || info.Width < 0 || info.Height < 0 ||
			info.Kind == Image && info.Width*info.Height > MaxPixels {
			t.Errorf("%+v", info)
		}
		if err == nil && info.IsVoice() && info.Duration == 0 {
			t.Errorf("a voice message of no length: %+v", info)
		}
		if again, _ := Inspect(bytes.NewReader(b), int64(len(b))); again != info {
			t.Errorf("%+v, and then %+v", info, again)
		}
	})
}

func FuzzOgg(f *testing.F)      { fuzz(f, "*.ogg") }
func FuzzMatroska(f *testing.F) { fuzz(f, "*.webm", "*.mka") }
func FuzzMP4(f *testing.F)      { fuzz(f, "*.m4a", "*.mp4", "*.mov") }
func FuzzMP3(f *testing.F)      { fuzz(f, "*.mp3") }
func FuzzWAV(f *testing.F)      { fuzz(f, "*.wav") }
func FuzzPicture(f *testing.F)  { fuzz(f, "*.png", "*.jpg", "*.webp", "*.gif") }

func FuzzWaveform(f *testing.F) {
	f.Add(tone())
	f.Fuzz(func(t *testing.T, b []byte) {
		if w, err := Waveform(bytes.NewReader(b), int64(len(b)), 64); err != nil && !errors.Is(err, ErrDamaged) || len(w) > 64 {
			t.Errorf("%d samples, %v", len(w), err)
		}
	})
}

func FuzzExif(f *testing.F) {
	f.Add([]byte("Exif\x00\x00II*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\x01\x00\x00\x00\x06\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if o := exifOrientation(b); o < 0 || o > 8 {
			t.Errorf("orientation %d", o)
		}
	})
}

func FuzzThumbnail(f *testing.F) {
	for _, file := range []string{"still.png", "alpha.png", "still.jpg", "lossy.webp", "lossless.webp", "animated.gif"} {
		f.Add(sample(f, file))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		info, err := inspect(b)
		if err != nil || info.Width*info.Height > 1<<20 { // the large ones are slow, not different
			return
		}
		thumb, err := Thumbnail(bytes.NewReader(b), int64(len(b)), info, 32)
		switch {
		case errors.Is(err, ErrDamaged), errors.Is(err, ErrUnsupported):
		case err != nil:
			t.Error(err)
		case thumb.Width > 32 || thumb.Height > 32 || thumb.Width < 1 || thumb.Height < 1:
			t.Errorf("%d × %d pixels", thumb.Width, thumb.Height)
		}
	})
}
