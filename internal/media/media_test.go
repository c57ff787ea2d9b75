package media

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

func sample(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func inspect(b []byte) (Info, error)      { return Inspect(bytes.NewReader(b), int64(len(b))) }
func inspectVoice(b []byte) (Info, error) { return InspectVoice(bytes.NewReader(b), int64(len(b))) }

// voices are the recordings of testdata that may be voice messages, with what ffprobe says of their length.
var voices = []struct {
	file  string
	mime  string
	codec string
	long  time.Duration
	whole bool // its header tells its size, so that any cut shows
}{
	{"opus.ogg", "audio/ogg", "opus", 1500 * time.Millisecond, false},
	{"opus.webm", "audio/webm", "opus", 1508 * time.Millisecond, true},
	{"chromium.webm", "audio/webm", "opus", 1502 * time.Millisecond, false},
	{"chromium-paused.webm", "audio/webm", "opus", 1984 * time.Millisecond, false},
	{"aac.m4a", "audio/mp4", "aac", 1500 * time.Millisecond, true},
	{"aac-faststart.m4a", "audio/mp4", "aac", 1500 * time.Millisecond, true},
	{"fragmented.m4a", "audio/mp4", "aac", 1521 * time.Millisecond, false},
	{"cbr.mp3", "audio/mpeg", "mp3", 1536 * time.Millisecond, true},
	{"cbr-plain.mp3", "audio/mpeg", "mp3", 1536 * time.Millisecond, false},
	{"vbr.mp3", "audio/mpeg", "mp3", 1536 * time.Millisecond, true},
	{"vbr-plain.mp3", "audio/mpeg", "mp3", 1536 * time.Millisecond, false},
	{"mpeg2.mp3", "audio/mpeg", "mp3", 1584 * time.Millisecond, true},
	{"pcm16.wav", "audio/wav", "pcm", 1500 * time.Millisecond, true},
	{"pcm8.wav", "audio/wav", "pcm", 1500 * time.Millisecond, true},
	{"pcm24.wav", "audio/wav", "pcm", 1500 * time.Millisecond, true},
	{"float32.wav", "audio/wav", "pcm", 1500 * time.Millisecond, true},
	{"alaw.wav", "audio/wav", "pcm", 1500 * time.Millisecond, true},
	{"piped.wav", "audio/wav", "pcm", 1500 * time.Millisecond, false},
}

func TestVoiceRecordings(t *testing.T) {
	t.Parallel()
	for _, c := range voices {
		t.Run(c.file, func(t *testing.T) {
			t.Parallel()
			info, err := inspectVoice(sample(t, c.file))
			if err != nil {
				t.Fatal(err)
			}
			if info.Mime != c.mime || info.Codec != c.codec || info.Kind != Audio {
				t.Errorf("taken for %s with %q, kind %d", info.Mime, info.Codec, info.Kind)
			}
			if (info.Duration - c.long).Abs() > 2*time.Millisecond {
				t.Errorf("plays %v, want %v", info.Duration, c.long)
			}
		})
	}
}

func TestWhatIsNoVoiceMessageIsUnsupported(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"vorbis.ogg", "opus.mka", "opus.mp4", "alac.m4a", "layer2.mp2", "adts.aac", "adpcm.wav",
		"video.mp4", "video.webm", "video.mov", "chromium-video.webm", "still.png", "still.jpg", "animated.gif", "record.mjs"} {
		if info, err := inspectVoice(sample(t, file)); !errors.Is(err, ErrUnsupported) {
			t.Errorf("%s: %+v, %v", file, info, err)
		}
	}
	for name, content := range map[string]string{
		"a page":  "<html><audio src=x></html>",
		"a trap":  "\xff\xfb\x90\x64 not a frame at all",
		"zeros":   strings.Repeat("\x00", 5000),
		"one ff":  "\xff",
		"a claim": "OggS",
	} {
		if info, err := inspectVoice([]byte(content)); !errors.Is(err, ErrUnsupported) && !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %+v, %v", name, info, err)
		}
	}
}

// A cut recording is refused, or, where the container has no means to tell, is shorter than the whole one.
func TestRecordingsCutOffAnywhere(t *testing.T) {
	t.Parallel()
	for _, c := range voices {
		t.Run(c.file, func(t *testing.T) {
			t.Parallel()
			whole := sample(t, c.file)
			refused := 0
			for n := 1; n < len(whole); n += 1 + n/200 {
				info, err := inspectVoice(whole[:n])
				switch {
				case errors.Is(err, ErrDamaged), errors.Is(err, ErrUnsupported) && n < 400: // too little to know it by
					refused++
				case err != nil:
					t.Fatalf("%d of %d bytes: %v", n, len(whole), err)
				case c.whole:
					t.Fatalf("%d of %d bytes are taken for a whole recording of %v", n, len(whole), info.Duration)
				case info.Duration <= 0 || info.Duration > c.long+2*time.Millisecond:
					t.Fatalf("%d of %d bytes play %v", n, len(whole), info.Duration)
				}
			}
			if refused == 0 {
				t.Error("no cut was noticed")
			}
		})
	}
}

