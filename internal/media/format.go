package media

import (
	"bytes"
	"unicode/utf8"
)

// headSize is how much of a file's beginning its format is told from: enough for two MP3 frames of the largest size
// (1,441 bytes), and for a look at text.
const headSize = 4096

// format is one row of the table: how a file begins, and who reads on. mime and kind are what is known at the first
// bytes; a container's parser makes them exact.
type format struct {
	mime    string
	kind    Kind
	matches func(head []byte) bool
	read    func(*source, *Info) error // nil: nothing more to learn
}

// formats is the table, the surest signatures first.
func formats() []format {
	return []format{
		{"image/png", Image, starts("\x89PNG\r\n\x1a\n"), readPNG},
		{"image/jpeg", Image, starts("\xff\xd8\xff"), readJPEG},
		{"image/gif", Image, starts("GIF87a", "GIF89a"), readGIF},
		{"image/webp", Image, riff("WEBP"), readWebP},
		{"audio/wav", Audio, riff("WAVE"), readWAV},
		{"application/ogg", File, starts("OggS"), readOgg},
		{"video/webm", Video, starts("\x1a\x45\xdf\xa3"), readMatroska},
		{"image/avif", File, brand("avif", "avis"), nil},
		{"image/heic", File, brand("heic", "heix", "hevc", "heim", "mif1", "msf1"), nil},
		{"video/quicktime", Video, brand("qt  "), readMP4},
		{"video/mp4", Video, brand(""), readMP4},
		{"audio/mpeg", Audio, looksLikeMP3, readMP3},
		{"audio/flac", Audio, starts("fLaC"), nil},
		{"application/pdf", File, starts("%PDF-"), nil},
		{"application/zip", File, starts("PK\x03\x04", "PK\x05\x06"), nil},
		{"application/gzip", File, starts("\x1f\x8b\x08"), nil},
		{"text/plain; charset=utf-8", File, isText, nil},
	}
}

func starts(signatures ...string) func([]byte) bool {
	return func(head []byte) bool {
		for _, s := range signatures {
			if bytes.HasPrefix(head, []byte(s)) {
				return true
			}
		}
		return false
	}
}

// riff matches a RIFF file of one form.
func riff(form string) func([]byte) bool {
	return func(head []byte) bool {
		return len(head) >= 12 && string(head[:4]) == "RIFF" && string(head[8:12]) == form
	}
}

// brand matches an ISO media file (ISO/IEC 14496-12, section 4.3) whose major brand is one of those, or begins as they
// do.
func brand(brands ...string) func([]byte) bool {
	return func(head []byte) bool {
		return len(head) >= 12 && string(head[4:8]) == "ftyp" && starts(brands...)(head[8:12])
	}
}

// isText tells text in UTF-8 from everything else. It says nothing of the language: HTML and SVG are text too, which is
// how they stay harmless.
func isText(head []byte) bool {
	for len(head) > 0 {
		r, n := utf8.DecodeRune(head)
		if r == utf8.RuneError && n <= 1 {
			return len(head) < utf8.UTFMax && !utf8.FullRune(head) // cut by the end of the look
		}
		if (r < ' ' && r != '\n' && r != '\r' && r != '\t' && r != '\f') || r == 0x7f {
			return false
		}
		head = head[n:]
	}
	return true
}
