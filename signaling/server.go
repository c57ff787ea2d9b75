package signaling

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"runtime/debug"
	"sync"
	"time"

	"github.com/gofiber/contrib/websocket"
	"github.com/gofiber/fiber/v2"

	"confab/internal/auth"
	"confab/internal/call"
	"confab/internal/chat"
	"confab/internal/fault"
	"confab/internal/stamp"
	"confab/store"
)

// Auth is what this package needs of internal/auth.
type Auth interface {
	Verify(ctx context.Context, accessToken string) (auth.Identity, error)
}

// Limiter is what this package needs of internal/limit.
type Limiter interface {
	Allow(kind, key string) (ok bool, retryAfter time.Duration)
}

// Config is what a Server needs. Zero values of Now, Log, Limits and Timing take the defaults.
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
	Timing  Timing
}

// Server serves the sockets.
type Server struct {
	cfg    Config
	events table
	shared *buffers
	stacks *stacks // closed with the last socket, by Shutdown

	ctx    context.Context // of every handler; ends when Shutdown cuts what is left
	cancel context.CancelFunc

	mu       sync.Mutex           // owns what follows
	sockets  map[*socket]struct{} // handlers that run
	draining bool
	idle     chan struct{} // closed when draining and sockets is empty
}

// socket is what one handler works with, before and after it is known whose socket it is. It belongs to the socket's
// reader.
type socket struct {
	session  *session
	token    string // what authenticated it
	identity auth.Identity
	network  string      // that it comes from, as limits count it
	late     *time.Timer // ends a session that does not authenticate in time
	typing   *typing     // made by the first notice

	// handle takes the client's frames at this stage of the socket's life; nil skips them. The bytes are only valid
	// during the call.
	handle func(*socket, []byte)
}

// New makes a Server.
func New(cfg Config) *Server {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	cfg.Timing = cfg.Timing.withDefaults()
	s := &Server{cfg: cfg, shared: newBuffers(), stacks: newStacks(), sockets: make(map[*socket]struct{}), idle: make(chan struct{})}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.events = s.newTable()
	return s
}

// Register adds GET /ws. From the handshake on the connections are this package's; the app no longer closes them.
func (s *Server) Register(app *fiber.App) {
	app.Server().KeepHijackedConns = true
	app.Get("/ws", s.handshake, websocket.New(s.upgraded, websocket.Config{
		Subprotocols:    []string{Subprotocol},
		Origins:         []string{"*"}, // handshake has checked it
		WriteBufferPool: &sync.Pool{},  // for a buffer that is never taken: nothing is written through the library
		RecoverHandler:  s.recoverUpgrade,
	}))
}

// recoverUpgrade keeps a panic from the client, to whom the library's own handler would write it.
func (s *Server) recoverUpgrade(c *websocket.Conn) {
	if v := recover(); v != nil {
		s.logPanic("upgrade", v)
		_ = c.Close()
	}
}

func (s *Server) logPanic(where string, v any) {
	s.cfg.Log.Error("panic", "in", where, "panic", v, "stack", string(debug.Stack()))
}

// upgraded takes a connection out of the HTTP server's hands, with a goroutine of its own: what the handshake needed,
// buffers, headers and a deep stack, is most of what an idle socket would cost.
func (s *Server) upgraded(c *websocket.Conn) {
	from, _ := c.Locals(localHandshake).(*handshaken)
	raw, early, err := takeOver(c.NetConn())
	if err != nil {
		s.cfg.Log.Debug("socket lost in its handshake", "error", err)
		_ = c.Close()
		return
	}
	go s.serve(raw, early, from)
}

// serve is the life of one socket, from the upgrade to the end. What it keeps for that long, on its stack and below,
// counts thousands of times: so whatever needs a deep stack is done apart.
func (s *Server) serve(raw net.Conn, early []byte, from *handshaken) {
	sock := &socket{session: s.newSession(raw, early), network: from.network}
	defer s.depart(sock)
	defer func() {
		if v := recover(); v != nil {
			s.logPanic("socket", v)
		}
	}()
	s.apart(sock, func() { s.arrive(sock, from) })
	early, from = nil, nil
	for s.readOne(sock) {
	}
}

// apart runs fn on another stack, and waits for it. A panic ends the session and nothing else.
func (s *Server) apart(sock *socket, fn func()) {
	s.stacks.run(func() {
		defer func() {
			if v := recover(); v != nil {
				s.logPanic("session", v)
				sock.session.end(CloseInternal, "internal error")
			}
		}()
		fn()
	})
}

// arrive takes a socket in, and online if the handshake carried a token.
func (s *Server) arrive(sock *socket, from *handshaken) {
	if !s.enter(sock) {
		sock.session.end(CloseRestart, "server restarting")
		return
	}
	if from.token != "" {
		sock.token, sock.identity = from.token, from.identity
		s.welcome(sock)
		return
	}
	sock.handle = s.firstFrame
	sock.late = time.AfterFunc(s.cfg.Timing.Auth, func() { sock.session.end(CloseUnauthorized, "no auth in time") })
}

// depart is the end of a socket. The writer is joined last but for the counting, whatever happens: see the package's
// lifecycle.
func (s *Server) depart(sock *socket) {
	defer s.leave(sock)
	defer sock.session.finish()
	if sock.late != nil {
		sock.late.Stop()
	}
	if sock.typing != nil {
		sock.typing.end()
	}
	if sock.session.wasOnline() {
		s.cfg.Calls.Disconnected(sock.device(), sock.session.pageGone())
	}
}

