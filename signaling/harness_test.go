package signaling_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fasthttp/websocket"
	"go.uber.org/goleak"

	"confab/api"
	"confab/internal/auth"
	"confab/internal/bus"
	"confab/internal/call"
	"confab/internal/chat"
	"confab/internal/enginetest"
	"confab/internal/ice"
	"confab/internal/limit"
	"confab/sfu"
	"confab/sfu/wire"
	"confab/signaling"
	"confab/store"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		// fasthttp's pool of workers is told to stop, and notices when it next wakes up, up to ten seconds later.
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*workerPool).Start.func2"),
		// One goroutine per process keeps the text of the Date header.
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.updateServerDate.func1"))
}

// patience is how long a test waits for something that must come. It is only ever spent by a test that fails.
const patience = 20 * time.Second

// house is a whole server on a port of its own, every part real.
type house struct {
	t      *testing.T
	store  store.Store
	bus    *bus.Local
	auth   *auth.Service
	chats  *chat.Service
	calls  *call.Service
	hub    *signaling.Hub
	server *signaling.Server
	media  *sfu.Server
	addr   string
	ahead  atomic.Int64 // how far the server's clock is ahead of time.Now
	people atomic.Int64
}

// plan is what a test wants different.
type plan struct {
	store  store.Store // SQLite, where it does not matter
	hub    signaling.HubConfig
	server signaling.Config
	calls  call.Config
}

func newHouse(t *testing.T, p plan) *house {
	t.Helper()
	if p.store == nil {
		p.store = enginetest.SQLite(t)
	}
	h := &house{t: t, store: p.store, bus: &bus.Local{}}
	mux, err := wire.Listen(wire.Config{Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	if h.media, err = sfu.New(sfu.Config{Transport: mux, Loopback: true}); err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))

	p.hub.Store, p.hub.Now, p.hub.Log = h.store, h.now, log
	h.hub = signaling.NewHub(p.hub)
	registry := call.NewRegistry()
	h.chats = chat.New(chat.Config{Store: h.store, Bus: h.bus, Presence: h.hub, Calls: registry, Now: h.now, Log: log})
	h.auth = auth.New(auth.Config{
		Store: h.store, Bus: h.bus, Secret: []byte(strings.Repeat("s", 32)), Chats: h.chats, Now: h.now, Log: log, Cost: 4,
	})
	p.calls.Store, p.calls.Bus, p.calls.Chats, p.calls.SFU = h.store, h.bus, h.chats, h.media
	p.calls.Registry, p.calls.Now, p.calls.Log = registry, h.now, log
	if p.calls.Sessions == nil {
		p.calls.Sessions = h.auth
	}
	h.calls = call.New(p.calls)
	h.bus.Subscribe(h.calls)
	h.bus.Subscribe(h.hub)
	p.server.Hub, p.server.Auth, p.server.Chats, p.server.Calls = h.hub, h.auth, h.chats, h.calls
	limits := limit.New(1000)
	if p.server.Limits == nil {
		p.server.Limits = limits
	}
	p.server.Store, p.server.Now, p.server.Log = h.store, h.now, log
	h.server = signaling.New(p.server)

	app := api.NewApp(api.Config{
		Auth: h.auth, Chats: h.chats, Calls: h.calls, Limits: limits, Log: log,
		ICE:   func(store.ID) ([]ice.Server, time.Duration) { return nil, time.Hour },
		Ready: func(context.Context) error { return nil },
	})
	h.server.Register(app)
	h.addr = fmt.Sprintf("127.0.0.1:%d", mux.Port())
	served := make(chan error, 1)
	go func() { served <- app.Listener(mux.HTTP()) }()

	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		at, stop := context.WithCancel(ctx)
		stop() // calls end at once
		check(t, h.calls.Close(at))
		check(t, h.server.Shutdown(ctx))
		h.hub.Close()
		check(t, app.ShutdownWithContext(ctx))
		check(t, <-served)
		check(t, h.media.Close())
		check(t, mux.Close())
	})
	return h
}

// eachEngine runs a test in a house on each database.
func eachEngine(t *testing.T, test func(t *testing.T, h *house)) {
	t.Helper()
	enginetest.Each(t, func(t *testing.T, s store.Store) { test(t, newHouse(t, plan{store: s})) })
}

