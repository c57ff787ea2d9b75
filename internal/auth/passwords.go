package auth

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"runtime"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/bcrypt"

	"confab/internal/fault"
)

// DefaultCost is bcrypt's: 2^10 rounds, some 60 ms of one core. More would make a login flood a cheaper attack on the
// calls that run on the same cores than it would make guessing dearer.
const DefaultCost = 10

// maxQueued is how many people may wait for their password to be hashed. At 60 ms each the last of them waits a few
// seconds, which is as long as anybody looks at a login button.
const maxQueued = 64

// passwords hashes and compares, a bounded number at a time.
type passwords struct {
	cost   int
	slots  chan struct{} // one for each hashing that may run at once
	queued atomic.Int64  // who waits for a slot or has one
	dummy  []byte        // compared with when there is no account, so that this takes as long
	runs   atomic.Int64  // bcrypt computations so far; tests assert equal work by it
}

func newPasswords(cost int) *passwords {
	if cost == 0 {
		cost = DefaultCost
	}
	// Half of the cores: the other half forwards media and answers everybody who is signed in already.
	p := &passwords{cost: cost, slots: make(chan struct{}, max(1, runtime.GOMAXPROCS(0)/2))}
	dummy, err := bcrypt.GenerateFromPassword(prehash("nobody has this password"), cost)
	if err != nil {
		panic("auth: bcrypt cost: " + err.Error())
	}
	p.dummy = dummy
	return p
}

// prehash brings a password of any length to 44 bytes without NUL, since bcrypt takes 72 and stops at a NUL. It is
// keyed with a constant so that plain SHA-256 hashes leaked elsewhere cannot be tried in its place.
func prehash(password string) []byte {
	mac := hmac.New(sha256.New, []byte("confab password v1"))
	mac.Write([]byte(password))
	sum := mac.Sum(nil)
	return base64.StdEncoding.AppendEncode(nil, sum)
}

func (p *passwords) hash(ctx context.Context, password string) (string, error) {
	leave, err := p.enter(ctx)
	if err != nil {
		return "", err
	}
	defer leave()
	h, err := bcrypt.GenerateFromPassword(prehash(password), p.cost)
	return string(h), err
}

// matches compares. An empty hash stands for "no account": it costs the same and never matches.
func (p *passwords) matches(ctx context.Context, hash, password string) (bool, error) {
	leave, err := p.enter(ctx)
	if err != nil {
		return false, err
	}
	defer leave()
	against := []byte(hash)
	if hash == "" {
		against = p.dummy
	}
	err = bcrypt.CompareHashAndPassword(against, prehash(password))
	if err != nil && !errors.Is(err, bcrypt.ErrMismatchedHashAndPassword) {
		return false, err
	}
	return err == nil && hash != "", nil
}

// enter waits for a slot. The refusal is "busy" when the queue is full, or the context's error.
func (p *passwords) enter(ctx context.Context) (leave func(), err error) {
	if p.queued.Add(1) > maxQueued {
		p.queued.Add(-1)
		return nil, &fault.Error{Kind: fault.Unavailable, Code: "busy", Message: "too many people are signing in; try again in a moment",
			RetryAfter: 2 * time.Second}
	}
	select {
	case p.slots <- struct{}{}:
		p.runs.Add(1)
		return func() { <-p.slots; p.queued.Add(-1) }, nil
	case <-ctx.Done():
		p.queued.Add(-1)
		return nil, ctx.Err()
	}
}
