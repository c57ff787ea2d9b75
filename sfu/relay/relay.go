// Package relay is the TURN server, whose allocations end inside the process.
package relay

import (
	"errors"
	"log/slog"
	"time"

	"confab/sfu/wire"
)

// Config is what a Server needs. Secret is required.
type Config struct {
	Secret []byte // of the credentials
	Realm  string // default "confab"
	// TTL is how long credentials made by the caller live; revocations are remembered for so long. Default 1 h.
	TTL time.Duration
	// MaxPerUser bounds the allocations of one user, MaxTotal those of all; defaults 32 and 4,096.
	MaxPerUser, MaxTotal int
	// BytesPerSecond bounds each direction of one allocation; default 2.5 MB/s (20 Mbit/s).
	BytesPerSecond int
	Now            func() time.Time // default time.Now
	Log            *slog.Logger     // default: discards
}

// Server is the TURN server on a Mux. Its methods may be called by several goroutines.
type Server struct{}

// New starts the TURN server on the mux. Close it before the mux.
func New(cfg Config, mux *wire.Mux) (*Server, error) { return nil, errors.ErrUnsupported }

// Revoke ends all allocations of a user, and refuses credentials made for that user until now.
func (s *Server) Revoke(userID string) {}

// Close ends all allocations and waits. It is idempotent.
func (s *Server) Close() error { return nil }

// Credentials makes a user name and password by the TURN REST convention (draft-uberti-behave-turn-rest-00): the name is
// "expiry:userID" with the expiry in Unix seconds, the password base64(HMAC-SHA1(secret, name)).
func Credentials(secret []byte, userID string, ttl time.Duration, now time.Time) (username, password string) {
	return "", ""
}
