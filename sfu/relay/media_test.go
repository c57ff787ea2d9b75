package relay

import (
	"crypto/tls"
	"net"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"
	"golang.org/x/net/proxy"

	"confab/sfu/internal/calltest"
	"confab/sfu/wire"
)

// tlsDialer makes TLS connections that trust any certificate: what is tested is the way, not the trust.
type tlsDialer struct{}

func (tlsDialer) Dial(network, address string) (net.Conn, error) {
	return tls.Dial(network, address, &tls.Config{InsecureSkipVerify: true}) // a test
}

func TestRelayedMediaFlowsBothWays(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		scheme, transport string
		listen            string
		tls               bool
		dialer            proxy.Dialer
	}{
		"UDP":                  {"turn", "udp", "127.0.0.1:0", false, nil},
		"UDP on every address": {"turn", "udp", ":0", false, nil},
		"TCP":                  {"turn", "tcp", "127.0.0.1:0", false, nil},
		"TCP beside TLS":       {"turn", "tcp", "127.0.0.1:0", true, nil},
		"TLS":                  {"turns", "tcp", "127.0.0.1:0", true, tlsDialer{}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, s := serve(t, func(w *wire.Config, _ *Config) {
				w.Listen = c.listen
				if c.tls {
					w.TLS = selfSigned(t)
				}
			})
			username, password := Credentials([]byte(testSecret), "user", time.Minute, time.Now())
			client := calltest.Relayed(t, webrtc.ICEServer{
				URLs: []string{c.scheme + ":" + hostPort(m) + "?transport=" + c.transport}, Username: username, Credential: password,
			}, c.dialer)
			server := calltest.Leg(t, m)
			down, gotUp := calltest.Media(t, server)
			up, gotDown := calltest.Media(t, client)
			calltest.Connect(t, client, server)
			calltest.Exchange(t, up, down, gotUp, gotDown)

			pair, err := client.SCTP().Transport().ICETransport().GetSelectedCandidatePair()
			if err != nil || pair == nil || pair.Local.Typ != webrtc.ICECandidateTypeRelay {
				t.Errorf("the client is not relayed: %v, %v", pair, err)
			}
			if n := s.Allocations(); n == 0 {
				t.Error("media flows without an allocation")
			}
		})
	}
}
