package ice_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"confab/internal/bus"
	"confab/internal/ice"
)

func TestOneEntryWithCredentialsOfTheUser(t *testing.T) {
	t.Parallel()
	port := 3478
	servers := ice.New("chat.example.com", func() int { return port }, false, []byte("secret"))
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
	if slices.ContainsFunc(list[0].URLs, func(u string) bool { return strings.HasPrefix(u, "turns:") }) {
		t.Errorf("TURN over TLS is offered without TLS: %v", list[0].URLs)
	}
	port = 18080 // the router gives another one
	if list, _ = servers.For("ann"); !slices.Contains(list[0].URLs, "turn:chat.example.com:18080?transport=udp") {
		t.Errorf("the port has changed, but %v is offered", list[0].URLs)
	}
}

func TestTURNOverTLSWhereThereIsTLS(t *testing.T) {
	t.Parallel()
	list, _ := ice.New("2001:db8::1", func() int { return 443 }, true, []byte("secret")).For("ann")
	if want := "turns:[2001:db8::1]:443?transport=tcp"; !slices.Contains(list[0].URLs, want) {
		t.Errorf("%s is not in %v", want, list[0].URLs)
	}
}

type revoked []string

func (r *revoked) Revoke(userID string) { *r = append(*r, userID) }

func TestRevokedSessionsTakeTheRelayWithThem(t *testing.T) {
	t.Parallel()
	var r revoked
	revoker := ice.Revoker{Relay: &r}
	revoker.End(bus.Revoked{UserID: "ann", Reason: "logout"})
	revoker.End(bus.Revoked{UserID: "ben", Reason: "deleted"})
	if !slices.Equal(r, revoked{"ben"}) {
		t.Errorf("revoked: %v", r)
	}
}
