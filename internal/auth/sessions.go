package auth

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"confab/internal/bus"
	"confab/internal/fault"
	"confab/store"
)

// maxUserAgent and maxAddress cut what a device says about itself, in bytes: it is only shown in a list.
const (
	maxUserAgent = 256
	maxAddress   = 64
)

func (s *Service) newSession(userID store.ID, c Client) store.Session {
	now := s.now()
	return store.Session{
		ID: store.NewID(), UserID: userID, Generation: 1, RotatedAt: now,
		UserAgent: shorten(c.UserAgent, maxUserAgent), Address: shorten(c.Address, maxAddress),
		CreatedAt: now, LastUsedAt: now, ExpiresAt: now.Add(SessionTTL),
	}
}

// shorten cuts at a character boundary and drops what a database or a page would choke on.
func shorten(s string, limit int) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, ""), "\x00", "")
	for len(s) > limit {
		_, size := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-size]
	}
	return s
}

// Verify tells whose access token this is: signature, expiry, and that the session has not been revoked. Every
// failure but the database's is the same fault.Unauthorized, code "unauthorized".
func (s *Service) Verify(ctx context.Context, accessToken string) (Identity, error) {
	id, err := s.tokens.readAccess(accessToken)
	if err == nil {
		err = s.Alive(ctx, id)
	}
	if err != nil {
		return Identity{}, err
	}
	return id, nil
}

// Alive tells whether a session that was verified has not been revoked since: what came with it may have taken long to
// arrive. Refusal: unauthorized.
func (s *Service) Alive(ctx context.Context, id Identity) error {
	user, found, mark := s.live.find(id.SessionID)
	if found {
		if user != id.UserID {
			return unauthorized(nil)
		}
		return nil
	}
	var session store.Session
	err := s.store.View(ctx, func(tx store.Tx) (err error) {
		session, err = tx.Session(ctx, id.SessionID)
		return err
	})
	switch {
	case errors.Is(err, store.ErrNotFound):
		return unauthorized(nil)
	case err != nil:
		return err
	case !s.usable(session) || session.UserID != id.UserID:
		return unauthorized(nil)
	}
	s.live.add(session.ID, session.UserID, mark)
	return nil
}

func (s *Service) usable(session store.Session) bool {
	return session.RevokedAt == nil && s.now().Before(session.ExpiresAt)
}

// Refresh trades a refresh token for a new pair and spends it. The token spent last gets the same successor again for
// GracePeriod; one that was spent before revokes the session. Every refusal is code "invalid_refresh_token".
func (s *Service) Refresh(ctx context.Context, refreshToken string, c Client) (Tokens, store.User, error) {
	sessionID, generation, ok := s.tokens.readRefresh(refreshToken)
	if !ok {
		return Tokens{}, store.User{}, badRefresh()
	}
	var session store.Session
	var user store.User
	var reused bool
	err := s.store.Update(ctx, func(tx store.Tx) (err error) {
		reused = false
		if session, err = tx.Session(ctx, sessionID); errors.Is(err, store.ErrNotFound) {
			return badRefresh()
		} else if err != nil {
			return err
		}
		if !s.usable(session) {
			return badRefresh()
		}
		now := s.now()
		switch {
		case generation == session.Generation:
			session.Generation++
			session.RotatedAt, session.LastUsedAt, session.ExpiresAt = now, now, now.Add(SessionTTL)
			session.UserAgent, session.Address = shorten(c.UserAgent, maxUserAgent), shorten(c.Address, maxAddress)
		case generation == session.Generation-1 && now.Sub(session.RotatedAt) <= GracePeriod:
			session.LastUsedAt = now
		case generation < session.Generation:
			session.RevokedAt, reused = &now, true
		default: // from a later history of this database than the one that was restored
			return badRefresh()
		}
		if err := tx.UpdateSession(ctx, session); err != nil {
			return err
		}
		user, err = tx.User(ctx, session.UserID)
		return err
	})
	if err != nil {
		return Tokens{}, store.User{}, err
	}
	if reused {
		s.log.Warn("a spent refresh token was used again; its session is revoked", "user", user.ID, "session", session.ID)
		s.ended(session.UserID, "reused", session.ID)
		return Tokens{}, store.User{}, badRefresh()
	}
	return s.tokens.mint(session), user, nil
}

func badRefresh() error {
	return fault.New(fault.Unauthorized, "invalid_refresh_token", "the refresh token is not valid; sign in again")
}

// ended makes revocations felt: the cache forgets the sessions and their sockets close. Call it after the commit.
func (s *Service) ended(userID store.ID, reason string, sessions ...store.ID) {
	if len(sessions) == 0 {
		return
	}
	s.live.remove(sessions...)
	s.bus.Revoke(bus.Revoked{UserID: userID, Sessions: sessions, Reason: reason})
}

// Logout revokes the session that asks.
func (s *Service) Logout(ctx context.Context, id Identity) error {
	return s.revoke(ctx, id.UserID, id.SessionID, "logout")
}

// RevokeSession signs one device of a user out. fault.NotFound when it is not theirs.
func (s *Service) RevokeSession(ctx context.Context, userID, sessionID store.ID) error {
	return s.revoke(ctx, userID, sessionID, "revoked")
}

func (s *Service) revoke(ctx context.Context, userID, sessionID store.ID, reason string) error {
	err := s.store.Update(ctx, func(tx store.Tx) error {
		session, err := tx.Session(ctx, sessionID)
		if errors.Is(err, store.ErrNotFound) || err == nil && (session.UserID != userID || !s.usable(session)) {
			return fault.New(fault.NotFound, "not_found", "there is no such session")
		} else if err != nil {
			return err
		}
		now := s.now()
		session.RevokedAt = &now
		return tx.UpdateSession(ctx, session)
	})
	if err == nil {
		s.ended(userID, reason, sessionID)
	}
	return err
}

// Sessions lists the devices of a user, latest used first.
func (s *Service) Sessions(ctx context.Context, userID store.ID) (sessions []store.Session, err error) {
	err = s.store.View(ctx, func(tx store.Tx) (err error) {
		sessions, err = tx.SessionsOf(ctx, userID, s.now())
		return err
	})
	return sessions, err
}

// Owner tells whose session this is, as long as it lives. Otherwise the refusal is not_found.
func (s *Service) Owner(ctx context.Context, sessionID store.ID) (owner store.ID, err error) {
	err = s.store.View(ctx, func(tx store.Tx) error {
		session, err := tx.Session(ctx, sessionID)
		if errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrBadID) || err == nil && !s.usable(session) {
			return fault.New(fault.NotFound, "not_found", "there is no such thing")
		}
		owner = session.UserID
		return err
	})
	return owner, err
}

// keepEnded is how long a session that is over stays in the table: long enough to look into a theft.
const keepEnded = 30 * 24 * time.Hour

// Run sweeps at every tick until ctx is done. A failure is logged, and the next tick tries again.
func (s *Service) Run(ctx context.Context, ticks <-chan time.Time) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks:
		}
		if err := s.Sweep(ctx); err != nil && ctx.Err() == nil {
			s.log.Warn("old sessions could not be removed", "error", err)
		}
	}
}

// Sweep removes sessions that ended long ago.
func (s *Service) Sweep(ctx context.Context) error {
	return s.store.Update(ctx, func(tx store.Tx) error {
		_, err := tx.DeleteSessionsBefore(ctx, s.now().Add(-keepEnded))
		return err
	})
}
