package wire

import (
	"strings"
	"testing"

	"github.com/pion/webrtc/v4"

	"confab/sfu/internal/calltest"
)

// After an ICE restart (the client has moved) the leg has a new fragment and the same candidates.
func TestRestart(t *testing.T) {
	t.Parallel()
	m := listen(t)
	server, client := calltest.Leg(t, m), calltest.Client(t, webrtc.NetworkTypeUDP4)
	down, gotUp := calltest.Media(t, server)
	up, gotDown := calltest.Media(t, client)
	calltest.Connect(t, client, server)
	calltest.Exchange(t, up, down, gotUp, gotDown)
	m.ice.mu.RLock()
	before := len(m.ice.legs)
	m.ice.mu.RUnlock()
	calltest.Restart(t, client, server)
	calltest.Exchange(t, up, down, gotUp, gotDown)
	if n := strings.Count(server.LocalDescription().SDP, "a=candidate"); n == 0 {
		t.Error("the answer has no candidates")
	}
	m.ice.mu.RLock()
	defer m.ice.mu.RUnlock()
	if after := len(m.ice.legs); after != before {
		t.Errorf("%d fragments are known, there were %d", after, before)
	}
}
