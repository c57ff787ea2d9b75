// Package ice makes the list of ICE servers that a client is given: Confab's own STUN and TURN, on the port that serves
// everything else.
package ice

import (
	"fmt"
	"net"
	"net/url"
	"strconv"
	"time"

	"confab/sfu/relay"
	"confab/store"
)

// ttl is how long credentials last. A client asks again before its next call, so this only has to outlive the time
// from asking to connecting; an allocation that stands is refreshed beyond it.
const ttl = time.Hour

// Server is one entry of RTCConfiguration.iceServers.
type Server struct {
	URLs       []string `json:"urls"`
	Username   string   `json:"username,omitempty"`
	Credential string   `json:"credential,omitempty"`
}

// Servers answers GET /ice-servers. It is a value and safe for concurrent use.
type Servers struct {
	secret []byte
	urls   []string
}

// New names the servers by the host of publicURL and port, the one that media listens on.
func New(publicURL string, port int, secret []byte) (*Servers, error) {
	u, err := url.Parse(publicURL)
	if err != nil || u.Hostname() == "" {
		return nil, fmt.Errorf("no host in %q", publicURL)
	}
	at := net.JoinHostPort(u.Hostname(), strconv.Itoa(port))
	return &Servers{
		secret: secret,
		urls:   []string{"stun:" + at, "turn:" + at + "?transport=udp", "turn:" + at + "?transport=tcp"},
	}, nil
}

// For makes the list for one user, with credentials of that user and the time they last. It is one entry, since the one
// port is STUN and TURN alike; STUN passes over the credentials.
func (s *Servers) For(userID store.ID) ([]Server, time.Duration) {
	username, password := relay.Credentials(s.secret, string(userID), ttl, time.Now())
	return []Server{{URLs: s.urls, Username: username, Credential: password}}, ttl
}
