package sfu

import (
	"strings"

	"confab/sfu/section"
)

// formats are the codecs that a slot's receiver decodes.
type formats []section.Codec

// decoder returns the receiver's codec for a stream, and whether redundancy has to be taken off the stream for it: a
// receiver that does not take RED, or counts its payload types otherwise, still takes the Opus inside.
func (f formats) decoder(c section.Codec) (decoder section.Codec, strip, ok bool) {
	receiver := section.Section{Codecs: f}
	decoder, ok = receiver.Match(c)
	if !strings.EqualFold(c.MIME, "audio/red") {
		return decoder, false, ok
	}
	if ok && decoder.FMTP == c.FMTP { // the payload types of the blocks
		return decoder, false, true
	}
	opus := section.Codec{MIME: "audio/opus", ClockRate: c.ClockRate}
	decoder, ok = receiver.Match(opus)
	return decoder, true, ok
}
