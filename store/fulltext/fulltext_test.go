package fulltext_test

import (
	"reflect"
	"strings"
	"testing"
	"unicode"

	"confab/store/fulltext"
)

func TestAnalyse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, text, words, stems string }{
		{"nothing", " — 👍 ! ", "", ""},
		{"English", "The Messages were running", "the messages were running", "messag run the were"},
		{"Russian", "Сообщения и ёлки", "сообщения и елки", "елк и сообщен"},
		{"both", "deploy сервера v2.10", "deploy сервера v2 10", "10 deploy v2 сервер"},
		{"compatibility forms", "ﬁle ＡＢＣ", "file abc", "abc file"},
		{"composed and decomposed", "cafe\u0301 café", "café café", "café"},
		{"quotes and operators", `a'b"c\d & | ! <-> (x)`, "a b c d x", "a b c d x"},
		{"another script", "こんにちは 世界", "こんにちは 世界", "こんにちは 世界"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := fulltext.Analyse(c.text)
			stems := strings.ReplaceAll(strings.Join(d.Stems, " "), "\ue000", "")
			if words := strings.Join(d.Words, " "); words != c.words || stems != c.stems {
				t.Errorf("got %q with stems %q, want %q with %q", words, stems, c.words, c.stems)
			}
		})
	}
}

func TestParseQuery(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, text, tsquery, fts5 string }{
		{"nothing", `  "" * `, ``, ``},
		{"the last word may go on", "красные яблоки", `'=красн' & ('=яблок' | 'яблоки':*)`, `"=красн" AND ("=яблок" OR "яблоки" *)`},
		{"a phrase", `"the end" now`, `('the' <-> 'end') & ('=now' | 'now':*)`, `"the end" AND ("=now" OR "now" *)`},
		{"a phrase in Russian quotes", `«тот самый»`, `('тот' <-> 'самый')`, `"тот самый"`},
		{"a phrase that is not closed", `x "the end`, `'=x' & ('the' <-> 'end')`, `"=x" AND "the end"`},
		{"a beginning", "mess* a", `'mess':* & '=a'`, `"mess" * AND "=a"`},
		{"a beginning of one letter", "m* box", `'=m' & ('=box' | 'box':*)`, `"=m" AND ("=box" OR "box" *)`},
		{"punctuation inside", "foo.bar@baz", `'=foo' & '=bar' & ('=baz' | 'baz':*)`, `"=foo" AND "=bar" AND ("=baz" OR "baz" *)`},
		{"operators mean nothing", `a' & !b:* -- )`, `'=a' & '=b'`, `"=a" AND "=b"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			q := fulltext.ParseQuery(c.text)
			if got := strings.ReplaceAll(q.TSQuery(), "\ue000", "="); got != c.tsquery {
				t.Errorf("tsquery: got %s, want %s", got, c.tsquery)
			}
			if got := strings.ReplaceAll(q.FTS5(), "\ue000", "="); got != c.fts5 {
				t.Errorf("FTS5: got %s, want %s", got, c.fts5)
			}
		})
	}
}

// Whatever comes in, words hold nothing but letters, digits and marks, and are short.
func FuzzAnalyse(f *testing.F) {
	f.Add("Привет, \"мир\"! don't ﬀ \xff \x00 ʼ'")
	f.Add(strings.Repeat("ж", 1000))
	f.Fuzz(func(t *testing.T, text string) {
		d := fulltext.Analyse(text)
		for _, w := range append(d.Words, d.Stems...) {
			bare := strings.TrimPrefix(w, "\ue000")
			if bare == "" || len(bare) > 128 || strings.ContainsFunc(bare, func(r rune) bool {
				return !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.IsMark(r)
			}) {
				t.Errorf("word %q of %q", w, text)
			}
		}
		if again := fulltext.Analyse(strings.Join(d.Words, " ")); !reflect.DeepEqual(again, d) {
			t.Errorf("%q is read as %v, and then as %v", text, d, again)
		}
		_ = fulltext.ParseQuery(text).TSQuery()
	})
}

func BenchmarkAnalyse(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		fulltext.Analyse("Сегодня в пять часов встречаемся у главного входа, bring the printed tickets please")
	}
}
