package attach_test

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"confab/internal/attach"
	"confab/internal/enginetest"
	"confab/internal/fault"
	"confab/store"
)

func TestAnUploadIsDescribedByItsContent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, attach.Config{})
	owner := w.user()
	for _, c := range []struct {
		file, name, mime string
		width, height    int
		duration         int64
	}{
		{"still.png", "holiday.exe", "image/png", 64, 48, 0},
		{"video.mp4", "clip.png", "video/mp4", 64, 48, 1500},
		{"opus.ogg", "note.txt", "audio/ogg", 0, 0, 1500},
		{"make.sh", "innocent.jpg", "text/plain; charset=utf-8", 0, 0, 0},
	} {
		content := recording(t, c.file)
		a := w.upload(owner, c.name, content)
		if a.Name != c.name || a.Mime != c.mime || a.Size != int64(len(content)) || a.Width != c.width || a.Height != c.height ||
			a.DurationMs != c.duration || a.OwnerID != owner || a.MessageID != "" {
			t.Errorf("%s: %+v", c.file, a)
		}
		got, f, err := w.read(attach.Request{ID: a.ID, Actor: owner})
		if err != nil || !bytes.Equal(got, content) || f.Mime != c.mime {
			t.Errorf("%s: read back %d bytes as %+v, %v", c.file, len(got), f, err)
		}
		if want := c.mime != "text/plain; charset=utf-8"; f.Inline != want {
			t.Errorf("%s: inline is %v", c.file, f.Inline)
		}
	}
}

func TestRefusedUploadsLeaveNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, attach.Config{MaxFile: 1000, MaxVoice: 500, Quota: 1500})
	owner := w.user()
	for _, c := range []struct {
		name     string
		content  io.Reader
		declared int64
		kind     fault.Kind
		code     string
	}{
		{"empty", strings.NewReader(""), 0, fault.Invalid, "empty_file"},
		{"announced too large", strings.NewReader("x"), 1001, fault.TooLarge, "too_large"},
		{"too large", bytes.NewReader(make([]byte, 1001)), -1, fault.TooLarge, "too_large"},
		{"shorter than announced", strings.NewReader("half"), 8, fault.BadRequest, "upload_cut_off"},
		{"longer than announced", strings.NewReader("twice"), 2, fault.BadRequest, "upload_cut_off"},
		{"cut off", io.MultiReader(strings.NewReader("half"), iotest.ErrReader(io.ErrUnexpectedEOF)), 8, fault.BadRequest, "upload_cut_off"},
		{"refused on the way", iotest.ErrReader(fmt.Errorf("a part: %w", fault.New(fault.TooLarge, "too_large", "x"))), -1, fault.TooLarge, "too_large"},
		{"a bomb", bytes.NewReader(bomb), -1, fault.Invalid, "too_many_pixels"},
	} {
		_, err := w.take(owner, attach.ForMessage, "f", c.content, c.declared)
		w.refused(c.name, err, c.kind, c.code)
	}
	if left := w.files(); len(left) != 0 || w.bytesOf(owner) != 0 {
		t.Errorf("left behind: %v, %d bytes", left, w.bytesOf(owner))
	}
	w.upload(owner, "the largest", make([]byte, 1000))
}

// bomb is the beginning of a PNG that claims 60,000 × 60,000 pixels.
var bomb = []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\xea\x60\x00\x00\xea\x60\x01\x00\x00\x00\x00\xa8\xa9\x48\xef\x00\x00\x00\x00IDAT\x35\xaf\x06\x1e")

func TestTheQuotaCountsWhatIsKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t, attach.Config{MaxFile: 1000, Quota: 1500})
	owner, other := w.user(), w.user()
	w.upload(owner, "first", make([]byte, 1000))
	for name, c := range map[string]struct {
		size     int
		declared int64
	}{"announced": {501, 501}, "not announced": {501, -1}} {
		_, err := w.take(owner, attach.ForMessage, "f", bytes.NewReader(make([]byte, c.size)), c.declared)
		w.refused(name, err, fault.TooLarge, "quota_exceeded")
	}
	w.upload(owner, "the rest", make([]byte, 500))
	_, err := w.take(owner, attach.ForMessage, "f", strings.NewReader("x"), -1)
	w.refused("nothing left", err, fault.TooLarge, "quota_exceeded")
	w.upload(other, "another person's", make([]byte, 1000))
}

