package relay

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/pion/turn/v4"

	"confab/sfu/pionlog"
	"confab/sfu/wire"
)

// Config is what a Server needs. Secret is required.
type Config struct {
	Secret []byte // that credentials are made with
	Realm  string // default "confab"
	// TTL is how long credentials made by the caller live; revocations are remembered for so long. Default 1 h.
	TTL time.Duration
	// MaxPerUser bounds the allocations of one user, MaxTotal those of all; defaults 32 (a browser makes one for each
	// server URL and network interface, and people have several devices) and 4,096.
	MaxPerUser, MaxTotal int
	// MaxLifetime is how long an allocation may be refreshed after it was made, if its credentials have run out
	// meanwhile: the longest call. Default 12 h.
	MaxLifetime time.Duration
	// BytesPerSecond bounds each direction of one allocation; default 2.5 MB/s (20 Mbit/s).
	BytesPerSecond int
	Now            func() time.Time // default time.Now
	Log            *slog.Logger     // default: discards
}

func (c Config) withDefaults() (Config, error) {
	if len(c.Secret) == 0 {
		return c, errors.New("relay: no secret")
	}
	if c.Realm == "" {
		c.Realm = "confab"
	}
	setDefault(&c.TTL, time.Hour)
	setDefault(&c.MaxPerUser, 32)
	setDefault(&c.MaxTotal, 4096)
	setDefault(&c.MaxLifetime, 12*time.Hour)
	setDefault(&c.BytesPerSecond, 2_500_000)
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c, nil
}

func setDefault[T int | time.Duration](v *T, def T) {
	if *v <= 0 {
		*v = def
	}
}

// Server is the TURN server on a Mux. Its methods may be called by several goroutines.
type Server struct {
	cfg    Config
	mux    *wire.Mux
	ledger *ledger
	meter  *meter
	turn   *turn.Server

	datagrams *screenedConn
	streams   *screenedListener

	closeOnce sync.Once
	closeErr  error
}

// New starts the TURN server on the mux, whose TURN traffic it takes. Close it before the mux.
func New(cfg Config, mux *wire.Mux) (*Server, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	datagrams, streams, err := mux.TURN()
	if err != nil {
		return nil, err
	}
	s := &Server{cfg: cfg, mux: mux, ledger: newLedger(cfg), meter: newMeter()}
	s.datagrams = &screenedConn{PacketConn: datagrams, server: s}
	s.streams = newScreenedListener(streams, s)
	s.turn, err = turn.NewServer(turn.ServerConfig{
		Realm:         cfg.Realm,
		LoggerFactory: pionlog.New(cfg.Log),
		AuthHandler:   s.authenticate,
		QuotaHandler:  s.ledger.reserve,
		EventHandler: turn.EventHandler{
			OnAllocationCreated: s.ledger.created,
			OnAllocationError:   s.ledger.failed,
		},
		PacketConnConfigs: []turn.PacketConnConfig{{
			PacketConn: s.datagrams, RelayAddressGenerator: generator{s}, PermissionHandler: s.mayReach,
		}},
		ListenerConfigs: []turn.ListenerConfig{{
			Listener: s.streams, RelayAddressGenerator: generator{s}, PermissionHandler: s.mayReach,
		}},
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("relay: %w", err), datagrams.Close(), streams.Close())
	}
	return s, nil
}

// authenticate gives pion/turn the key of a user name (RFC 8489, section 9.2), if it may be used.
func (s *Server) authenticate(username, realm string, client net.Addr) ([]byte, bool) {
	expiry, userID, err := parseUsername(username)
	if err != nil || realm != s.cfg.Realm {
		return nil, false
	}
	if !s.ledger.admits(userID, username, expiry, client) {
		return nil, false
	}
	return turn.GenerateAuthKey(username, realm, passwordOf(s.cfg.Secret, username)), true
}

// Revoke ends all allocations of a user, and refuses credentials made for that user until now.
func (s *Server) Revoke(userID string) { s.ledger.revoke(userID) }

// Allocations is how many allocations there are now.
func (s *Server) Allocations() int { return s.ledger.count() }

// Close ends all allocations and streams and waits for them. It is idempotent.
func (s *Server) Close() error {
	s.closeOnce.Do(func() {
		s.closeErr = s.turn.Close()
		s.streams.wait()
		s.ledger.close()
	})
	return s.closeErr
}