func (s *Server) newSession(raw net.Conn, early []byte) *session {
	sess := &session{
		id: store.NewID(), timing: s.cfg.Timing, bounds: s.cfg.Hub.bounds, now: s.cfg.Now, left: s.cfg.Hub.detach,
		held: true, // until release
	}
	sess.conn = newWSConn(raw, early, s.shared, s.cfg.Timing,
		func(payload string) { sess.reply(controlFrame(finPong, payload)) },
		func(code int) { sess.end(code, "") })
	return sess
}

// welcome takes an authenticated socket online.
func (s *Server) welcome(sock *socket) {
	sess, id := sock.session, sock.identity
	sock.handle = nil
	sess.identify(id.UserID, id.SessionID)
	if err := s.cfg.Hub.attach(sess); err != nil {
		sess.end(CloseTooMany, err.Error())
		return
	}
	first, err := s.ready(sock)
	if err != nil {
		if f := fault.From(err); f.Kind == fault.Unauthorized {
			sess.end(CloseUnauthorized, f.Message)
			return
		}
		s.cfg.Log.Error("ready frame", "user", id.UserID, "error", err)
		sess.end(CloseInternal, "internal error")
		return
	}
	sess.release(first)
	sess.watch(id.ExpiresAt)
	sock.handle = s.handle
	s.cfg.Hub.announce(id.UserID)
	s.cfg.Calls.Connected(sock.device())
}

// readyData is the first frame's content.
type readyData struct {
	UserID     store.ID         `json:"userId"`
	SessionID  store.ID         `json:"sessionId"`
	SocketID   store.ID         `json:"socketId"`
	Epoch      store.ID         `json:"epoch"`
	ServerTime stamp.Time       `json:"serverTime"`
	Chats      []chat.ReadyChat `json:"chats"`
	Online     []store.ID       `json:"online"`
}

// ready composes the first frame of a session that is in the hub already. The token is looked at once more: a session
// that was revoked between the handshake and attach was not there to be ended.
func (s *Server) ready(sock *socket) (*frame, error) {
	id := sock.identity
	if _, err := s.cfg.Auth.Verify(s.ctx, sock.token); err != nil {
		return nil, err
	}
	chats, contacts, err := s.cfg.Chats.ReadyState(s.ctx, id.UserID)
	if err != nil {
		return nil, err
	}
	online := make([]store.ID, 0, len(contacts))
	for _, c := range contacts {
		if s.cfg.Hub.Online(c) {
			online = append(online, c)
		}
	}
	if chats == nil {
		chats = []chat.ReadyChat{}
	}
	return eventFrame(eventReady, readyData{
		UserID: id.UserID, SessionID: id.SessionID, SocketID: sock.session.id, Epoch: s.cfg.Store.Epoch(),
		ServerTime: stamp.Of(s.cfg.Now()), Chats: chats, Online: online,
	})
}

// readOne reads one frame and has it handled. It reports false at the end of the connection. Frames are read even after
// the session has ended, until the peer has seen the close: otherwise the kernel would reset the connection over unread
// input, and the close frame would be lost with it.
func (s *Server) readOne(sock *socket) bool {
	var buf *bytes.Buffer
	var broken protocolError
	text, err := sock.session.conn.read(func() *bytes.Buffer {
		buf = s.shared.inbound.Get().(*bytes.Buffer)
		buf.Reset()
		return buf
	})
	switch {
	case errors.Is(err, errTooBig):
		sock.session.end(CloseTooBig, "frame too large")
	case errors.As(err, &broken):
		sock.session.end(CloseProtocol, string(broken))
		return false
	case err != nil:
		return false
	case sock.handle != nil && sock.session.isOpen():
		s.apart(sock, func() { s.take(sock, text, buf.Bytes()) })
	}
	if buf.Cap() <= keepInbound {
		s.shared.inbound.Put(buf)
	}
	return true
}

// take handles a frame.
func (s *Server) take(sock *socket, text bool, raw []byte) {
	if !text {
		s.refuse(sock, nil, "", errBinary)
		return
	}
	sock.handle(sock, raw)
}

// enter counts a handler in; it reports false when the server is stopping.
func (s *Server) enter(sock *socket) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.draining {
		return false
	}
	s.sockets[sock] = struct{}{}
	return true
}

// leave undoes enter; for a socket that was not let in it does nothing.
func (s *Server) leave(sock *socket) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, in := s.sockets[sock]; !in {
		return
	}
	delete(s.sockets, sock)
	if s.draining && len(s.sockets) == 0 {
		close(s.idle)
	}
}

// Drain refuses new sockets from here on and leaves the others alone: what a stopping server does while it waits for
// calls to end. It is idempotent.
func (s *Server) Drain() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.draining {
		return
	}
	s.draining = true
	if len(s.sockets) == 0 {
		close(s.idle)
	}
}

// Shutdown refuses new sockets, asks all clients to reconnect (close 1012), and waits until they are gone or ctx is
// done; then it cuts those that are left, and returns the context's error. It is idempotent.
func (s *Server) Shutdown(ctx context.Context) error {
	s.Drain()
	s.mu.Lock()
	all := make([]*session, 0, len(s.sockets))
	for sock := range s.sockets {
		all = append(all, sock.session)
	}
	s.mu.Unlock()
	for _, sess := range all {
		sess.end(CloseRestart, "server restarting")
	}
	defer s.cancel()
	defer s.stacks.close()
	select {
	case <-s.idle:
		return nil
	case <-ctx.Done():
	}
	s.cancel()
	for _, sess := range all {
		sess.cut()
	}
	<-s.idle
	return ctx.Err()
}