func (h *house) now() time.Time { return time.Now().Add(time.Duration(h.ahead.Load())) }

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
}

// user is somebody with one signed-in session.
type user struct {
	h        *house
	id       store.ID
	name     string
	token    string
	refresh  string
	identity auth.Identity
}

func (h *house) user() *user {
	h.t.Helper()
	name := fmt.Sprintf("person%d", h.people.Add(1))
	tokens, u, err := h.auth.Register(context.Background(), auth.Registration{
		Email: name + "@example.org", Username: name, Password: "a fine password", DisplayName: name,
	}, auth.Client{})
	if err != nil {
		h.t.Fatal(err)
	}
	return h.signedIn(u.ID, name, tokens)
}

// another signs the same person in once more.
func (u *user) another() *user {
	u.h.t.Helper()
	tokens, _, err := u.h.auth.Login(context.Background(), u.name, "a fine password", "", auth.Client{})
	if err != nil {
		u.h.t.Fatal(err)
	}
	return u.h.signedIn(u.id, u.name, tokens)
}

func (h *house) signedIn(id store.ID, name string, tokens auth.Tokens) *user {
	h.t.Helper()
	identity, err := h.auth.Verify(context.Background(), tokens.AccessToken)
	if err != nil {
		h.t.Fatal(err)
	}
	return &user{h, id, name, tokens.AccessToken, tokens.RefreshToken, identity}
}

// group makes a chat of the first user's with all the others.
func (h *house) group(owner *user, others ...*user) store.ID {
	h.t.Helper()
	in := chat.CreateInput{Type: store.Group, Name: "group"}
	for _, u := range others {
		in.MemberIDs = append(in.MemberIDs, u.id)
	}
	return h.newChat(owner, in)
}

func (h *house) direct(a, b *user) store.ID {
	h.t.Helper()
	return h.newChat(a, chat.CreateInput{Type: store.Direct, MemberIDs: []store.ID{b.id}})
}

func (h *house) newChat(owner *user, in chat.CreateInput) store.ID {
	h.t.Helper()
	c, _, err := h.chats.CreateChat(context.Background(), owner.id, in)
	if err != nil {
		h.t.Fatal(err)
	}
	return c.ID
}

// message is a frame from the server.
type message struct {
	Event string          `json:"event"`
	ID    json.RawMessage `json:"id"`
	Data  json.RawMessage `json:"data"`
	Error *struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	} `json:"error"`
}

// into reads the frame's data.
func (m message) into(t *testing.T, v any) {
	t.Helper()
	if err := json.Unmarshal(m.Data, v); err != nil {
		t.Fatalf("%s: %v in %s", m.Event, err, m.Data)
	}
}

// client is a device with a socket. Its methods are called by the test's goroutine.
type client struct {
	t      *testing.T
	ws     *websocket.Conn
	frames chan message
	err    error // why frames ended
	aside  []message
	lastID int
	ready  message
}

// dial makes the handshake and nothing else.
func (h *house) dial(header http.Header, query string) (*websocket.Conn, *http.Response, error) {
	d := websocket.Dialer{HandshakeTimeout: patience}
	return d.Dial("ws://"+h.addr+"/ws"+query, header)
}

// attach begins to read a socket. It waits for nothing.
func (h *house) attach(t *testing.T, ws *websocket.Conn) *client {
	c := &client{t: t, ws: ws, frames: make(chan message, 1<<14)}
	go func() {
		defer close(c.frames)
		for {
			_, raw, err := ws.ReadMessage()
			if err != nil {
				c.err = err
				return
			}
			var m message
			if err := json.Unmarshal(raw, &m); err != nil {
				c.err = fmt.Errorf("frame from the server: %w: %s", err, raw)
				return
			}
			c.frames <- m
		}
	}()
	t.Cleanup(func() {
		_ = ws.Close()
		for range c.frames { // until the reader is gone
		}
	})
	return c
}

