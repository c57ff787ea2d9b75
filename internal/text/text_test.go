package text

import (
	"errors"
	"strings"
	"testing"

	"confab/internal/fault"
)

// refused is the outcome of a case that must be refused with its field named.
const refused = "\x00refused"

func check(t *testing.T, rule func(field, s string) (string, error), cases map[string][2]string) {
	t.Helper()
	for name, c := range cases {
		got, err := rule("f", c[0])
		if c[1] == refused {
			var f *fault.Error
			if !errors.As(err, &f) || f.Kind != fault.Invalid || len(f.Fields) != 1 || f.Fields[0].Field != "f" {
				t.Errorf("%s: %q gave %q, %v; want a refusal that names the field", name, c[0], got, err)
			}
			continue
		}
		if err != nil || got != c[1] {
			t.Errorf("%s: %q gave %q, %v; want %q", name, c[0], got, err, c[1])
		}
	}
}

func TestUsername(t *testing.T) {
	t.Parallel()
	check(t, Username, map[string][2]string{
		"plain":             {"alice", "alice"},
		"case is kept":      {"Alice", "Alice"},
		"signs inside":      {"a.b-c_d", "a.b-c_d"},
		"cyrillic":          {"Марина", "Марина"},
		"composed":          {"Ame\u0301lie", "Am\u00e9lie"},
		"full width":        {"\uff21\uff4c", "Al"},
		"shortest":          {"ab", "ab"},
		"longest":           {strings.Repeat("a", 32), strings.Repeat("a", 32)},
		"too short":         {"a", refused},
		"too long":          {strings.Repeat("a", 33), refused},
		"empty":             {"", refused},
		"space":             {"a b", refused},
		"at sign":           {"a@b", refused},
		"slash":             {"a/b", refused},
		"leading dot":       {".ab", refused},
		"trailing hyphen":   {"ab-", refused},
		"control":           {"a\x00b", refused},
		"direction mark":    {"a\u202eb", refused},
		"mixed lookalikes":  {"pаypal", refused}, // the second letter is Cyrillic
		"emoji":             {"al🎉", refused},
		"invalid UTF-8":     {"ab\xff", refused},
		"hebrew and digits": {"שלום", "שלום"},
	})
}

func TestEmail(t *testing.T) {
	t.Parallel()
	check(t, Email, map[string][2]string{
		"plain":         {"a@example.com", "a@example.com"},
		"spelling kept": {"A.B+c@Example.com", "A.B+c@Example.com"},
		"trimmed":       {" a@example.com ", "a@example.com"},
		"no at":         {"example.com", refused},
		"with a name":   {"Al <a@example.com>", refused},
		"two":           {"a@example.com,b@example.com", refused},
		"newline":       {"a@example.com\nb", refused},
		"empty":         {"", refused},
		"too long":      {strings.Repeat("a", 250) + "@b.co", refused},
	})
}

func TestNamesInOneLine(t *testing.T) {
	t.Parallel()
	check(t, DisplayName, map[string][2]string{
		"plain":          {"Alice Doe", "Alice Doe"},
		"trimmed":        {"  Alice\t", "Alice"},
		"emoji":          {"Al 👩‍👩‍👧", "Al 👩‍👩‍👧"},
		"blank":          {" \u2003 ", refused},
		"only joiners":   {"\u200d\u200d", refused},
		"fillers":        {"\u3164\u2800", refused},
		"line break":     {"a\nb", refused},
		"override":       {"abc\u202egpj.exe", refused},
		"NUL":            {"a\x00", refused},
		"invalid":        {"a\xc3", refused},
		"too long":       {strings.Repeat("я", 65), refused},
		"longest":        {strings.Repeat("я", 64), strings.Repeat("я", 64)},
		"replacement":    {"a\ufffdb", refused},
		"private use":    {"\ue000", refused},
		"line separator": {"a\u2028b", refused},
	})
}

func TestMessage(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("я", MaxMessage)
	check(t, Message, map[string][2]string{
		"space at the end goes":         {"hi \n\t", "hi"},
		"space at the beginning stays":  {"  if x {", "  if x {"},
		"longest":                       {long, long},
		"space does not count":          {long + "   ", long},
		"one too many":                  {long + "я", refused},
		"blank":                         {" \n ", refused},
		"nothing that is seen":          {"\u200b\u202e\u2066\u2069\u00ad\u3164\u2800\u0301", refused},
		"private letters":               {"\ue000", "\ue000"},
		"NUL":                           {"a\x00b", refused},
		"invalid UTF-8":                 {"a\xff", refused},
		"everything else is one's own":  {"\u202eabc\x07", "\u202eabc\x07"},
		"newlines inside are preserved": {"a\n\nb", "a\n\nb"},
	})
	if got, err := Caption("f", " "); got != "" || err != nil {
		t.Errorf("an empty caption gave %q, %v", got, err)
	}
}

func TestPassword(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		password string
		fine     bool
	}{
		"eight characters":       {"xkcd-936", true},
		"spaces and all":         {"  a b c d  ", true},
		"counts characters":      {"пароляль", true},
		"longest":                {strings.Repeat("я", 128), true},
		"too short":              {"abc1234", false},
		"too long":               {strings.Repeat("a", 129), false},
		"common":                 {"password123", false},
		"common in another case": {"PassWord123", false},
		"invalid":                {"abcdefgh\xff", false},
	} {
		if err := Password("password", c.password); (err == nil) != c.fine {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestEmoji(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"👍", "❤️", "❤", "👍🏽", "👩‍👩‍👧‍👦", "🇩🇪", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "1️⃣", "#⃣", "🫡", "©️", "🧑🏿‍🚀", "☺️", "⭐"} {
		if got, err := Emoji("emoji", s); err != nil || got != s {
			t.Errorf("%q was refused: %v", s, err)
		}
	}
	for _, s := range []string{"", "a", "1", "👍👍", "👍 ", "ok", "🇩🇪🇫🇷", "\u200d", "<b>", "👍\x00", "é", "\xf0\x9f", "中", "🇩", "🏻", "👍\u200d",
		"👍\ufe0f\ufe0f", "👍\u200d\u200d👍", "👍\U000e0067", "🏻\u200d👍", "👍\u200d🇩", "🇩\u200d",
		"👍" + strings.Repeat("\u200d👍", 20)} {
		if _, err := Emoji("emoji", s); err == nil {
			t.Errorf("%q was taken for an emoji", s)
		}
	}
}

func FuzzRules(f *testing.F) {
	f.Add("alice")
	f.Add("a\u0301\u202e\xff")
	f.Fuzz(func(t *testing.T, s string) {
		for name, rule := range map[string]func(string, string) (string, error){
			"username": Username, "email": Email, "line": DisplayName, "message": Message, "emoji": Emoji,
		} {
			once, err := rule("f", s)
			if err != nil {
				continue
			}
			if twice, err := rule("f", once); err != nil || twice != once {
				t.Errorf("%s: %q was kept as %q, which becomes %q, %v", name, s, once, twice, err)
			}
		}
	})
}
