// Package ice makes the list of ICE servers that a client is given: Confab's own STUN and TURN, on the port that serves
// everything else.
package ice

import (
	"net"
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

// Servers answers GET /ice-servers. It never changes, so it is safe for concurrent use.
type Servers struct {
	host   string
	port   func() int
	secure bool
	secret []byte
}

// New names the servers by the host and port at which media is reached from outside. The port is asked for each time: the
// router may have given another one meanwhile. With secure, TURN is offered over TLS too, which passes firewalls that let
// nothing but HTTPS through.
func New(host string, port func() int, secure bool, secret []byte) *Servers {
	return &Servers{host: host, port: port, secure: secure, secret: secret}
}

// For makes the list for one user, with credentials of that user and the time they last. It is one entry, since the one
// port is STUN and TURN alike; STUN passes over the credentials.
func (s *Servers) For(userID store.ID) ([]Server, time.Duration) {
	at := net.JoinHostPort(s.host, strconv.Itoa(s.port()))
	urls := []string{"stun:" + at, "turn:" + at + "?transport=udp", "turn:" + at + "?transport=tcp"}
	if s.secure {
		urls = append(urls, "turns:"+at+"?transport=tcp")
	}
	username, password := relay.Credentials(s.secret, string(userID), ttl, time.Now())
	return []Server{{URLs: urls, Username: username, Credential: password}}, ttl
}
