package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"

	"confab/api"
	"confab/internal/admin"
	"confab/internal/attach"
	"confab/internal/auth"
	"confab/internal/bus"
	"confab/internal/call"
	"confab/internal/chat"
	"confab/internal/config"
	"confab/internal/entrance"
	"confab/internal/export"
	"confab/internal/ice"
	"confab/internal/limit"
	"confab/internal/memory"
	"confab/internal/tlsport"
	"confab/sfu"
	"confab/signaling"
	"confab/store"
	"confab/web"
)

// server is everything that runs, in the order in which it was started; shutdown goes the other way.
type server struct {
	folder   *os.File // holds the lock on the data folder
	store    store.Store
	entrance *entrance.Entrance
	media    *sfu.Server
	hub      *signaling.Hub
	calls    *call.Service
	sockets  *signaling.Server
	app      *fiber.App
	admin    *admin.Server
	log      *slog.Logger
	http     sync.WaitGroup // the goroutine that serves HTTP
	tidying  sync.WaitGroup // the goroutines that collect what nobody needs any more
	tidied   func()         // ends them
	failed   chan error     // HTTP stopped by itself
}

// drainTime bounds what has to end quickly once calls are over: closing frames, the last requests, the last commits.
const drainTime = 5 * time.Second

// tidyEvery is how often what nobody needs any more is collected. Nothing waits for it: it is there for the disk.
const tidyEvery = time.Hour

// start brings everything up. On failure, what was started is stopped again.
func start(ctx context.Context, c *config.Config, log *slog.Logger) (_ *server, err error) {
	s := &server{log: log, failed: make(chan error, 1)}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.shutdown(0))
		}
	}()
	if s.folder, err = lockData(c.DataDir); err != nil {
		return nil, err
	}
	if s.store, err = openStore(ctx, c, log); err != nil {
		return nil, err
	}
	if err = s.openMedia(ctx, c); err != nil {
		return nil, err
	}
	c.Bound(s.entrance.Port.Port())

	events := &bus.Local{}
	limits := limit.New(c.RateLimitScale)
	registry := call.NewRegistry()
	s.hub = signaling.NewHub(signaling.HubConfig{Store: s.store, Log: log})
	blobs, err := openBlobs(ctx, c, filepath.Join(c.DataDir, "uploads"))
	if err != nil {
		return nil, err
	}
	files := attach.New(attach.Config{Store: s.store, Blobs: blobs, Secret: []byte(c.JWTSecret), Log: log})
	chats := chat.New(chat.Config{Store: s.store, Bus: events, Presence: s.hub, Calls: registry, Link: files.Link, Afford: files.Afford,
		Join: func(token string) string { return c.PublicURL + "/join/" + token }, Log: log})
	accounts := auth.New(auth.Config{Store: s.store, Bus: events, Secret: []byte(c.JWTSecret), Chats: chats, Limits: limits, Log: log})
	exports, err := export.New(export.Config{Store: s.store, Blobs: blobs, Chats: chats, Accounts: accounts,
		Secret: []byte(c.JWTSecret), Dir: filepath.Join(c.DataDir, "exports"), Log: log})
	if err != nil {
		return nil, err
	}
	s.calls = call.New(call.Config{Store: s.store, Bus: events, Chats: chats, Sessions: accounts, SFU: s.media, Registry: registry, Log: log})
	events.Subscribe(s.calls) // before the hub: see call.Service
	events.Subscribe(s.hub)
	events.Subscribe(ice.Revoker{Relay: s.entrance.TURN})
	if err = s.calls.Recover(ctx); err != nil {
		return nil, fmt.Errorf("close the calls of the last run: %w", err)
	}
	s.sockets = signaling.New(signaling.Config{
		Hub: s.hub, Auth: accounts, Chats: chats, Calls: s.calls, Store: s.store, Limits: limits,
		Origins: append([]string{c.PublicURL}, c.CORSOrigins...), Log: log,
	})
	proxies, err := c.Proxies()
	if err != nil {
		return nil, err
	}
	s.app = api.NewApp(api.Config{
		Auth: accounts, Chats: chats, Calls: s.calls, Limits: limits, Files: files, Exports: exports, ICE: s.iceServers(c).For, Ready: s.ready,
		HSTS: s.entrance.HSTS(), Version: version, CORSOrigins: c.CORSOrigins, TrustedProxies: proxies, Log: log,
	})
	s.sockets.Register(s.app)
	if err = api.ServeApp(s.app, web.App()); err != nil {
		return nil, err
	}
	if c.AdminListen != "off" {
		metrics := admin.Metrics(s.sources())
		if s.admin, err = admin.Listen(c.AdminListen, metrics, log); err != nil {
			return nil, err
		}
	}
	s.tidy(files, accounts)
	s.http.Go(func() {
		if err := s.app.Listener(s.entrance.Port.HTTP()); err != nil {
			s.failed <- fmt.Errorf("serve HTTP: %w", err)
		}
	})
	return s, nil
}

