package sfu

import (
	"log/slog"
	"net/netip"
)

// Config is what a Server needs. Only Transport is required.
type Config struct {
	Transport Transport
	Log       *slog.Logger // default: discards
	// PublicIPs are addresses under which the transport's port can be reached from outside (1:1 NAT); candidates for
	// them are offered beside those of the local interfaces.
	PublicIPs []netip.Addr
	// Loopback offers loopback candidates too: for tests, and for a browser on the same machine.
	Loopback bool
	MaxRooms int // default 10,000
	MaxLegs  int // per room, default 1,000
}

// Server makes rooms that share one transport. Its methods may be called by several goroutines.
type Server struct {
	cfg Config
}

// New makes a Server. It fails if the configuration makes no sense.
func New(cfg Config) (*Server, error) { return &Server{cfg: cfg}, nil }

// NewRoom makes an empty room. It lives until Room.Close.
func (s *Server) NewRoom(h RoomHandler) (*Room, error) { return &Room{server: s, handler: h}, nil }

// Totals returns the server's counters.
func (s *Server) Totals() Totals { return Totals{} }

// Close closes all rooms and waits until nothing of them is left. It is idempotent.
func (s *Server) Close() error { return nil }
