package attach

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// maxName bounds a file's name in bytes: what file systems take, so that a download can be saved under it.
const maxName = 255

// maxExtension is the longest ending, in bytes with its dot, that is worth keeping when a name is cut.
const maxExtension = 16

// SafeName makes a name that can be shown and saved from whatever a client sent. Folders are cut off, also Windows'
// ones; invalid bytes become U+FFFD; control characters, line separators, and marks that turn the direction of text
// (by which "gpj.exe" passes for "exe.jpg") are left out. The joiners U+200C and U+200D stay: Persian and emoji need
// them. What nothing remains of is called fallback.
func SafeName(raw, fallback string) string {
	name := strings.ToValidUTF8(raw, "\uFFFD")
	if i := strings.LastIndexAny(strings.TrimRight(name, `/\`), `/\`); i >= 0 {
		name = name[i+1:]
	}
	name = strings.Map(func(r rune) rune {
		switch {
		case r == '\u200c' || r == '\u200d':
			return r
		case unicode.IsSpace(r) && r != '\u2028' && r != '\u2029':
			return ' '
		case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp), r == '/', r == '\\':
			return -1
		}
		return r
	}, name)
	name = norm.NFC.String(name) // macOS sends letters and their accents apart
	name = strings.Join(strings.Fields(name), " ")
	name = cutName(name, maxName)
	if strings.Trim(name, ". \u200c\u200d") == "" { // also "." and "..", which mean folders
		return fallback
	}
	return name
}

// cutName shortens to most bytes, between characters and before the ending.
func cutName(name string, most int) string {
	if len(name) <= most {
		return name
	}
	extension := ""
	if i := strings.LastIndexByte(name, '.'); i > 0 && len(name)-i <= maxExtension {
		name, extension = name[:i], name[i:]
	}
	end := most - len(extension)
	if end < len(name) {
		for !utf8.RuneStart(name[end]) {
			end--
		}
		name = name[:end]
	}
	return strings.TrimRight(name, " ") + extension
}