// sources are where the metrics come from.
func (s *server) sources() admin.Sources {
	return admin.Sources{
		Media: s.media.Totals,
		Port:  s.entrance.Port.Stats,
		Sockets: func() (open int64, overflows uint64) {
			stats := s.hub.Stats()
			return stats.Sockets, stats.Overflows
		},
		Relayed: s.entrance.TURN.Allocations,
		Public:  func() int { return len(s.entrance.Outside().Addresses) },
	}
}

// tidy starts the collection of orphaned files, old sessions, and garbage.
func (s *server) tidy(files *attach.Service, accounts *auth.Service) {
	ctx, cancel := context.WithCancel(context.Background())
	s.tidied = cancel
	s.tidying.Go(func() {
		ticker := time.NewTicker(tidyEvery)
		defer ticker.Stop()
		files.Run(ctx, ticker.C)
	})
	s.tidying.Go(func() {
		ticker := time.NewTicker(tidyEvery)
		defer ticker.Stop()
		accounts.Run(ctx, ticker.C)
	})
	s.tidying.Go(func() {
		ticker := time.NewTicker(memory.Period)
		defer ticker.Stop()
		memory.New().Run(ctx, ticker.C)
	})
}

// ready tells why requests cannot be served now, or nil.
func (s *server) ready(ctx context.Context) error {
	if err := s.entrance.Port.Err(); err != nil {
		return fmt.Errorf("media socket: %w", err)
	}
	return s.store.Ping(ctx)
}

// openMedia opens the port and starts what lives on it below HTTP.
func (s *server) openMedia(ctx context.Context, c *config.Config) error {
	public, err := c.PublicAddresses()
	if err != nil {
		return err
	}
	plain := ""
	if c.Domain != "" {
		plain = ":80"
	}
	s.entrance, err = entrance.Open(ctx, entrance.Config{
		Listen: c.Listen, PublicIPs: public, PublicPort: c.PublicPort, Names: []string{c.PublicHost()}, STUN: c.STUN,
		MapPort: c.MapPort, TLS: certificates(c), PlainListen: plain, TURNSecret: []byte(c.TURNSecret), Log: s.log,
	})
	if err != nil {
		return err
	}
	s.media, err = sfu.New(sfu.Config{Transport: s.entrance.Port, Log: s.log})
	return err
}

// certificates says where HTTPS has its certificate from, if it is on.
func certificates(c *config.Config) tlsport.Config {
	t := tlsport.Config{
		Email: c.ACMEEmail, DirectoryURL: c.ACMEDirectory, CertFile: c.TLSCert, KeyFile: c.TLSKey,
		SelfSigned: c.TLSSelfSigned, Hosts: []string{c.PublicHost()}, Dir: filepath.Join(c.DataDir, "tls"),
	}
	if c.Domain != "" {
		t.Domains = []string{c.Domain}
	}
	return t
}

// iceServers names STUN and TURN as clients reach them.
func (s *server) iceServers(c *config.Config) *ice.Servers {
	return ice.New(c.PublicHost(), s.entrance.PublicPort, s.entrance.Secure(), []byte(c.TURNSecret))
}

// shutdown ends in the opposite order of start: running calls may go on for grace, then clients are told to come back
// later, requests end, and the database is closed last, with nothing half-written. Parts that were never started are
// passed over.
func (s *server) shutdown(grace time.Duration) error {
	var errs []error
	within := func(d time.Duration, end func(context.Context) error) {
		ctx, cancel := context.WithTimeout(context.Background(), d)
		defer cancel()
		errs = append(errs, end(ctx))
	}
	if s.sockets != nil {
		s.sockets.Drain()
	}
	if s.calls != nil {
		within(grace, s.calls.Close)
	}
	if s.sockets != nil {
		within(drainTime, s.sockets.Shutdown)
	}
	if s.app != nil {
		within(drainTime, s.app.ShutdownWithContext)
		s.http.Wait()
	}
	if s.tidied != nil {
		s.tidied()
		s.tidying.Wait()
	}
	if s.admin != nil {
		within(drainTime, s.admin.Close)
	}
	if s.hub != nil {
		s.hub.Close()
	}
	if s.media != nil {
		errs = append(errs, s.media.Close())
	}
	if s.entrance != nil {
		errs = append(errs, s.entrance.Close())
	}
	if s.store != nil {
		errs = append(errs, s.store.Close())
	}
	if s.folder != nil {
		errs = append(errs, s.folder.Close())
	}
	return errors.Join(errs...)
}
