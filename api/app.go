package api

import (
	"context"
	"log/slog"
	"net/netip"
	"runtime/debug"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/cors"

	"confab/internal/attach"
	"confab/internal/auth"
	"confab/internal/call"
	"confab/internal/chat"
	"confab/internal/export"
	"confab/internal/ice"
	"confab/internal/peer"
	"confab/store"
)

const (
	// maxBody bounds a JSON body, in bytes: the longest message, every character escaped, is half of it.
	maxBody = 256 << 10
	// headerRoom bounds the request line and headers, in bytes: a token and what proxies and browsers add. Each
	// connection has a buffer of this size until it becomes a socket.
	headerRoom = 8192
	// readTimeout is how long a client may take to send a request. It is also how long a slow one can hold a worker.
	readTimeout = 30 * time.Second
	// writeTimeout is how long an answer may take to be taken off our hands: a large file over a bad line.
	writeTimeout = 10 * time.Minute
	// idleTimeout is how long a connection without a request is kept.
	idleTimeout = 2 * time.Minute
	// handlerTimeout bounds the work on one request; it reaches down to the queries.
	handlerTimeout = 20 * time.Second
)

// Calls is what this package needs of internal/call.
type Calls interface {
	History(ctx context.Context, actor, chatID store.ID, limit int, cursor string) (call.RecordPage, error)
}

// Limiter is what this package needs of internal/limit.
type Limiter interface {
	Allow(kind, key string) (ok bool, retryAfter time.Duration)
}

// Config is what the API needs.
type Config struct {
	Auth   *auth.Service
	Chats  *chat.Service
	Calls  Calls
	Limits Limiter
	// ICE makes short-lived TURN credentials for a user, and tells how long they last.
	ICE func(userID store.ID) ([]ice.Server, time.Duration)
	// Files keeps uploads.
	Files *attach.Service
	// Exports gives people their data. Without it there are no routes for that.
	Exports *export.Service
	// Ready tells why the server cannot serve, or nil.
	Ready func(ctx context.Context) error

	HSTS           string         // the header Strict-Transport-Security; "" for none
	Version        string         // of the program, as the OpenAPI document names it
	CORSOrigins    []string       // further origins whose pages may call, as "https://host:port"
	TrustedProxies []netip.Prefix // whose X-Forwarded-For is believed
	Log            *slog.Logger   // discards when nil
}

// API is the routes with what they need.
type API struct {
	cfg  Config
	log  *slog.Logger
	huma huma.API
}

// NewApp makes the app with all REST routes on it.
func NewApp(cfg Config) *fiber.App {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	a := &API{cfg: cfg, log: cfg.Log}
	app := fiber.New(fiber.Config{
		AppName:               "Confab",
		DisableStartupMessage: true,
		Immutable:             true, // strings from requests outlive them: in sessions, logs and the database's batches
		BodyLimit:             maxBody,
		ReadBufferSize:        headerRoom,
		// Files go to disk as they come. It makes BodyLimit the size up to which fasthttp may read ahead; the limit of
		// a JSON body is huma's to keep (maxBody again), that of a file is its own, and drain sees to the rest.
		StreamRequestBody:            true,
		DisablePreParseMultipartForm: true,
		ReadTimeout:                  readTimeout,
		WriteTimeout:                 writeTimeout,
		IdleTimeout:                  idleTimeout,
		ErrorHandler:                 a.fail,
	})
	a.refuseUnknownMethods(app)
	app.Use(a.observe, drain, a.recover, peer.Middleware(cfg.TrustedProxies), a.secure)
	if len(cfg.CORSOrigins) > 0 {
		app.Use(cors.New(cors.Config{
			AllowOrigins:  strings.Join(cfg.CORSOrigins, ","),
			AllowMethods:  "GET,POST,PUT,PATCH,DELETE",
			AllowHeaders:  "Authorization,Content-Type",
			ExposeHeaders: "Retry-After,WWW-Authenticate",
			MaxAge:        600,
		}))
	}
	app.Use(deadline)
	a.huma = newHuma(app, cfg.Version)
	a.authRoutes()
	a.userRoutes()
	a.chatRoutes()
	a.memberRoutes()
	a.invitationRoutes()
	a.messageRoutes()
	a.callRoutes()
	a.fileRoutes()
	if cfg.Exports != nil {
		a.exportRoutes()
	}
	a.healthRoutes()
	a.document(app)
	answerHead(app)
	return app
}

// observe writes the access log: never the query, where a socket's token may be, no header, and no invitation's link.
func (a *API) observe(c *fiber.Ctx) error {
	if !a.log.Enabled(c.Context(), slog.LevelDebug) {
		return c.Next()
	}
	start := time.Now()
	err := c.Next()
	if err != nil { // so that the status is the one that goes out
		err = a.fail(c, err)
	}
	a.log.Debug("request", "method", c.Method(), "path", pathOf(c), "status", c.Response().StatusCode(),
		"took", time.Since(start).Round(10*time.Microsecond), "address", peer.Address(c))
	return err
}

// pathOf is a request's path as it may be logged.
func pathOf(c *fiber.Ctx) string {
	if strings.HasPrefix(c.Path(), joinPlace) {
		return joinPlace + "…"
	}
	return c.Path()
}

// recover ends a request that panicked, and nothing else.
func (a *API) recover(c *fiber.Ctx) (err error) {
	defer func() {
		if r := recover(); r != nil {
			a.log.Error("panic in a request", "method", c.Method(), "path", pathOf(c), "panic", r, "stack", string(debug.Stack()))
			err = fiber.ErrInternalServerError
		}
	}()
	return c.Next()
}

// secure sets the headers that hold for every answer. Pages loosen the policy for themselves.
func (a *API) secure(c *fiber.Ctx) error {
	a.setSecure(c)
	return c.Next()
}

func (a *API) setSecure(c *fiber.Ctx) {
	c.Set("X-Content-Type-Options", "nosniff")
	if a.cfg.HSTS != "" {
		c.Set(fiber.HeaderStrictTransportSecurity, a.cfg.HSTS)
	}
	c.Set("X-Frame-Options", "DENY")
	c.Set("Referrer-Policy", "no-referrer")
	c.Set("Cross-Origin-Opener-Policy", "same-origin")
	c.Set("Cross-Origin-Resource-Policy", "same-origin")
	if len(a.cfg.CORSOrigins) > 0 { // their pages show pictures from here, and browsers name no origin when they fetch those
		c.Set("Cross-Origin-Resource-Policy", "cross-origin")
	}
	c.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	c.Set("Cache-Control", "no-store")
}

// deadline bounds the work on REST requests. A socket's handler makes contexts of its own.
func deadline(c *fiber.Ctx) error {
	ctx, cancel := context.WithTimeout(c.UserContext(), handlerTimeout)
	defer cancel()
	c.SetUserContext(ctx)
	return c.Next()
}
