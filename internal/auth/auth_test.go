package auth

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/crypto/bcrypt"

	"confab/internal/bus"
	"confab/internal/enginetest"
	"confab/internal/fault"
	"confab/store"
)

// revocations is a bus that remembers whose sessions ended, and why.
type revocations struct {
	mu    sync.Mutex
	ended []bus.Revoked
}

func (r *revocations) Publish(bus.Event) {}

func (r *revocations) Revoke(e bus.Revoked) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended = append(r.ended, e)
}

func (r *revocations) take() []bus.Revoked {
	r.mu.Lock()
	defer r.mu.Unlock()
	taken := r.ended
	r.ended = nil
	return taken
}

// house is a service over a database, with a clock that is moved by hand.
type house struct {
	*testing.T
	*Service
	store store.Store
	bus   *revocations
	mu    sync.Mutex
	time  time.Time
}

var secret = []byte("0123456789abcdef0123456789abcdef")

func newHouse(t *testing.T, s store.Store) *house {
	h := &house{T: t, store: s, bus: &revocations{}, time: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	h.Service = New(Config{Store: s, Bus: h.bus, Secret: secret, Now: h.now, Cost: bcrypt.MinCost})
	return h
}

func (h *house) now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.time
}

func (h *house) pass(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.time = h.time.Add(d)
}

const password = "a fine long secret"

func (h *house) join(name string) (Tokens, store.User) {
	h.Helper()
	tokens, user, err := h.Register(h.Context(), Registration{Email: name + "@example.com", Username: name, Password: password}, Client{UserAgent: "test", Address: "192.0.2.1"})
	h.must(err)
	return tokens, user
}

func (h *house) login(login string) Tokens {
	h.Helper()
	tokens, _, err := h.Login(h.Context(), login, password, "", Client{})
	h.must(err)
	return tokens
}

func (h *house) identity(t Tokens) Identity {
	h.Helper()
	id, err := h.Verify(h.Context(), t.AccessToken)
	h.must(err)
	return id
}

