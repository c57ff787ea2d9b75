package auth

import (
	"context"
	"log/slog"
	"time"

	"confab/internal/bus"
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

// Tokens is what a device holds after signing in.
type Tokens struct {
	AccessToken  string `json:"accessToken"`
	RefreshToken string `json:"refreshToken"`
	ExpiresIn    int    `json:"expiresIn" doc:"Seconds until the access token expires."`
}

// Registration is what somebody gives to get an account. An empty DisplayName becomes the username.
type Registration struct {
	Email, Username, Password, DisplayName string
}

// Departer takes an account that is being deleted out of its chats. It runs inside the deleting transaction; what it
// returns is called once that is committed, to tell those who stay. internal/chat implements it.
type Departer interface {
	Depart(ctx context.Context, tx store.Tx, userID store.ID) (announce func(), err error)
}

// Config is what a Service needs.
type Config struct {
	Store  store.Store
	Bus    bus.Publisher
	Secret []byte // at least 32 bytes, from which every key is derived
	Chats  Departer
	Now    func() time.Time // time.Now when nil
	Log    *slog.Logger
	Cost   int // of bcrypt, DefaultCost when 0
}

// Service signs people in and knows whose token is whose. It is safe for concurrent use.
type Service struct {
	cfg Config
}

// New makes a Service. It panics when the secret is too short, which is a mistake of wiring.
func New(cfg Config) *Service { return &Service{cfg: cfg} }

// Register makes an account and signs its first device in. Refusals: invalid fields, email_taken, username_taken.
func (s *Service) Register(ctx context.Context, r Registration, c Client) (Tokens, store.User, error) {
	panic("unwritten")
}

// Login signs a device in by e-mail or username. The refusal (code bad_credentials) is the same in text and time
// whether the account or the password is wrong.
func (s *Service) Login(ctx context.Context, login, password string, c Client) (Tokens, store.User, error) {
	panic("unwritten")
}

// Refresh trades a refresh token for a new pair.
func (s *Service) Refresh(ctx context.Context, refreshToken string, c Client) (Tokens, store.User, error) {
	panic("unwritten")
}

// Verify tells whose access token this is: signature, expiry, and that the session has not been revoked. Every
// failure is the same fault.Unauthorized, code "unauthorized".
func (s *Service) Verify(ctx context.Context, accessToken string) (Identity, error) {
	panic("unwritten")
}

// Logout revokes the session that asks.
func (s *Service) Logout(ctx context.Context, id Identity) error { panic("unwritten") }

// Sessions lists the devices of a user, latest used first.
func (s *Service) Sessions(ctx context.Context, userID store.ID) ([]store.Session, error) {
	panic("unwritten")
}

// RevokeSession signs one device of a user out. fault.NotFound when it is not theirs.
func (s *Service) RevokeSession(ctx context.Context, userID, sessionID store.ID) error {
	panic("unwritten")
}

// ChangePassword replaces the password and revokes every other session.
func (s *Service) ChangePassword(ctx context.Context, id Identity, current, next string) error {
	panic("unwritten")
}

// DeleteAccount anonymises the account, takes it out of its groups and revokes all its sessions.
func (s *Service) DeleteAccount(ctx context.Context, userID store.ID, password string) error {
	panic("unwritten")
}
