package signaling

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestReferenceNamesEveryEvent keeps docs/protocol.md true to the code: every event that a client may send and that the
// server sends, every close code, every code of a refusal.
func TestReferenceNamesEveryEvent(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("../docs/protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	for event := range New(Config{Hub: NewHub(HubConfig{})}).events {
		if !strings.Contains(string(doc), "`"+event) {
			t.Errorf("docs/protocol.md does not know the event %s", event)
		}
	}
	constant := regexp.MustCompile(`(?m)^\s+(?:Event|event|Code|code|Close)\w+\s*=\s*(?:"([a-z_:-]+)"|(\d+))`)
	never := map[string]bool{
		"1000": true, "1001": true, "1005": true, // what any WebSocket does
		"bad_origin": true, "draining": true, // in the handshake, as HTTP statuses
	}
	for _, file := range []string{"codes.go", "chat_events.go", "presence.go", "../internal/call/codes.go", "../internal/call/events.go", "../internal/chat/events.go"} {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		found := constant.FindAllStringSubmatch(string(source), -1)
		if len(found) == 0 {
			t.Errorf("%s has no constants", file)
		}
		for _, m := range found {
			name := m[1] + m[2]
			if !never[name] && !strings.Contains(string(doc), name) {
				t.Errorf("docs/protocol.md does not know %s of %s", name, file)
			}
		}
	}
}

// TestReferenceNamesTestsThatExist keeps the reference's list of guarantees from naming tests that are gone.
func TestReferenceNamesTestsThatExist(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("../docs/protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	missing := map[string]bool{}
	for _, m := range regexp.MustCompile("`(Test\\w+)`").FindAllStringSubmatch(string(doc), -1) {
		missing[m[1]] = true
	}
	if len(missing) < 10 {
		t.Errorf("the reference names only %d tests", len(missing))
	}
	for _, folder := range []string{"../cmd", "../internal", "../store", "."} {
		err := filepath.WalkDir(folder, func(name string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(name, "_test.go") {
				return err
			}
			source, err := os.ReadFile(name)
			for test := range missing {
				if strings.Contains(string(source), "func "+test+"(") {
					delete(missing, test)
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for test := range missing {
		t.Errorf("docs/protocol.md names %s, which is no test", test)
	}
}
