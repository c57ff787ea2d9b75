package text

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxMentions is how many different names of one message count: more than a few is shouting, and each is looked up.
const MaxMentions = 50

// Mentions lists the usernames that a message may name: what follows an @ and has a username's form, as written, each
// once. Whether somebody is called that is not known here. An @ inside a word, an address (ann@example.com,
// @ann@example.com, example.com/@ann) or a code span names nobody.
func Mentions(content string) (names []string) {
	if !strings.Contains(content, "@") { // as most do
		return nil
	}
	seen := map[string]bool{}
	for rest := withoutCode(content); len(names) < MaxMentions; {
		at := strings.IndexByte(rest, '@')
		if at < 0 {
			break
		}
		before, after := rest[:at], rest[at+1:]
		name := username(after)
		rest = after[len(name):]
		if strings.HasPrefix(rest, "@") { // an address of another network; its second @ is no beginning either
			rest = rest[1:]
			rest = rest[len(username(rest)):]
			continue
		}
		name = strings.TrimRight(name, "._-") // which end a sentence, or are part of what stands around the name
		if n := utf8.RuneCountInString(name); inWord(before) || n < MinUsername || n > MaxUsername || strings.ContainsRune("._-", firstOf(name)) || seen[name] {
			continue
		}
		seen[name] = true
		names = append(names, name)
	}
	return names
}

// username cuts off as much as a username could be made of.
func username(s string) string {
	end := strings.IndexFunc(s, func(r rune) bool { return !inName(r) && !strings.ContainsRune("._-", r) })
	if end < 0 {
		return s
	}
	return s[:end]
}

func inName(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) }

func firstOf(s string) rune {
	r, _ := utf8.DecodeRuneInString(s)
	return r
}

// inWord tells whether an @ after this text stands inside a word or an address. The marks that a local part may hold
// only make one together with a letter or a digit before them: "(-@ann" begins a mention.
func inWord(before string) bool {
	before = strings.TrimRight(before, "._-+%")
	last, _ := utf8.DecodeLastRuneInString(before)
	return inName(last) || last == '/'
}

// withoutCode takes the code out of a message, as Markdown has it (CommonMark, section 6.1): what stands between two
// equally long runs of backticks. A run that finds no other stands for itself.
func withoutCode(s string) string {
	if !strings.Contains(s, "`") {
		return s
	}
	var b strings.Builder
	for {
		start := strings.IndexByte(s, '`')
		if start < 0 {
			b.WriteString(s)
			return b.String()
		}
		b.WriteString(s[:start])
		open := run(s[start:])
		s = s[start+open:]
		if end := closing(s, open); end >= 0 {
			s = s[end+open:]
		}
		b.WriteByte('`') // keeps apart what stood on both sides
	}
}

// run is how many backticks s begins with.
func run(s string) int { return len(s) - len(strings.TrimLeft(s, "`")) }

// closing finds the run of exactly n backticks, or -1.
func closing(s string, n int) int {
	for at := 0; ; {
		next := strings.IndexByte(s[at:], '`')
		if next < 0 {
			return -1
		}
		at += next
		long := run(s[at:])
		if long == n {
			return at
		}
		at += long
	}
}
