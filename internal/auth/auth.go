package auth

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"

	"confab/internal/bus"
	"confab/internal/fault"
	"confab/internal/text"
	"confab/store"
)

// Identity is who a request or a socket acts for.
type Identity struct {
	UserID    store.ID
	SessionID store.ID
	ExpiresAt time.Time // of the access token
}

// Client describes the device that asks, as it shows in the list of sessions.
type Client struct {
	UserAgent string
	Address   string
}

// Registration is what somebody gives to get an account. An empty DisplayName becomes the username.
type Registration struct {
	Email, Username, Password, DisplayName string
}

// Departer takes an account that is being deleted out of its chats. It runs inside the deleting transaction, which may
// be run again; what the last run returned is called once, with whether it was committed. internal/chat implements it.
type Departer interface {
	// Depart must itself release what it took when it fails.
	Depart(ctx context.Context, tx store.Tx, userID store.ID) (done func(committed bool), err error)
}

// Limiter is what this package needs of internal/limit.
type Limiter interface {
	Allow(kind, key string) (ok bool, retryAfter time.Duration)
}

// Config is what a Service needs.
type Config struct {
	Store  store.Store
	Bus    bus.Publisher
	Secret []byte           // at least MinSecret bytes, from which every key is derived
	Chats  Departer         // nil where no chats are
	Limits Limiter          // of guesses at codes; nil: no limits
	Now    func() time.Time // time.Now when nil
	Log    *slog.Logger     // discards when nil
	Cost   int              // of bcrypt; DefaultCost when 0
}

// MinSecret is the shortest secret that is taken, in bytes. The HMAC-SHA-256 keys made from it are 32 bytes whatever its
// length, but no harder to guess than it is.
const MinSecret = 8

// maxSessions is how many devices one account may have signed in. Past it the one that was idle longest is signed out,
// so that a script that never logs out does not fill the table.
const maxSessions = 64

// Service signs people in and knows whose token is whose. It is safe for concurrent use.
type Service struct {
	store     store.Store
	bus       bus.Publisher
	chats     Departer
	now       func() time.Time
	log       *slog.Logger
	tokens    tokens
	passwords *passwords
	sealer    sealer
	limits    Limiter
	live      *liveSessions
}

// New makes a Service. It panics when the secret is too short, which is a mistake of wiring.
func New(cfg Config) *Service {
	if len(cfg.Secret) < MinSecret {
		panic("auth: the secret is too short")
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	now := func() time.Time { return cfg.Now().UTC().Truncate(time.Millisecond) }
	return &Service{
		store: cfg.Store, bus: cfg.Bus, chats: cfg.Chats, now: now, log: cfg.Log,
		tokens:    newTokens(cfg.Secret, now),
		passwords: newPasswords(cfg.Cost),
		sealer:    newSealer(cfg.Secret), limits: cfg.Limits,
		live: newLiveSessions(maxCachedSessions),
	}
}

// Register makes an account and signs its first device in. Refusals: invalid fields, email_taken, username_taken, and
// busy when too many people sign in at once.
func (s *Service) Register(ctx context.Context, r Registration, c Client) (Tokens, store.User, error) {
	u, err := s.newUser(r)
	if err != nil {
		return Tokens{}, store.User{}, err
	}
	if err := s.free(ctx, u); err != nil { // before the hashing, which costs more than everything else
		return Tokens{}, store.User{}, err
	}
	if u.PasswordHash, err = s.passwords.hash(ctx, r.Password); err != nil {
		return Tokens{}, store.User{}, err
	}
	session := s.newSession(u.ID, c)
	err = s.store.Update(ctx, func(tx store.Tx) error {
		if err := tx.CreateUser(ctx, u); err != nil {
			return taken(err)
		}
		return tx.CreateSession(ctx, session)
	})
	if err != nil {
		return Tokens{}, store.User{}, err
	}
	return s.tokens.mint(session), u, nil
}

// newUser checks every field of a registration and names all that are wrong.
func (s *Service) newUser(r Registration) (store.User, error) {
	now := s.now()
	u := store.User{ID: store.NewID(), ShareReadReceipts: true, CreatedAt: now, UpdatedAt: now}
	var wrong faults
	u.Email = wrong.take(text.Email("email", r.Email))
	u.Username = wrong.take(text.Username("username", r.Username))
	wrong.take("", text.Password("password", r.Password))
	u.DisplayName = u.Username
	if strings.TrimSpace(r.DisplayName) != "" {
		u.DisplayName = wrong.take(text.DisplayName("displayName", r.DisplayName))
	}
	return u, wrong.err()
}

// free tells early whether an address or a name is taken. The transaction that inserts has the last word.
func (s *Service) free(ctx context.Context, u store.User) error {
	return s.store.View(ctx, func(tx store.Tx) error {
		if _, err := tx.UserByEmail(ctx, u.Email); err == nil {
			return taken(store.ErrEmailTaken)
		} else if !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if _, err := tx.UserByUsername(ctx, u.Username); err == nil {
			return taken(store.ErrUsernameTaken)
		} else if !errors.Is(err, store.ErrNotFound) {
			return err
		}
		return nil
	})
}

// taken turns the store's conflicts into refusals and leaves other errors alone.
func taken(err error) error {
	switch {
	case errors.Is(err, store.ErrEmailTaken):
		return fault.Taken("email", "there is an account with this e-mail address")
	case errors.Is(err, store.ErrUsernameTaken):
		return fault.Taken("username", "there is an account with this username")
	}
	return err
}

// Login signs a device in by e-mail or username. The refusal (code bad_credentials) is the same in text and time
// whether the account or the password is wrong: an unknown account costs a comparison too. Only who has the password
// learns that there is a second factor: totp_required without a code, wrong_code, rate_limited.
func (s *Service) Login(ctx context.Context, login, password, code string, c Client) (Tokens, store.User, error) {
	u, err := s.lookup(ctx, login)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return Tokens{}, store.User{}, err
	}
	right, err := s.passwords.matches(ctx, u.PasswordHash, password)
	if err != nil {
		return Tokens{}, store.User{}, err
	}
	if !right {
		return Tokens{}, store.User{}, badCredentials()
	}
	second, err := s.secondStep(u, code)
	if err != nil {
		return Tokens{}, store.User{}, err
	}
	session := s.newSession(u.ID, c)
	var surplus []store.ID
	err = s.store.Update(ctx, func(tx store.Tx) error {
		now, err := tx.LockUser(ctx, u.ID)
		if err != nil {
			return err
		}
		if now.PasswordHash != u.PasswordHash || now.DeletedAt != nil || !same(now.TOTPAt, u.TOTPAt) { // changed since it was compared
			return badCredentials()
		}
		if second {
			if err := s.spend(ctx, tx, u.ID, code); err != nil {
				return unsigned(err)
			}
		}
		if surplus, err = s.makeRoom(ctx, tx, u.ID); err != nil {
			return err
		}
		return tx.CreateSession(ctx, session)
	})
	if err != nil {
		return Tokens{}, store.User{}, err
	}
	s.ended(u.ID, "revoked", surplus...)
	return s.tokens.mint(session), u, nil
}

