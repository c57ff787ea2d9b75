package section

import "strings"

// Compatible tells whether a stream of codec a can be given to a decoder that was negotiated as b: the same format and,
// where the format has profiles, the same profile.
func Compatible(a, b Codec) bool {
	if !strings.EqualFold(a.MIME, b.MIME) || a.ClockRate != b.ClockRate {
		return false
	}
	switch strings.ToLower(a.MIME) {
	case "video/h264":
		return parameter(a.FMTP, "packetization-mode", "0") == parameter(b.FMTP, "packetization-mode", "0") &&
			h264Rank(a.FMTP) <= h264Rank(b.FMTP)
	case "video/vp9":
		return parameter(a.FMTP, "profile-id", "0") == parameter(b.FMTP, "profile-id", "0")
	case "video/av1":
		return parameter(a.FMTP, "profile", "0") == parameter(b.FMTP, "profile", "0")
	}
	return true
}

// Match returns the codec of the section that can decode a stream of codec c, the very same one if there is one.
func (sec Section) Match(c Codec) (Codec, bool) {
	for _, mine := range sec.Codecs {
		if Compatible(c, mine) && Compatible(mine, c) {
			return mine, true
		}
	}
	for _, mine := range sec.Codecs {
		if Compatible(c, mine) {
			return mine, true
		}
	}
	return Codec{}, false
}

// parameter reads "key=value" from a list of format parameters.
func parameter(fmtp, key, absent string) string {
	for p := range strings.SplitSeq(fmtp, ";") {
		if k, v, ok := strings.Cut(strings.TrimSpace(p), "="); ok && strings.EqualFold(k, key) {
			return strings.ToLower(v)
		}
	}
	return absent
}

// h264Rank orders the profiles of profile-level-id (RFC 6184, section 8.1) so that a decoder of one decodes all before it:
// baseline, main, high. Constrained variants count as what they constrain.
func h264Rank(fmtp string) int {
	switch id := parameter(fmtp, "profile-level-id", "42000a"); {
	case len(id) != 6:
		return 3
	case id[:2] == "42":
		return 0
	case id[:2] == "4d":
		return 1
	case id[:2] == "64":
		return 2
	}
	return 3 // nothing that we know, so only equal ones
}
