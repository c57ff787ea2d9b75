// Package media looks into files: what they are, how long they play, how large they show. It tells by content alone;
// names and headers are what somebody claims.
//
// Files come from strangers. Every parser therefore reads through a source, which bounds memory (one window) and work
// (the bytes it will read in all, linear in the file's size), and answers ErrDamaged for whatever contradicts itself or
// ends early. Nothing here writes, decodes sound or runs another program. All functions are safe for concurrent use.
//
// Overview. Inspect finds the format in a table (format.go) and lets its parser fill in an Info: Ogg (RFC 3533, RFC
// 7845), Matroska and WebM (RFC 9559), MP4 (ISO/IEC 14496-12), MP3 (ISO/IEC 11172-3), WAV, and the pictures. Thumbnail
// and Waveform make the small previews that a chat shows before it fetches the file.
package media

import (
	"errors"
	"fmt"
	"io"
	"time"
)

// The errors that callers tell apart, with errors.Is.
var (
	ErrEmpty         = errors.New("the file is empty")
	ErrUnsupported   = errors.New("this type of file is not taken here")
	ErrDamaged       = errors.New("the file is damaged or cut off")
	ErrTooManyPixels = errors.New("the picture has too many pixels")
)

// Kind says how a client can show a file.
type Kind int

// The kinds.
const (
	File  Kind = iota // to be downloaded
	Image             // a picture that browsers show
	Audio             // a recording without pictures
	Video
)

// Info is what a file's content tells.
type Info struct {
	Mime     string
	Kind     Kind
	Codec    string        // of the sound, for Ogg, WebM, MP4, MP3 and WAV: "opus", "vorbis", "aac", "mp3", "pcm", …
	Duration time.Duration // 0: not told
	Width    int           // pixels as shown, after turning; 0: not told
	Height   int

	orientation   int  // of a picture, as in EXIF: 1 to 8
	animated      bool // a WebP that the decoder does not take
	bytesPerPixel int  // what decoding a picture takes, at most
}

// OctetStream is the type of whatever is not recognised.
const OctetStream = "application/octet-stream"

// maxDuration is far more than anybody records. A container that claims more is lying, and its sums would overflow.
const maxDuration = 1000 * time.Hour

// Inspect tells what a file is. Any file is something, so the errors are few: ErrEmpty, ErrTooManyPixels, what r failed
// with, and ErrDamaged, with which Info still tells the type as far as it could be read.
func Inspect(r io.ReaderAt, size int64) (Info, error) {
	if size <= 0 {
		return Info{}, ErrEmpty
	}
	s := newSource(r, size)
	head, err := s.at(0, int(min(size, headSize)))
	if err != nil {
		return Info{}, err
	}
	for _, f := range formats() {
		if f.matches(head) {
			info := Info{Mime: f.mime, Kind: f.kind}
			if f.read == nil {
				return info, nil
			}
			err := f.read(s, &info)
			return info, err
		}
	}
	return Info{Mime: OctetStream}, nil
}

// InspectVoice is Inspect for a voice message: Ogg/Opus, WebM/Opus, MP4/AAC, MP3 and WAV, without pictures. Anything
// else is ErrUnsupported. Where the error is nil, Duration is above zero.
func InspectVoice(r io.ReaderAt, size int64) (Info, error) {
	info, err := Inspect(r, size)
	switch {
	case err != nil && !errors.Is(err, ErrDamaged), err == nil && info.IsVoice():
		return info, err
	case err != nil && info.Kind != Image && (info.Codec == "" && voiceContainers[info.Mime] || info.IsVoice()):
		return info, err // one of ours as far as it goes
	}
	return info, ErrUnsupported
}

// voiceContainers are the types whose damaged files count as damaged voice messages, though the codec is not known yet.
// A container that has not shown a track is still neither audio nor video.
var voiceContainers = map[string]bool{
	"audio/ogg": true, "audio/webm": true, "audio/mp4": true, "audio/mpeg": true, "audio/wav": true,
	"application/ogg": true, "video/webm": true, "video/mp4": true,
}

// voiceCodecs are the combinations that the API takes.
var voiceCodecs = map[string]string{
	"audio/ogg": "opus", "audio/webm": "opus", "audio/mp4": "aac", "audio/mpeg": "mp3", "audio/wav": "pcm",
}

// IsVoice tells whether a file is one of those that a voice message may be.
func (i Info) IsVoice() bool { return i.Codec != "" && voiceCodecs[i.Mime] == i.Codec }

// damaged is ErrDamaged with what was found.
func damaged(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrDamaged}, args...)...)
}

// ticks turns a count of 1/rate seconds into a duration. It fails on what no recording can have.
func ticks(n int64, rate int64) (time.Duration, error) {
	if rate <= 0 || n < 0 || n/rate > int64(maxDuration/time.Second) {
		return 0, damaged("%d units of 1/%d s are no duration", n, rate)
	}
	// Split, so that the product cannot overflow.
	return time.Duration(n/rate)*time.Second + time.Duration(float64(n%rate)/float64(rate)*float64(time.Second)), nil
}
