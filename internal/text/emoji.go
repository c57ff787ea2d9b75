package text

import (
	"unicode"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/graphemes"

	"confab/internal/fault"
)

// Emoji takes exactly one emoji: one grapheme cluster (UAX #29) made of nothing but what emoji sequences are made of
// (UTS #51, section 1.4): a pictograph, flag or keycap with its modifiers and joiners.
func Emoji(field, s string) (string, error) {
	refuse := fault.InvalidField(field, "must be one emoji")
	if s == "" || len(s) > maxEmojiBytes || !utf8.ValidString(s) {
		return "", refuse
	}
	clusters := graphemes.FromString(s)
	if !clusters.Next() || clusters.Value() != s {
		return "", refuse
	}
	first, size := utf8.DecodeRuneInString(s)
	if keycapBase(first) {
		if rest := s[size:]; rest == "\ufe0f\u20e3" || rest == "\u20e3" {
			return s, nil
		}
		return "", refuse
	}
	runes := []rune(s)
	if len(runes) == 2 && regionalIndicator(runes[0]) && regionalIndicator(runes[1]) {
		return s, nil
	}
	for {
		n := element(runes)
		if n == 0 {
			return "", refuse
		}
		runes = runes[n:]
		if len(runes) == 0 {
			return s, nil
		}
		if runes[0] != zeroWidthJoiner {
			return "", refuse
		}
		runes = runes[1:]
	}
}

// element returns the length of what stands at the beginning or behind a joiner: a pictograph with a variation selector, a
// skin tone, and the tags that spell the flag of a region, if it has them. 0: that is none.
func element(runes []rune) (n int) {
	if len(runes) == 0 || !unicode.Is(pictographs(), runes[0]) || skinTone(runes[0]) || regionalIndicator(runes[0]) {
		return 0
	}
	n = 1
	if n < len(runes) && (runes[n] == 0xfe0e || runes[n] == 0xfe0f) {
		n++
	}
	if n < len(runes) && skinTone(runes[n]) {
		n++
	}
	const lastTag = 0xe007f
	tags := n
	for n < len(runes) && runes[n] >= 0xe0020 && runes[n] <= lastTag {
		n++
	}
	if n > tags && (n == tags+1 || runes[n-1] != lastTag) {
		return 0
	}
	return n
}

func regionalIndicator(r rune) bool { return r >= 0x1f1e6 && r <= 0x1f1ff }

func skinTone(r rune) bool { return r >= 0x1f3fb && r <= 0x1f3ff }

func keycapBase(r rune) bool { return r >= '0' && r <= '9' || r == '#' || r == '*' }

// pictographs is Emoji and Extended_Pictographic of Unicode's emoji-data.txt without the keycap bases, rounded up to
// whole blocks where the gaps are reserved for emoji to come.
func pictographs() *unicode.RangeTable {
	return &unicode.RangeTable{
		R16: []unicode.Range16{
			{0x00a9, 0x00ae, 5}, {0x203c, 0x2049, 13}, {0x2122, 0x2139, 23}, {0x2194, 0x2199, 1}, {0x21a9, 0x21aa, 1},
			{0x231a, 0x231b, 1}, {0x2328, 0x2328, 1}, {0x23cf, 0x23cf, 1}, {0x23e9, 0x23f3, 1}, {0x23f8, 0x23fa, 1},
			{0x24c2, 0x24c2, 1}, {0x25aa, 0x25ab, 1}, {0x25b6, 0x25c0, 10}, {0x25fb, 0x25fe, 1}, {0x2600, 0x27bf, 1},
			{0x2934, 0x2935, 1}, {0x2b05, 0x2b07, 1}, {0x2b1b, 0x2b1c, 1}, {0x2b50, 0x2b55, 5}, {0x3030, 0x303d, 13},
			{0x3297, 0x3299, 2},
		},
		R32:         []unicode.Range32{{0x1f000, 0x1faff, 1}},
		LatinOffset: 1,
	}
}