func TestADamagedPageOfOggIsNoticed(t *testing.T) {
	t.Parallel()
	b := sample(t, "opus.ogg")
	b[len(b)-100] ^= 1
	if _, err := inspectVoice(b); !errors.Is(err, ErrDamaged) {
		t.Errorf("got %v", err)
	}
}

func TestAnEmptyFile(t *testing.T) {
	t.Parallel()
	for _, look := range []func([]byte) (Info, error){inspect, inspectVoice} {
		if _, err := look(nil); !errors.Is(err, ErrEmpty) {
			t.Errorf("got %v", err)
		}
	}
}

func TestChainedOggPlaysAllOfItsLinks(t *testing.T) {
	t.Parallel()
	one := sample(t, "opus.ogg")
	info, err := inspectVoice(append(bytes.Clone(one), one...))
	if err != nil || (info.Duration-3*time.Second).Abs() > 4*time.Millisecond {
		t.Errorf("plays %v, %v", info.Duration, err)
	}
}

func TestVideos(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		file, mime string
		w, h       int
		long       time.Duration
	}{
		{"video.mp4", "video/mp4", 64, 48, 1500 * time.Millisecond},
		{"rotated.mp4", "video/mp4", 48, 64, 1500 * time.Millisecond},
		{"video.mov", "video/quicktime", 64, 48, time.Second},
		{"video.webm", "video/webm", 64, 48, time.Second},
		{"chromium-video.webm", "video/webm", 64, 48, 1441 * time.Millisecond},
	} {
		info, err := inspect(sample(t, c.file))
		if err != nil {
			t.Errorf("%s: %v", c.file, err)
			continue
		}
		if info.Mime != c.mime || info.Kind != Video || info.Width != c.w || info.Height != c.h {
			t.Errorf("%s: %+v", c.file, info)
		}
		if (info.Duration - c.long).Abs() > 2*time.Millisecond {
			t.Errorf("%s: plays %v", c.file, info.Duration)
		}
	}
}

func TestOtherFilesAreToldByContent(t *testing.T) {
	t.Parallel()
	for content, want := range map[string]string{
		"%PDF-1.7\n…":                              "application/pdf",
		"PK\x03\x04\x14\x00":                       "application/zip",
		"\x1f\x8b\x08\x00\x00":                     "application/gzip",
		"Привет, мир\n":                            "text/plain; charset=utf-8",
		"<script>alert(1)</script>":                "text/plain; charset=utf-8",
		"<svg onload='alert(1)'></svg>":            "text/plain; charset=utf-8",
		"half a letter \xd0":                       "text/plain; charset=utf-8",
		"a NUL \x00":                               OctetStream,
		"latin-1: caf\xe9 au lait":                 OctetStream,
		"MZ\x90\x00":                               OctetStream,
		"\x00\x00\x00\x1cftypheic\x00\x00\x00\x00": "image/heic",
	} {
		if info, err := inspect([]byte(content)); err != nil || info.Mime != want || info.Kind != File {
			t.Errorf("%q: %+v, %v", content, info, err)
		}
	}
	for file, want := range map[string]string{"still.avif": "image/avif", "opus.mka": "audio/x-matroska", "adts.aac": OctetStream,
		"vorbis.ogg": "audio/ogg", "alac.m4a": "audio/mp4"} {
		if info, err := inspect(sample(t, file)); err != nil || info.Mime != want {
			t.Errorf("%s: %+v, %v", file, info, err)
		}
	}
}

// countingReader counts what is read.
type countingReader struct {
	r    io.ReaderAt
	read int64
}

func (c *countingReader) ReadAt(p []byte, off int64) (int, error) {
	n, err := c.r.ReadAt(p, off)
	c.read += int64(n)
	return n, err
}

func TestTheHeadOfALongFileIsEnough(t *testing.T) {
	t.Parallel()
	// An hour of silence in a WAV, and a WebM whose header tells its length, before tens of megabytes.
	wav := append(sample(t, "pcm16.wav"), make([]byte, 30<<20)...)
	copy(wav[len(sample(t, "pcm16.wav"))-6000-4:], []byte{0xff, 0xff, 0xff, 0xff})
	c := &countingReader{r: bytes.NewReader(wav)}
	info, err := Inspect(c, int64(len(wav)))
	if err != nil || info.Duration < time.Hour {
		t.Fatalf("%+v, %v", info, err)
	}
	if c.read > 2*windowSize {
		t.Errorf("%d bytes were read", c.read)
	}
}

func TestABrokenDiskIsNoDamagedFile(t *testing.T) {
	t.Parallel()
	broken := errors.New("input/output error")
	for _, c := range voices {
		whole := sample(t, c.file)
		r := &failingAt{bytes.NewReader(whole), broken}
		if _, err := InspectVoice(r, int64(len(whole))); !errors.Is(err, broken) || errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v", c.file, err)
		}
	}
	if _, err := (&failingReader{r: iotest.ErrReader(broken)}).Read(make([]byte, 1)); err != broken {
		t.Error(err)
	}
}

// failingAt is a disk that cannot be read.
type failingAt struct {
	io.ReaderAt
	err error
}

func (f *failingAt) ReadAt([]byte, int64) (int, error) { return 0, f.err }
