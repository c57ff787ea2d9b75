package ice_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"confab/internal/ice"
)

func TestOneEntryWithCredentialsOfTheUser(t *testing.T) {
	t.Parallel()
	servers, err := ice.New("https://chat.example.com", 3478, []byte("secret"))
	if err != nil {
		t.Fatal(err)
	}
	list, ttl := servers.For("ann")
	if len(list) != 1 || ttl != time.Hour {
		t.Fatalf("%+v for %v", list, ttl)
	}
	for _, want := range []string{"stun:chat.example.com:3478", "turn:chat.example.com:3478?transport=udp"} {
		if !slices.Contains(list[0].URLs, want) {
			t.Errorf("%s is not in %v", want, list[0].URLs)
		}
	}
	if !strings.HasSuffix(list[0].Username, ":ann") || list[0].Credential == "" {
		t.Errorf("%+v", list[0])
	}
	if _, err := ice.New("nonsense", 1, nil); err == nil {
		t.Error("a public URL without a host was taken")
	}
}