// lookup finds an account by what was typed: an address holds an "@", a username never does.
func (s *Service) lookup(ctx context.Context, login string) (u store.User, err error) {
	login = strings.TrimSpace(login)
	byEmail := strings.Contains(login, "@")
	if !byEmail {
		if login, err = text.Username("login", login); err != nil {
			return store.User{}, store.ErrNotFound
		}
	} else if login, err = text.Email("login", login); err != nil {
		return store.User{}, store.ErrNotFound
	}
	err = s.store.View(ctx, func(tx store.Tx) (err error) {
		if byEmail {
			u, err = tx.UserByEmail(ctx, login)
		} else {
			u, err = tx.UserByUsername(ctx, login)
		}
		return err
	})
	return u, err
}

func badCredentials() error {
	return fault.New(fault.Unauthorized, "bad_credentials", "no account has this login and password")
}

// unsigned turns the refusal of a code into one of somebody who is not signed in.
func unsigned(err error) error {
	if f := (*fault.Error)(nil); errors.As(err, &f) && f.Code == "wrong_code" {
		f.Kind = fault.Unauthorized
	}
	return err
}

// makeRoom signs out the sessions that were idle longest when a user has as many as are allowed.
func (s *Service) makeRoom(ctx context.Context, tx store.Tx, userID store.ID) ([]store.ID, error) {
	now := s.now()
	sessions, err := tx.SessionsOf(ctx, userID, now)
	if err != nil {
		return nil, err
	}
	var ended []store.ID
	for len(sessions) >= maxSessions {
		last := sessions[len(sessions)-1]
		sessions = sessions[:len(sessions)-1]
		last.RevokedAt = &now
		if err := tx.UpdateSession(ctx, last); err != nil {
			return nil, err
		}
		ended = append(ended, last.ID)
	}
	return ended, nil
}

// faults gathers refusals of several fields into one.
type faults struct{ fields []fault.Field }

func (f *faults) take(value string, err error) string {
	if err != nil {
		f.fields = append(f.fields, fault.From(err).Fields...)
	}
	return value
}

func (f *faults) err() error {
	if len(f.fields) == 0 {
		return nil
	}
	first := f.fields[0]
	return &fault.Error{Kind: fault.Invalid, Code: "invalid", Message: first.Field + ": " + first.Message, Fields: f.fields}
}