// connect opens a socket and waits for its ready.
func (u *user) connect() *client {
	u.h.t.Helper()
	ws, _, err := u.h.dial(http.Header{"Authorization": {"Bearer " + u.token}}, "")
	if err != nil {
		u.h.t.Fatal(err)
	}
	c := u.h.attach(u.h.t, ws)
	c.ready = c.next()
	if c.ready.Event != "ready" {
		u.h.t.Fatalf("the first frame is %s", c.ready.Event)
	}
	return c
}

// next is the next frame, whatever it is.
func (c *client) next() message {
	c.t.Helper()
	if len(c.aside) > 0 {
		m := c.aside[0]
		c.aside = c.aside[1:]
		return m
	}
	return c.receive("any frame")
}

func (c *client) receive(what string) message {
	c.t.Helper()
	select {
	case m, ok := <-c.frames:
		if !ok {
			c.t.Fatalf("waiting for %s: socket ended: %v", what, c.err)
		}
		return m
	case <-time.After(patience):
		c.t.Fatalf("waiting for %s: nothing came", what)
	}
	return message{}
}

// expect is the next frame of that name; others are kept for later.
func (c *client) expect(event string) message {
	c.t.Helper()
	return c.await(event, func(m message) bool { return m.Event == event })
}

func (c *client) await(what string, wanted func(message) bool) message {
	c.t.Helper()
	for i, m := range c.aside {
		if wanted(m) {
			c.aside = append(c.aside[:i:i], c.aside[i+1:]...)
			return m
		}
	}
	for {
		m := c.receive(what)
		if wanted(m) {
			return m
		}
		c.aside = append(c.aside, m)
	}
}

// emit sends an event without asking for an answer.
func (c *client) emit(event string, data any) {
	c.t.Helper()
	if err := c.ws.WriteJSON(map[string]any{"event": event, "data": data}); err != nil {
		c.t.Fatal(err)
	}
}

func (c *client) raw(frame string) {
	c.t.Helper()
	if err := c.ws.WriteMessage(websocket.TextMessage, []byte(frame)); err != nil {
		c.t.Fatal(err)
	}
}

// ask sends an event and waits for its ack.
func (c *client) ask(event string, data any) message {
	c.t.Helper()
	c.lastID++
	id := fmt.Sprint(c.lastID)
	if err := c.ws.WriteJSON(map[string]any{"event": event, "data": data, "id": c.lastID}); err != nil {
		c.t.Fatal(err)
	}
	return c.await("ack of "+event, func(m message) bool { return m.Event == "ack" && string(m.ID) == id })
}

// do is ask for what must succeed.
func (c *client) do(event string, data any) message {
	c.t.Helper()
	m := c.ask(event, data)
	if m.Error != nil {
		c.t.Fatalf("%s: %s: %s", event, m.Error.Code, m.Error.Message)
	}
	return m
}

// refused is ask for what must fail with a code.
func (c *client) refused(code, event string, data any) {
	c.t.Helper()
	m := c.ask(event, data)
	if m.Error == nil || m.Error.Code != code {
		c.t.Fatalf("%s: answered %s %+v, wanted the refusal %s", event, m.Data, m.Error, code)
	}
}

// none checks that no event of that name has been sent so far: the ack of a ping comes after it.
func (c *client) none(event string) {
	c.t.Helper()
	c.do("ping", struct{}{})
	for _, m := range c.aside {
		if m.Event == event {
			c.t.Fatalf("unexpected %s: %s", event, m.Data)
		}
	}
}

// came finds an event of that name among those that have been sent so far: the ack of a ping comes after them.
func (c *client) came(event string) message {
	c.t.Helper()
	c.do("ping", struct{}{})
	i := slices.IndexFunc(c.aside, func(m message) bool { return m.Event == event })
	if i < 0 {
		c.t.Fatalf("no %s has come", event)
	}
	m := c.aside[i]
	c.aside = slices.Delete(c.aside, i, i+1)
	return m
}

// ends waits for the end of the socket and returns the close code.
func (c *client) ends() int {
	c.t.Helper()
	deadline := time.After(patience)
	for {
		select {
		case _, ok := <-c.frames:
			if ok {
				continue
			}
			if e, isClose := c.err.(*websocket.CloseError); isClose {
				return e.Code
			}
			c.t.Fatalf("socket ended without a close frame: %v", c.err)
		case <-deadline:
			c.t.Fatal("the socket stays open")
		}
	}
}
