// Package text holds the rules for what people type: names, addresses, messages, emoji. Each function takes the input
// as it came, answers with the form that is kept, or refuses with a fault that names the field. All are pure.
//
// Lengths count characters (Unicode code points) unless the constant says bytes.
package text

import (
	"fmt"
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/secure/precis"
	"golang.org/x/text/unicode/norm"

	"confab/internal/fault"
)

// The lengths. They are part of the API and stand in the OpenAPI document.
const (
	MinUsername    = 2
	MaxUsername    = 32
	MaxDisplayName = 64
	MaxChatName    = 100
	MaxDescription = 500
	MaxEmail       = 254 // bytes: the longest address that fits an SMTP path (RFC 5321, section 4.5.3.1.3)
	MinPassword    = 8
	MaxPassword    = 128
	MaxMessage     = 8000 // some four printed pages; longer things are files
	MaxClientID    = 128
	MaxQuery       = 100 // longer than any name that could be found with it
	maxEmojiBytes  = 64  // the longest sequences in use (families, flags of regions) take about 40
)

// Username takes 2 to 32 letters and digits of any script, with dots, hyphens and underscores between them. It
// follows the PRECIS profile UsernameCasePreserved (RFC 8265, section 3.4), so full-width and composed forms fold into
// one spelling and text that jumbles directions is refused; and it does not let Latin, Greek and Cyrillic letters mix,
// because those are the ones that pass for each other.
func Username(field, s string) (string, error) {
	name, err := precis.UsernameCasePreserved.String(s)
	if err != nil {
		return "", fault.InvalidValue(field, fault.FieldCharacters, "may hold letters, digits, dots, hyphens and underscores only")
	}
	if n := utf8.RuneCountInString(name); n < MinUsername || n > MaxUsername {
		return "", fault.InvalidValue(field, fault.FieldLength, fmt.Sprintf("must have %d to %d characters", MinUsername, MaxUsername))
	}
	scripts := map[string]bool{}
	for i, r := range name {
		switch {
		case unicode.IsLetter(r):
			for script, table := range lookalikes() {
				if unicode.Is(table, r) {
					scripts[script] = true
				}
			}
		case unicode.IsDigit(r), unicode.IsMark(r) && i > 0:
		case strings.ContainsRune("._-", r):
			if i == 0 || i == len(name)-1 {
				return "", fault.InvalidValue(field, fault.FieldEdges, "must begin and end with a letter or a digit")
			}
		default:
			return "", fault.InvalidValue(field, fault.FieldCharacters, "may hold letters, digits, dots, hyphens and underscores only")
		}
	}
	if len(scripts) > 1 {
		return "", fault.InvalidValue(field, fault.FieldScripts, "must not mix Latin, Greek and Cyrillic letters")
	}
	return name, nil
}

func lookalikes() map[string]*unicode.RangeTable {
	return map[string]*unicode.RangeTable{"latin": unicode.Latin, "greek": unicode.Greek, "cyrillic": unicode.Cyrillic}
}

// Email takes a plain address. Whether it receives mail nobody here can tell.
func Email(field, s string) (string, error) {
	s = strings.TrimSpace(s)
	if len(s) > MaxEmail {
		return "", fault.InvalidValue(field, fault.FieldLength, fmt.Sprintf("must have at most %d bytes", MaxEmail))
	}
	s = norm.NFC.String(s)
	a, err := mail.ParseAddress(s)
	if err != nil || a.Name != "" || a.Address != s || strings.ContainsFunc(s, unseen) || strings.ContainsFunc(s, unicode.IsSpace) {
		return "", fault.InvalidValue(field, fault.FieldEmail, "is not an e-mail address")
	}
	return s, nil
}

// DisplayName takes 1 to 64 visible characters in one line.
func DisplayName(field, s string) (string, error) { return line(field, s, MaxDisplayName) }

// ChatName takes 1 to 100 visible characters in one line.
func ChatName(field, s string) (string, error) { return line(field, s, MaxChatName) }

// Description takes up to 500 characters, in several lines if need be, or none.
func Description(field, s string) (string, error) { return words(field, s, MaxDescription) }

