package limit

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// row is a line of a table on the page, without its borders.
func rows(page string) (list [][]string) {
	for line := range strings.Lines(page) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "|") {
			var cells []string
			for cell := range strings.SplitSeq(strings.Trim(line, "|"), "|") {
				cells = append(cells, strings.TrimSpace(cell))
			}
			list = append(list, cells)
		}
	}
	return list
}

func readPage(t *testing.T) [][]string {
	t.Helper()
	page, err := os.ReadFile("../../docs/limits.md")
	if err != nil {
		t.Fatal(err)
	}
	return rows(string(page))
}

// TestPageHasEveryRate keeps docs/limits.md true to the table of rates.
func TestPageHasEveryRate(t *testing.T) {
	t.Parallel()
	page := readPage(t)
	for kind, r := range rates() {
		i := slices.IndexFunc(page, func(cells []string) bool { return cells[0] == "`"+kind+"`" })
		if i < 0 {
			t.Errorf("docs/limits.md does not know the rate %s", kind)
			continue
		}
		refilled := fmt.Sprintf("%.0f in 1 s", r.perSecond)
		if r.perSecond < 1 {
			refilled = fmt.Sprintf("1 in %.0f s", 1/r.perSecond)
		}
		if got, want := page[i][2:4], []string{fmt.Sprint(r.burst), refilled}; !slices.Equal(got, want) {
			t.Errorf("docs/limits.md says %v of %s, the code %v", got, kind, want)
		}
	}
	for _, cells := range page {
		if name := strings.Trim(cells[0], "`"); name != cells[0] {
			if _, known := rates()[name]; !known {
				t.Errorf("docs/limits.md has the rate %s, the code has not", name)
			}
		}
	}
}

// bounded are the packages whose every maximum has to stand on the page.
var bounded = []string{"api", "signaling", "internal/attach", "internal/auth", "internal/call", "internal/chat", "internal/export", "internal/text", "store/fulltext"}

// TestPageHasEveryBound keeps docs/limits.md true to the constants that it names, and complete.
func TestPageHasEveryBound(t *testing.T) {
	t.Parallel()
	unnamed := map[string]bool{"internal/chat.maxMilli": true} // the last moment that RFC 3339 can spell: not for anybody to reach
	code := map[string]string{}
	for _, folder := range append([]string{"internal/media"}, bounded...) {
		for name, value := range constants(t, folder) {
			code[folder+"."+name] = value
		}
	}
	named := map[string]bool{}
	reference := regexp.MustCompile("^`([a-z/]+\\.\\w+)`$")
	for _, cells := range readPage(t) {
		m := reference.FindStringSubmatch(cells[len(cells)-1])
		if m == nil {
			continue
		}
		named[m[1]] = true
		if cells[2] == "" {
			t.Errorf("docs/limits.md gives no reason for %s", m[1])
		}
		if value := code[m[1]]; value == "" {
			t.Errorf("docs/limits.md names %s, which is no constant", m[1])
		} else if !slices.Contains(spellings(t, value), cells[1]) {
			t.Errorf("docs/limits.md says %s of %s, the code %s", cells[1], m[1], value)
		}
	}
	for name := range code {
		short := name[strings.LastIndexByte(name, '.')+1:]
		if strings.HasPrefix(strings.ToLower(short), "max") && !strings.HasPrefix(name, "internal/media") && !named[name] && !unnamed[name] {
			t.Errorf("docs/limits.md does not name %s", name)
		}
	}
}

// constants reads a package's numeric constants: each with its value in whole numbers, and times in nanoseconds.
func constants(t *testing.T, folder string) map[string]string {
	t.Helper()
	files, err := filepath.Glob("../../" + folder + "/*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: %v, %v", folder, files, err)
	}
	found := map[string]string{}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			decl, ok := d.(*ast.GenDecl)
			if !ok || decl.Tok != token.CONST {
				continue
			}
			for _, s := range decl.Specs {
				spec := s.(*ast.ValueSpec)
				if len(spec.Names) == 1 && len(spec.Values) == 1 {
					if v, ok := evaluate(spec.Values[0]); ok {
						found[spec.Names[0].Name] = v
					}
				}
			}
		}
	}
	return found
}

// evaluate works a constant expression of numbers and units of time out.
func evaluate(e ast.Expr) (string, bool) {
	text := types.ExprString(e)
	for unit, length := range map[string]time.Duration{"time.Millisecond": time.Millisecond, "time.Second": time.Second, "time.Minute": time.Minute, "time.Hour": time.Hour} {
		text = strings.ReplaceAll(text, unit, fmt.Sprint(int64(length)))
	}
	v, err := types.Eval(token.NewFileSet(), nil, token.NoPos, text)
	if err != nil || v.Value == nil || v.Value.Kind() != constant.Int {
		return "", false
	}
	return v.Value.ExactString(), true
}

// spellings are the ways in which the page may write a value: plain, in bytes, or as a time.
func spellings(t *testing.T, value string) []string {
	t.Helper()
	var n int64
	if _, err := fmt.Sscan(value, &n); err != nil {
		t.Fatal(err)
	}
	ways := []string{value}
	for _, u := range []struct {
		name string
		size int64
	}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"s", int64(time.Second)}, {"min", int64(time.Minute)}, {"h", int64(time.Hour)}, {"days", 24 * int64(time.Hour)}} {
		if n >= u.size && n%u.size == 0 {
			ways = append(ways, fmt.Sprint(n/u.size, " ", u.name))
		}
	}
	return ways
}
