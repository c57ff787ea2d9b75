package text_test

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"confab/internal/text"
)

func TestMentions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, content, want string }{
		{"none", "nobody here", ""},
		{"at the beginning and the end", "@ann and @bob", "ann bob"},
		{"each once", "@ann, @ann! @Ann", "ann Ann"},
		{"Russian", "Привет, @Ёжик_в-тумане: как дела?", "Ёжик_в-тумане"},
		{"a letter of two characters", "@cafe\u0301", "cafe\u0301"},
		{"other scripts and digits", "@山田 @٣٤ @2pac", "山田 ٣٤ 2pac"},
		{"the dots of a sentence", "ask @ann. Or @b.c... (@dd)?", "ann b.c dd"},
		{"in brackets, quotes and Markdown", `[@ann] "@bob" **@cat** _@dan_ «@eve»`, "ann bob cat dan eve"},
		{"behind a mark alone", "-@ann .@bob", "ann bob"},
		{"with a possessive", "@ann's", "ann"},
		{"e-mail addresses", "ann@example.com a.b+c_@example.com почта@пример.рф", ""},
		{"an address of another network", "@ann@example.com @bob", "bob"},
		{"inside a word", "x@ann 5@bob ё@cat", ""},
		{"addresses of pages", "https://example.com/@ann", ""},
		{"no name at all", "@ @@ @. @-x @_ @a end@", ""},
		{"two in a row", "@@ann", ""},
		{"too long", "@" + strings.Repeat("x", 33) + " @" + strings.Repeat("y", 32), strings.Repeat("y", 32)},
		{"a code span", "`@ann` @bob", "bob"},
		{"a span of two", "``@ann ` @bob`` @cat", "cat"},
		{"a block", "```go\n@ann\n``\n@bob\n``` @cat", "cat"},
		{"a backtick that is alone", "` @ann", "ann"},
		{"a run that finds none", "`` @ann ` @bob", "ann bob"},
		{"next to a span", "`x`@ann", "ann"},
		{"hostile", "@\x00ann @\"ann\" @ann\u202e", "ann"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := strings.Join(text.Mentions(c.content), " "); got != c.want {
				t.Errorf("%q names %q, want %q", c.content, got, c.want)
			}
		})
	}
	var many strings.Builder
	for i := range 200 {
		many.WriteString("@user" + strings.Repeat("x", i%20) + string(rune('a'+i/20)) + " ")
	}
	if got := len(text.Mentions(many.String())); got != text.MaxMentions {
		t.Errorf("%d names count", got)
	}
}

// Whatever comes in, names are usernames by their form, and reading takes no time to speak of.
func FuzzMentions(f *testing.F) {
	f.Add("@ann `@b` x@y ``")
	f.Add(strings.Repeat("`@", 4000))
	f.Fuzz(func(t *testing.T, content string) {
		names := text.Mentions(content)
		for i, name := range names {
			if n := utf8.RuneCountInString(name); n < text.MinUsername || n > text.MaxUsername ||
				strings.ContainsAny(name, "@ `/") || !strings.Contains(content, "@"+name) || slices.Contains(names[:i], name) {
				t.Errorf("%q of %q", name, content)
			}
		}
	})
}

func BenchmarkMentions(b *testing.B) {
	for name, content := range map[string]string{
		"none": strings.Repeat("Сегодня в пять часов встречаемся. ", 5), "some": "@ann, встречаемся в пять, спроси `@bob` и @cat",
		"backticks": strings.Repeat("` `` ", 1600) + "@ann",
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				text.Mentions(content)
			}
		})
	}
}