func TestUploadsAtTheSameTimeCannotPassTheQuotaTogether(t *testing.T) {
	t.Parallel()
	enginetest.Each(t, func(t *testing.T, s store.Store) {
		w := worldOn(t, s, attach.Config{Quota: 3500})
		owner := w.user()
		// All have arrived before the first is kept.
		var uploads []*attach.Upload
		for range attach.MaxParallel {
			u, err := w.Receive(t.Context(), owner, attach.ForMessage, "f", bytes.NewReader(make([]byte, 1000)), -1)
			if err != nil {
				t.Fatal(err)
			}
			defer u.Discard()
			uploads = append(uploads, u)
		}
		_, err := w.take(owner, attach.ForMessage, "one more", strings.NewReader("x"), -1)
		w.refused("one more", err, fault.RateLimited, "too_many_uploads")
		var wg sync.WaitGroup
		for _, u := range uploads {
			wg.Go(func() {
				if _, err := u.Keep(t.Context()); err != nil {
					w.refused("keep", err, fault.TooLarge, "quota_exceeded")
				}
				u.Discard()
			})
		}
		wg.Wait()
		if n := w.bytesOf(owner); n != 3000 || len(w.files()) != 3 {
			t.Errorf("%d bytes in %d files", n, len(w.files()))
		}
		w.upload(owner, "the turn of others comes again", make([]byte, 500))
	})
}

func TestADeletedAccountUploadsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, attach.Config{})
	owner := w.user()
	w.update(func(tx store.Tx) error {
		u, err := tx.User(t.Context(), owner)
		now := w.clock.now()
		u.DeletedAt = &now
		return errors.Join(err, tx.UpdateUser(t.Context(), u))
	})
	_, err := w.take(owner, attach.ForMessage, "f", strings.NewReader("x"), -1)
	w.refused("deleted", err, fault.NotFound, "not_found")
	if left := w.files(); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestVoiceMessages(t *testing.T) {
	t.Parallel()
	w := newWorld(t, attach.Config{MaxVoice: 20_000})
	owner := w.user()
	for _, file := range []string{"opus.ogg", "chromium.webm", "fragmented.m4a", "vbr.mp3", "pcm16.wav"} {
		u, err := w.voice(owner, recording(t, file))
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		a, err := u.Keep(t.Context())
		u.Discard()
		if err != nil || a.DurationMs < 1400 || a.DurationMs > 1600 {
			t.Errorf("%s: %+v, %v", file, a, err)
		}
		if file == "pcm16.wav" && len(a.Waveform) != 64 {
			t.Errorf("a WAV got %d loudness samples", len(a.Waveform))
		}
	}
	kept := len(w.files())
	for _, c := range []struct {
		name    string
		content []byte
		kind    fault.Kind
		code    string
	}{
		{"a picture", recording(t, "still.png"), fault.Unsupported, "unsupported_media"},
		{"a video", recording(t, "video.mp4"), fault.Unsupported, "unsupported_media"},
		{"text", []byte("RIFF is what I play"), fault.Unsupported, "unsupported_media"},
		{"cut off", recording(t, "opus.webm")[:2000], fault.Invalid, "damaged_file"},
		{"empty", nil, fault.Invalid, "empty_file"},
		{"too large", make([]byte, 20_001), fault.TooLarge, "too_large"},
	} {
		_, err := w.voice(owner, c.content)
		w.refused(c.name, err, c.kind, c.code)
	}
	if n := len(w.files()); n != kept {
		t.Errorf("%d files were left behind", n-kept)
	}
}

func TestTheClientsWaveformIsTaken(t *testing.T) {
	t.Parallel()
	w := newWorld(t, attach.Config{})
	u, err := w.voice(w.user(), recording(t, "opus.ogg"))
	if err != nil {
		t.Fatal(err)
	}
	defer u.Discard()
	w.refused("too long", u.SetWaveform(make([]int, 257)), fault.Invalid, "invalid")
	w.refused("too loud", u.SetWaveform([]int{0, 256}), fault.Invalid, "invalid")
	w.refused("negative", u.SetWaveform([]int{-1}), fault.Invalid, "invalid")
	if err := u.SetWaveform([]int{0, 128, 255}); err != nil {
		t.Fatal(err)
	}
	a, err := u.Keep(t.Context())
	if err != nil || !bytes.Equal(a.Waveform, []byte{0, 128, 255}) {
		t.Errorf("kept %v, %v", a.Waveform, err)
	}
}

