package auth

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"confab/internal/fault"
	"confab/store"
)

const (
	// AccessTTL is how long an access token lives. Revocation does not wait for it; it only bounds what a token that
	// leaked is worth to somebody who cannot refresh.
	AccessTTL = 15 * time.Minute
	// SessionTTL is how long a device stays signed in without being used.
	SessionTTL = 60 * 24 * time.Hour
	// GracePeriod is how long after a refresh the token it spent still gets the same answer, for clients that lost it.
	GracePeriod = time.Minute

	issuer = "confab"
	// leeway forgives a clock that was set back a little between minting and checking.
	leeway = 2 * time.Second
	// maxToken is far more than either token has, in bytes; what is longer is not looked at.
	maxToken = 1024
)

// Tokens is what a device holds after signing in.
type Tokens struct {
	AccessToken  string `json:"accessToken"`
	RefreshToken string `json:"refreshToken"`
	ExpiresIn    int    `json:"expiresIn" doc:"Seconds until the access token expires."`
}

// tokens mints and reads tokens. It holds keys and no state.
type tokens struct {
	accessKey  []byte
	refreshKey []byte
	now        func() time.Time
	parser     *jwt.Parser
}

type claims struct {
	SessionID string `json:"sid"`
	jwt.RegisteredClaims
}

func newTokens(secret []byte, now func() time.Time) tokens {
	return tokens{
		accessKey:  derive(secret, "confab access token v1"),
		refreshKey: derive(secret, "confab refresh token v1"),
		now:        now,
		// Pinning the algorithm is what keeps "none" and key-confusion tokens out (RFC 8725, section 3.1).
		parser: jwt.NewParser(jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}), jwt.WithIssuer(issuer),
			jwt.WithExpirationRequired(), jwt.WithLeeway(leeway), jwt.WithTimeFunc(now)),
	}
}

// derive makes an independent key for each purpose, as HKDF-Expand does for a first block (RFC 5869, section 2.3).
func derive(secret []byte, purpose string) []byte {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(purpose))
	return mac.Sum(nil)
}

// mint makes the pair that belongs to the session's current generation. The refresh token is the same each time.
func (t tokens) mint(s store.Session) Tokens {
	now := t.now()
	access, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims{
		SessionID: string(s.ID),
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer: issuer, Subject: string(s.UserID),
			IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(AccessTTL)),
		},
	}).SignedString(t.accessKey)
	if err != nil { // HMAC over a short struct: cannot fail
		panic("auth: signing: " + err.Error())
	}
	return Tokens{AccessToken: access, RefreshToken: t.refresh(s.ID, s.Generation), ExpiresIn: int(AccessTTL / time.Second)}
}

// readAccess checks an access token's signature and times, and tells what it says.
func (t tokens) readAccess(token string) (Identity, error) {
	if len(token) > maxToken {
		return Identity{}, unauthorized(nil)
	}
	var c claims
	if _, err := t.parser.ParseWithClaims(token, &c, func(*jwt.Token) (any, error) { return t.accessKey, nil }); err != nil {
		return Identity{}, unauthorized(err)
	}
	return Identity{UserID: store.ID(c.Subject), SessionID: store.ID(c.SessionID), ExpiresAt: c.ExpiresAt.UTC()}, nil
}

// refresh spells a refresh token: session, generation, and the HMAC over both, joined by dots.
func (t tokens) refresh(session store.ID, generation int64) string {
	body := string(session) + "." + strconv.FormatInt(generation, 10)
	mac := hmac.New(sha256.New, t.refreshKey)
	mac.Write([]byte(body))
	return body + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// readRefresh tells which session and generation a refresh token is of; ok is false when this server did not make it.
func (t tokens) readRefresh(token string) (session store.ID, generation int64, ok bool) {
	if len(token) > maxToken {
		return "", 0, false
	}
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return "", 0, false
	}
	generation, err := strconv.ParseInt(parts[1], 10, 64)
	if err != nil || !hmac.Equal([]byte(token), []byte(t.refresh(store.ID(parts[0]), generation))) {
		return "", 0, false
	}
	return store.ID(parts[0]), generation, true
}

// unauthorized is the one answer to a token that does not count, whatever is wrong with it.
func unauthorized(cause error) error {
	return &fault.Error{Kind: fault.Unauthorized, Code: "unauthorized", Message: "sign in first", Cause: cause}
}
