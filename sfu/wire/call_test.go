package wire

import (
	"testing"

	"github.com/pion/webrtc/v4"

	"confab/sfu/internal/calltest"
)

func TestMediaFlowsBothWays(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		listen  string
		network webrtc.NetworkType
	}{
		"UDP":                       {"127.0.0.1:0", webrtc.NetworkTypeUDP4},
		"UDP on every address":      {":0", webrtc.NetworkTypeUDP4},
		"UDP on every IPv4 address": {"0.0.0.0:0", webrtc.NetworkTypeUDP4},
		"UDP over IPv6":             {"[::1]:0", webrtc.NetworkTypeUDP6},
		"TCP":                       {"127.0.0.1:0", webrtc.NetworkTypeTCP4},
		"TCP on every address":      {":0", webrtc.NetworkTypeTCP4},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := listen(t, func(cfg *Config) { cfg.Listen = c.listen })
			server, client := calltest.Leg(t, m), calltest.Client(t, c.network)
			down, gotUp := calltest.Media(t, server)
			up, gotDown := calltest.Media(t, client)
			calltest.Connect(t, client, server)
			calltest.Exchange(t, up, down, gotUp, gotDown)
			pair, err := server.SCTP().Transport().ICETransport().GetSelectedCandidatePair()
			if err != nil || pair == nil {
				t.Fatalf("no selected pair: %v", err)
			}
			if int(pair.Local.Port) != m.Port() {
				t.Errorf("media flows over %s, not over port %d", pair.Local, m.Port())
			}
		})
	}
}