// photo is a picture of w × h pixels with an EXIF note that it is to be turned by a quarter.
func photo(t *testing.T, w, h int) []byte {
	t.Helper()
	p := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			p.Set(x, y, color.RGBA{byte(x), byte(y), byte(x * y), 255})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, p, nil); err != nil {
		t.Fatal(err)
	}
	exif := "\xff\xe1\x00\x22Exif\x00\x00II*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\x01\x00\x00\x00\x06\x00\x00\x00\x00\x00\x00\x00"
	return append([]byte("\xff\xd8"+exif), b.Bytes()[2:]...)
}

func TestPhotosGetAThumbnail(t *testing.T) {
	t.Parallel()
	w := newWorld(t, attach.Config{})
	owner := w.user()
	content := photo(t, 1600, 1200)
	a := w.upload(owner, "photo.jpg", content)
	if a.Width != 1200 || a.Height != 1600 {
		t.Errorf("shows %d × %d", a.Width, a.Height)
	}
	whole, _, err := w.read(attach.Request{ID: a.ID, Actor: owner})
	if err != nil || !bytes.Equal(whole, content) {
		t.Errorf("the original was changed: %v", err)
	}
	small, f, err := w.read(attach.Request{ID: a.ID, Actor: owner, Thumb: true})
	if err != nil {
		t.Fatal(err)
	}
	p, format, err := image.Decode(bytes.NewReader(small))
	if err != nil || p.Bounds().Dx() != 480 || p.Bounds().Dy() != 640 || format != "jpeg" || f.Mime != "image/jpeg" || !f.Inline {
		t.Errorf("the thumbnail: %v %s %+v %v", p.Bounds(), format, f, err)
	}
	if whole, f2, _ := w.read(attach.Request{ID: a.ID, Actor: owner}); f2.ETag == f.ETag || len(small) >= len(whole) {
		t.Errorf("%d bytes with ETag %s, thumbnail %d with %s", len(whole), f2.ETag, len(small), f.ETag)
	}
	tiny := w.upload(owner, "tiny.png", recording(t, "still.png"))
	own, _, err := w.read(attach.Request{ID: tiny.ID, Actor: owner, Thumb: true})
	if err != nil || !bytes.Equal(own, recording(t, "still.png")) {
		t.Errorf("a small picture is its own thumbnail: %v", err)
	}
}

func TestADamagedPictureIsAFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t, attach.Config{})
	owner := w.user()
	content := photo(t, 1600, 1200)
	a := w.upload(owner, "half.jpg", content[:len(content)/2])
	if a.Width != 0 || a.Height != 0 || a.Mime != "image/jpeg" {
		t.Errorf("%+v", a)
	}
}

func TestAvatarsAreRemade(t *testing.T) {
	t.Parallel()
	w := newWorld(t, attach.Config{})
	owner := w.user()
	content := photo(t, 1600, 1200)
	a, err := w.take(owner, attach.ForAvatar, "", bytes.NewReader(content), int64(len(content)))
	if err != nil || a.Width != 384 || a.Height != 512 || a.Mime != "image/jpeg" {
		t.Fatalf("%+v, %v", a, err)
	}
	got, _, err := w.read(attach.Request{ID: a.ID, Actor: owner})
	if err != nil || bytes.Contains(got, []byte("Exif")) {
		t.Errorf("the camera's notes are still there: %v", err)
	}
	for name, c := range map[string]struct {
		content []byte
		kind    fault.Kind
		code    string
	}{
		"a GIF":           {recording(t, "animated.gif"), fault.Unsupported, "unsupported_media"},
		"a video":         {recording(t, "video.mp4"), fault.Unsupported, "unsupported_media"},
		"a cut picture":   {content[:len(content)/2], fault.Invalid, "damaged_file"},
		"a bomb":          {bomb, fault.Invalid, "too_many_pixels"},
		"nothing":         {nil, fault.Invalid, "empty_file"},
		"a moving WebP":   {recording(t, "animated.webp"), fault.Unsupported, "unsupported_media"},
		"larger than 12M": {make([]byte, attach.MaxAvatar+1), fault.TooLarge, "too_large"},
	} {
		_, err := w.take(owner, attach.ForAvatar, "", bytes.NewReader(c.content), -1)
		w.refused(name, err, c.kind, c.code)
	}
	if n := len(w.files()); n != 1 {
		t.Errorf("%d files", n)
	}
}
