package signaling

import (
	"net/url"
	"slices"
	"strings"

	"github.com/gofiber/contrib/websocket"
	"github.com/gofiber/fiber/v2"

	"confab/internal/auth"
	"confab/internal/fault"
	"confab/internal/limit"
	"confab/internal/peer"
)

// Subprotocol is the name of this protocol's first version in Sec-WebSocket-Protocol.
const Subprotocol = "confab.v1"

// bearerProtocol begins the second subprotocol of a browser, which cannot set headers: "bearer.<token>".
const bearerProtocol = "bearer."

// localHandshake is where handshake leaves a *handshaken for serve.
const localHandshake = "signaling.handshake"

// handshaken is what a handshake found out.
type handshaken struct {
	token    string // empty: it will come in the first frame
	identity auth.Identity
	network  string // that it comes from, as limits count it
}

// handshake decides whether a request becomes a socket. Refusals are plain HTTP.
func (s *Server) handshake(c *fiber.Ctx) error {
	if !websocket.IsWebSocketUpgrade(c) {
		c.Set(fiber.HeaderUpgrade, "websocket")
		return fiber.NewError(fiber.StatusUpgradeRequired, "this address speaks WebSocket")
	}
	if s.isDraining() {
		return fault.New(fault.Unavailable, codeDraining, "the server is restarting; connect again in a moment")
	}
	if !s.originAllowed(c) {
		return fault.New(fault.Forbidden, codeBadOrigin, "pages of this origin may not connect")
	}
	found := &handshaken{network: peer.Network(peer.Address(c))}
	if err := s.allow(limit.Connect, found.network); err != nil {
		return err
	}
	if token, given := tokenOf(c); given {
		id, err := s.cfg.Auth.Verify(c.UserContext(), token)
		if err != nil {
			if fault.From(err).Kind == fault.Unauthorized {
				c.Set(fiber.HeaderWWWAuthenticate, "Bearer")
			}
			return err
		}
		found.token, found.identity = token, id
	}
	c.Locals(localHandshake, found)
	return c.Next()
}

// tokenOf finds the access token of a handshake: the header, the subprotocol, and last the query, which simple clients
// use and which is never logged. given tells that there was one, be it empty.
func tokenOf(c *fiber.Ctx) (token string, given bool) {
	if h := c.Get(fiber.HeaderAuthorization); h != "" {
		scheme, token, _ := strings.Cut(h, " ")
		if !strings.EqualFold(scheme, "Bearer") {
			return "", true
		}
		return strings.Clone(strings.TrimSpace(token)), true
	}
	for p := range strings.SplitSeq(c.Get(fiber.HeaderSecWebSocketProtocol), ",") {
		if token, ok := strings.CutPrefix(strings.TrimSpace(p), bearerProtocol); ok {
			return strings.Clone(token), true
		}
	}
	if c.Context().QueryArgs().Has("token") {
		return strings.Clone(c.Query("token")), true
	}
	return "", false
}

// originAllowed keeps pages of other sites from connecting with a visitor's browser. Programs send no Origin.
func (s *Server) originAllowed(c *fiber.Ctx) bool {
	origin := c.Get(fiber.HeaderOrigin)
	if origin == "" {
		return true
	}
	if slices.ContainsFunc(s.cfg.Origins, func(o string) bool { return strings.EqualFold(strings.TrimSuffix(o, "/"), origin) }) {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && u.Host != "" && strings.EqualFold(u.Host, string(c.Context().Host()))
}

func (s *Server) isDraining() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.draining
}

// allow asks the rate limits.
func (s *Server) allow(kind, key string) error {
	if s.cfg.Limits == nil {
		return nil
	}
	if ok, after := s.cfg.Limits.Allow(kind, key); !ok {
		f := fault.New(fault.RateLimited, codeRateLimited, "too many requests; wait a little")
		f.RetryAfter = after
		return f
	}
	return nil
}

// firstFrame handles the `auth` that a socket without a token must begin with.
func (s *Server) firstFrame(sock *socket, raw []byte) {
	req, err := parse(raw)
	if err != nil || req.Event != eventAuth {
		sock.session.end(CloseUnauthorized, "the first frame must be auth")
		return
	}
	var data authData
	if err = decode(req.Data, &data); err == nil {
		sock.identity, err = s.cfg.Auth.Verify(s.ctx, data.Token)
	}
	if err != nil {
		sock.session.end(CloseUnauthorized, "bad token")
		return
	}
	sock.token = data.Token
	if !sock.late.Stop() {
		return
	}
	s.welcome(sock)
	if req.ID != nil {
		s.send(sock, ackReply{Event: eventAck, ID: req.ID, Data: struct{}{}})
	}
}
