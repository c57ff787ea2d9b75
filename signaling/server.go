package signaling

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	fasthttpws "github.com/fasthttp/websocket"
	"github.com/gofiber/contrib/websocket"
	"github.com/gofiber/fiber/v2"

	"confab/internal/auth"
	"confab/internal/call"
	"confab/internal/chat"
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

	ctx    context.Context // of every handler; ends when Shutdown cuts what is left
	cancel context.CancelFunc

	mu       sync.Mutex           // owns what follows
	sockets  map[*socket]struct{} // handlers that run
	draining bool
	idle     chan struct{} // closed when draining and sockets is empty
}

// socket is what one handler works with, before and after it is known whose socket it is.
type socket struct {
	session *session
	token   string // what authenticated it
}

// Socket buffers. Reading goes through fasthttp's own buffer (pinned per connection, 4 KiB by fiber's default) before it
// comes to the library's, which therefore only has to hold a control frame. Writing goes past the library (see wsConn),
// whose write buffer is pooled and, but for a close with 1002, never taken.
const (
	readBuffer  = 256
	writeBuffer = 256
)

// writeBuffers is what the library would write through. Shared by all servers of the process, as pools may be.
var writeBuffers = &sync.Pool{}

// New makes a Server.
func New(cfg Config) *Server {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	cfg.Timing = cfg.Timing.withDefaults()
	s := &Server{cfg: cfg, sockets: make(map[*socket]struct{}), idle: make(chan struct{})}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.events = s.newTable()
	return s
}

// Register adds GET /ws.
func (s *Server) Register(app fiber.Router) {
	app.Get("/ws", s.handshake, websocket.New(s.serve, websocket.Config{
		Subprotocols:    []string{Subprotocol},
		Origins:         []string{"*"}, // handshake has checked it
		ReadBufferSize:  readBuffer,
		WriteBufferSize: writeBuffer,
		WriteBufferPool: writeBuffers,
		RecoverHandler:  s.recoverSocket,
	}))
}

// recoverSocket is the last net under a socket's goroutine; a panic inside an event's handler never comes this far.
func (s *Server) recoverSocket(*websocket.Conn) {
	if v := recover(); v != nil {
		s.cfg.Log.Error("socket handler panicked", "panic", v, "stack", string(debug.Stack()))
	}
}

// serve is the life of one socket, from the upgrade to the end.
func (s *Server) serve(c *websocket.Conn) {
	sock := &socket{}
	var id auth.Identity
	if known, ok := c.Locals(localIdentity).(handshaken); ok {
		id, sock.token = known.identity, known.token
	}
	sess := s.newSession(c.Conn)
	sock.session = sess
	*c = websocket.Conn{Conn: c.Conn} // its copies of headers, cookies and query would stay for the life of the socket
	// Deferred in this order, the writer is joined last, whatever happens: see the package's lifecycle.
	defer sess.finish()
	if !s.enter(sock) {
		sess.end(CloseRestart, "server restarting")
		s.skip(sess)
		return
	}
	defer s.leave(sock)

	if sock.token == "" {
		var ok bool
		if id, ok = s.firstFrame(sock); !ok {
			s.skip(sess)
			return
		}
	}
	sess.identify(id.UserID, id.SessionID)
	s.run(sock, id)
}

func (s *Server) newSession(ws *fasthttpws.Conn) *session {
	sess := &session{
		id: store.NewID(), timing: s.cfg.Timing, bounds: s.cfg.Hub.bounds, now: s.cfg.Now, left: s.cfg.Hub.detach,
		held: true, // until release
	}
	sess.conn = newWSConn(ws, s.cfg.Timing,
		func(payload string) { sess.reply(controlFrame(finPong, payload)) },
		func(code int) { sess.end(code, "") })
	return sess
}

// run takes an authenticated socket online, and reads until it ends.
func (s *Server) run(sock *socket, id auth.Identity) {
	sess := sock.session
	if err := s.cfg.Hub.attach(sess); err != nil {
		sess.end(CloseTooMany, err.Error())
		s.skip(sess)
		return
	}
	first, err := s.ready(sock, id)
	if err != nil {
		if refusalOf(err).Code == "internal" {
			s.cfg.Log.Error("ready frame", "user", id.UserID, "error", err)
			sess.end(CloseInternal, "internal error")
		} else {
			sess.end(CloseUnauthorized, refusalOf(err).Message)
		}
		s.skip(sess)
		return
	}
	sess.release(first)
	sess.watch(id.ExpiresAt)
	s.cfg.Hub.announce(id.UserID)
	device := call.Device{UserID: id.UserID, SessionID: id.SessionID, SocketID: sess.id}
	s.cfg.Calls.Connected(device)
	defer s.cfg.Calls.Disconnected(device)
	s.readEvents(sock)
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
func (s *Server) ready(sock *socket, id auth.Identity) (*frame, error) {
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

// inbound are buffers for frames from clients. A socket takes one only once a frame begins to arrive. Those that grew
// beyond what a message needs are not kept, so that a few session descriptions do not pin megabytes.
var inbound = sync.Pool{New: func() any { return new(bytes.Buffer) }}

const keepInbound = 16 << 10

// readEvents handles the client's frames, one after the other, until the socket ends.
func (s *Server) readEvents(sock *socket) {
	for s.readOne(sock, s.handle) {
	}
}

// skip reads until the peer has seen the close, so that the kernel does not reset the connection over unread input
// and lose the close frame with it.
func (s *Server) skip(sess *session) {
	for s.readOne(&socket{session: sess}, nil) {
	}
}

// readOne reads one frame and hands its content, which is only valid during the call, to handle. It reports false at
// the end of the connection.
func (s *Server) readOne(sock *socket, handle func(*socket, []byte)) bool {
	sess := sock.session
	var buf *bytes.Buffer
	defer func() {
		if buf != nil && buf.Cap() <= keepInbound {
			inbound.Put(buf)
		}
	}()
	text, err := sess.conn.read(func() *bytes.Buffer {
		buf = inbound.Get().(*bytes.Buffer)
		buf.Reset()
		return buf
	})
	switch {
	case errors.Is(err, errTooBig):
		sess.end(CloseTooBig, "frame too large")
	case err != nil:
		return false
	case handle == nil || !sess.isOpen():
	case !text:
		s.refuse(sock, nil, "", errBinary)
	default:
		handle(sock, buf.Bytes())
	}
	return true
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

func (s *Server) leave(sock *socket) {
	s.mu.Lock()
	defer s.mu.Unlock()
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