func (h *house) must(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

func (h *house) refused(what string, err error, code string) {
	h.Helper()
	var f *fault.Error
	if !errors.As(err, &f) || f.Code != code {
		h.Errorf("%s: %v; want the refusal %s", what, err, code)
	}
}

func (h *house) dead(what string, t Tokens) {
	h.Helper()
	_, err := h.Verify(h.Context(), t.AccessToken)
	h.refused(what+", access", err, "unauthorized")
	_, _, err = h.Refresh(h.Context(), t.RefreshToken, Client{})
	h.refused(what+", refresh", err, "invalid_refresh_token")
}

func TestRegister(t *testing.T) {
	t.Parallel()
	enginetest.Each(t, func(t *testing.T, s store.Store) {
		h := newHouse(t, s)
		tokens, user := h.join("Ann")
		if user.DisplayName != "Ann" || user.PasswordHash == "" || strings.Contains(user.PasswordHash, password) || tokens.ExpiresIn != 900 {
			t.Errorf("%+v %+v", user, tokens)
		}
		if id := h.identity(tokens); id.UserID != user.ID || !id.ExpiresAt.Equal(h.now().Add(AccessTTL)) {
			t.Errorf("%+v", id)
		}
		fine := Registration{Email: "bob@example.com", Username: "bob", Password: password, DisplayName: "Bob"}
		for name, c := range map[string]struct {
			change func(*Registration)
			code   string
			field  string
		}{
			"a taken address":   {func(r *Registration) { r.Email = "ANN@example.com" }, "email_taken", "email"},
			"a taken name":      {func(r *Registration) { r.Username = "aNN" }, "username_taken", "username"},
			"a bad address":     {func(r *Registration) { r.Email = "bob" }, "invalid", "email"},
			"a bad name":        {func(r *Registration) { r.Username = "b b" }, "invalid", "username"},
			"a short password":  {func(r *Registration) { r.Password = "short" }, "invalid", "password"},
			"a common password": {func(r *Registration) { r.Password = "Password123" }, "invalid", "password"},
			"a bad look":        {func(r *Registration) { r.DisplayName = "a\nb" }, "invalid", "displayName"},
		} {
			r := fine
			c.change(&r)
			_, _, err := h.Register(t.Context(), r, Client{})
			h.refused(name, err, c.code)
			if fields := fault.From(err).Fields; len(fields) != 1 || fields[0].Field != c.field {
				t.Errorf("%s names %v", name, fields)
			}
		}
		_, _, err := h.Register(t.Context(), Registration{}, Client{})
		if fields := fault.From(err).Fields; len(fields) != 3 {
			t.Errorf("an empty registration names %v", fields)
		}
	})
}

func TestRacingRegistrationsMakeOneAccount(t *testing.T) {
	t.Parallel()
	enginetest.Each(t, func(t *testing.T, s store.Store) {
		h := newHouse(t, s)
		var wg sync.WaitGroup
		var mu sync.Mutex
		made := 0
		for range 8 {
			wg.Go(func() {
				_, _, err := h.Register(t.Context(), Registration{Email: "a@example.com", Username: "ann", Password: password}, Client{})
				if err == nil {
					mu.Lock()
					made++
					mu.Unlock()
				} else if code := fault.From(err).Code; code != "email_taken" && code != "username_taken" {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if made != 1 {
			t.Errorf("%d accounts", made)
		}
	})
}

func TestLogin(t *testing.T) {
	t.Parallel()
	enginetest.Each(t, func(t *testing.T, s store.Store) {
		h := newHouse(t, s)
		_, user := h.join("Ann")
		for _, login := range []string{"ann", "ANN", "ann@example.com", " Ann@Example.com "} {
			_, got, err := h.Login(t.Context(), login, password, "", Client{})
			if err != nil || got.ID != user.ID {
				t.Errorf("%q: %v", login, err)
			}
		}
		// An unknown account costs what a wrong password costs, and says the same.
		var said []string
		for _, c := range [][2]string{{"ann", "wrong"}, {"nobody", password}, {"nobody@example.com", "x"}, {"", ""}, {"b b", "x"},
			{"@", "x"}, {"ann", password + " "}, {strings.Repeat("x", 500), strings.Repeat("x", 500)}} {
			before := h.passwords.runs.Load()
			_, _, err := h.Login(t.Context(), c[0], c[1], "", Client{})
			h.refused(c[0], err, "bad_credentials")
			said = append(said, fmt.Sprint(err))
			if runs := h.passwords.runs.Load() - before; runs != 1 {
				t.Errorf("%q: bcrypt ran %d times", c[0], runs)
			}
		}
		for _, s := range said {
			if s != said[0] {
				t.Errorf("%q and %q", s, said[0])
			}
		}
	})
}

func TestEveryCharacterOfAPasswordCounts(t *testing.T) {
	t.Parallel()
	p := newPasswords(bcrypt.MinCost)
	long := strings.Repeat("я", 128)
	for name, c := range map[string][2]string{
		"past 72 bytes": {long, long[:len(long)-2] + "ы"}, "after a NUL": {"abcdefgh\x00i", "abcdefgh\x00j"},
	} {
		hash, err := p.hash(t.Context(), c[0])
		if err != nil {
			t.Fatal(err)
		}
		if same, err := p.matches(t.Context(), hash, c[0]); err != nil || !same {
			t.Errorf("%s: the right one: %v %v", name, same, err)
		}
		if same, err := p.matches(t.Context(), hash, c[1]); err != nil || same {
			t.Errorf("%s: another one: %v %v", name, same, err)
		}
	}
	if same, err := p.matches(t.Context(), "", "nobody has this password"); err != nil || same {
		t.Errorf("the dummy lets in: %v %v", same, err)
	}
	if len(prehash(long)) > 72 {
		t.Error("bcrypt would cut the pre-hash")
	}
	if cost, err := bcrypt.Cost(newPasswords(0).dummy); err != nil || cost != DefaultCost {
		t.Errorf("the dummy costs %d, %v", cost, err)
	}
}

func TestHashingIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPasswords(bcrypt.MinCost)
		var leave []func()
		for range cap(p.slots) {
			l, err := p.enter(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			leave = append(leave, l)
		}
		ctx, cancel := context.WithCancel(t.Context())
		for range maxQueued - cap(p.slots) {
			go func() {
				if _, err := p.enter(ctx); !errors.Is(err, context.Canceled) {
					t.Error(err)
				}
			}()
		}
		synctest.Wait() // until all of them queue
		_, err := p.enter(t.Context())
		if f := fault.From(err); f.Code != "busy" || f.RetryAfter == 0 {
			t.Errorf("one too many: %v", err)
		}
		cancel()
		synctest.Wait()
		for _, l := range leave {
			l()
		}
		if n := p.queued.Load(); n != 0 {
			t.Errorf("%d are still counted", n)
		}
	})
}
