// Package signaling is the realtime side: WebSocket sessions, the event protocol, fan-out and presence.
package signaling

import (
	"context"
	"log/slog"
	"time"

	"github.com/gofiber/fiber/v2"

	"confab/internal/auth"
	"confab/internal/bus"
	"confab/internal/call"
	"confab/internal/chat"
	"confab/store"
)

// HubConfig is what a Hub needs. Durations of zero take the defaults.
type HubConfig struct {
	Store        store.Store // for lastSeenAt, and for who may see whose presence
	Now          func() time.Time
	Log          *slog.Logger
	OfflineGrace time.Duration // 5 s: how long somebody without a socket still counts as online
}

// Hub knows who is connected.
type Hub struct{ cfg HubConfig }

// NewHub makes an empty Hub. Subscribe it to the bus.
func NewHub(cfg HubConfig) *Hub { return &Hub{cfg: cfg} }

// Online implements chat.Presence.
func (h *Hub) Online(userID store.ID) bool { return false }

// Deliver implements bus.Receiver.
func (h *Hub) Deliver(e bus.Event) {}

// End implements bus.Receiver.
func (h *Hub) End(r bus.Revoked) {}

// Auth is what this package needs of internal/auth.
type Auth interface {
	Verify(ctx context.Context, accessToken string) (auth.Identity, error)
}

// Limiter is what this package needs of internal/limit.
type Limiter interface {
	Allow(kind, key string) (ok bool, retryAfter time.Duration)
}

// Config is what a Server needs. Durations of zero take the defaults.
type Config struct {
	Hub     *Hub
	Auth    Auth
	Chats   *chat.Service
	Calls   *call.Service
	Store   store.Store // for its epoch
	Limits  Limiter     // nil: no limits
	Origins []string    // further origins whose pages may connect, as "https://host:port"; the server's own always may
	Now     func() time.Time
	Log     *slog.Logger
}

// Server serves the sockets.
type Server struct{ cfg Config }

// New makes a Server.
func New(cfg Config) *Server { return &Server{cfg: cfg} }

// Register adds GET /ws.
func (s *Server) Register(app fiber.Router) {}

// Shutdown refuses new sockets, asks all clients to reconnect elsewhere or later (close 1012), and waits for the
// sockets to go until ctx is done; then it cuts them. It is idempotent.
func (s *Server) Shutdown(ctx context.Context) error { return nil }

var (
	_ bus.Receiver  = (*Hub)(nil)
	_ chat.Presence = (*Hub)(nil)
	_ bus.Receiver  = (*call.Service)(nil)
	_ chat.Calls    = (*call.Registry)(nil)
)