// Query takes what somebody looks for: 1 to 100 characters.
func Query(field, s string) (string, error) { return line(field, s, MaxQuery) }

// line trims, composes and refuses what would break out of one line or turn the text around it.
func line(field, s string, longest int) (string, error) {
	if !utf8.ValidString(s) {
		return "", fault.InvalidValue(field, fault.FieldCharacters, "is not valid UTF-8")
	}
	s = norm.NFC.String(strings.TrimSpace(s))
	if n := utf8.RuneCountInString(s); n < 1 || n > longest {
		return "", fault.InvalidValue(field, fault.FieldLength, fmt.Sprintf("must have 1 to %d characters", longest))
	}
	for _, r := range s {
		if unseen(r) && r != zeroWidthJoiner && r != zeroWidthNonJoiner {
			return "", fault.InvalidValue(field, fault.FieldCharacters, "must not hold control characters, line breaks or marks of direction")
		}
	}
	return visible(field, s)
}

// visible refuses a text of which nothing can be seen.
func visible(field, s string) (string, error) {
	if strings.ContainsFunc(s, func(r rune) bool { return !blank(r) }) {
		return s, nil
	}
	return "", fault.InvalidValue(field, fault.FieldInvisible, "must hold something visible")
}

// blank is true of what leaves no mark by itself: space, controls, format characters, combining marks, and the letters that
// are drawn as nothing, which are the fillers of Hangul and the empty pattern of Braille.
func blank(r rune) bool {
	switch r {
	case 0x115f, 0x1160, 0x3164, 0xffa0, 0x2800:
		return true
	}
	return unicode.IsSpace(r) || unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.M)
}

const (
	zeroWidthNonJoiner = '\u200c' // needed to write Persian
	zeroWidthJoiner    = '\u200d' // needed in emoji and Indic scripts
)

// unseen is true of what a name has no use for: controls, line separators, and the format characters, among which are
// the bidirectional overrides.
func unseen(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co, unicode.Cs) || r == utf8.RuneError
}

// Password checks the length and that it is not one that everybody tries first.
func Password(field, s string) error {
	if !utf8.ValidString(s) {
		return fault.InvalidValue(field, fault.FieldCharacters, "is not valid UTF-8")
	}
	if n := utf8.RuneCountInString(s); n < MinPassword || n > MaxPassword {
		return fault.InvalidValue(field, fault.FieldLength, fmt.Sprintf("must have %d to %d characters", MinPassword, MaxPassword))
	}
	if common(s) {
		return fault.InvalidValue(field, fault.FieldCommon, "is among the passwords that are tried first; choose another")
	}
	return nil
}

// Message takes 1 to 8,000 characters, of which one can be seen. Space at the end goes; space at the beginning stays, since
// code is indented.
func Message(field, s string) (string, error) {
	s, err := Caption(field, s)
	if err != nil {
		return "", err
	}
	if s == "" {
		return "", fault.InvalidValue(field, fault.FieldLength, "must not be empty")
	}
	return visible(field, s)
}

// Caption is Message where there may be none, as beside an attachment.
func Caption(field, s string) (string, error) { return words(field, s, MaxMessage) }

// words trims the end, and takes everything that a database can keep.
func words(field, s string, longest int) (string, error) {
	if !utf8.ValidString(s) {
		return "", fault.InvalidValue(field, fault.FieldCharacters, "is not valid UTF-8")
	}
	if strings.ContainsRune(s, 0) {
		return "", fault.InvalidValue(field, fault.FieldCharacters, "must not hold NUL")
	}
	s = strings.TrimRightFunc(s, unicode.IsSpace)
	if utf8.RuneCountInString(s) > longest {
		return "", fault.InvalidValue(field, fault.FieldLength, fmt.Sprintf("must have at most %d characters", longest))
	}
	return s, nil
}

// ClientID takes an idempotency key: up to 128 characters, none of them a control.
func ClientID(field, s string) (string, error) {
	if !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl) {
		return "", fault.InvalidField(field, "must not hold control characters")
	}
	if utf8.RuneCountInString(s) > MaxClientID {
		return "", fault.InvalidField(field, fmt.Sprintf("must have at most %d characters", MaxClientID))
	}
	return s, nil
}
