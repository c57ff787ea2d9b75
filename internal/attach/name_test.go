package attach_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"confab/internal/attach"
)

func TestSafeName(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("я", 200)
	for raw, want := range map[string]string{
		"report.pdf":                     "report.pdf",
		"Отчёт за май.docx":              "Отчёт за май.docx",
		"../../etc/passwd":               "passwd",
		`C:\fakepath\photo.jpg`:          "photo.jpg",
		"folder/":                        "folder",
		"":                               "file",
		".":                              "file",
		"..":                             "file",
		"/":                              "file",
		" . ":                            "file",
		".gitignore":                     ".gitignore",
		"a\x00b.txt":                     "ab.txt",
		"line\nbreak\t.txt":              "line break .txt",
		"\u202egpj.exe":                  "gpj.exe",
		"\u2066\u200f\u202a\u061c\ufeff": "file",
		"a\u2028b":                       "ab",
		"bad \xff\xfe bytes.txt":         "bad \uFFFD bytes.txt",
		"می\u200cخواهم.txt":              "می\u200cخواهم.txt",
		"\u200d\u200d":                   "file",
		"и\u0306.txt":                    "й.txt",
		long + ".docx":                   strings.Repeat("я", 125) + ".docx",
		long:                             strings.Repeat("я", 127),
		"x." + long:                      "x." + strings.Repeat("я", 126),
	} {
		if got := attach.SafeName(raw, "file"); got != want {
			t.Errorf("%q: %q, want %q", raw, got, want)
		}
	}
}

func FuzzSafeName(f *testing.F) {
	for _, s := range []string{"a/b\\c.txt", "\u202e\x00\xff", strings.Repeat("ж", 300) + ".x", "e\u0301..", "a\x02\u0301", "a\u2066.\u200d"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		name := attach.SafeName(raw, "file")
		if name == "" || len(name) > 255 || !utf8.ValidString(name) || strings.ContainsAny(name, "/\\\x00\n") || name == "." || name == ".." {
			t.Errorf("%q became %q", raw, name)
		}
		for _, r := range name {
			if unicode.Is(unicode.Bidi_Control, r) || unicode.IsControl(r) {
				t.Errorf("%q kept %U", raw, r)
			}
		}
		if again := attach.SafeName(name, "file"); again != name {
			t.Errorf("%q became %q and then %q", raw, name, again)
		}
	})
}
