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

	"github.com/golang-jwt/jwt/v5"
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
	tokens, _, err := h.Login(h.Context(), login, password, Client{})
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
			_, got, err := h.Login(t.Context(), login, password, Client{})
			if err != nil || got.ID != user.ID {
				t.Errorf("%q: %v", login, err)
			}
		}
		// An unknown account costs what a wrong password costs, and says the same.
		var said []string
		for _, c := range [][2]string{{"ann", "wrong"}, {"nobody", password}, {"nobody@example.com", "x"}, {"", ""}, {"b b", "x"},
			{"@", "x"}, {"ann", password + " "}, {strings.Repeat("x", 500), strings.Repeat("x", 500)}} {
			before := h.passwords.runs.Load()
			_, _, err := h.Login(t.Context(), c[0], c[1], Client{})
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

func TestRefreshRotates(t *testing.T) {
	t.Parallel()
	enginetest.Each(t, func(t *testing.T, s store.Store) {
		h := newHouse(t, s)
		first, user := h.join("ann")
		h.pass(time.Minute)
		second, got, err := h.Refresh(t.Context(), first.RefreshToken, Client{UserAgent: "new"})
		h.must(err)
		if second.RefreshToken == first.RefreshToken || second.AccessToken == first.AccessToken || got.ID != user.ID {
			t.Errorf("%+v after %+v", second, first)
		}
		h.pass(GracePeriod)
		again, _, err := h.Refresh(t.Context(), first.RefreshToken, Client{})
		h.must(err)
		if again.RefreshToken != second.RefreshToken {
			t.Error("a retry within the grace got another successor")
		}
		h.identity(first) // an access token lives until it expires
		third, _, err := h.Refresh(t.Context(), second.RefreshToken, Client{})
		h.must(err)
		if list, err := h.Sessions(t.Context(), user.ID); err != nil || len(list) != 1 || list[0].UserAgent != "" {
			t.Errorf("%+v %v", list, err)
		}

		// The first token is two generations old: a copy, whatever the grace.
		_, _, err = h.Refresh(t.Context(), first.RefreshToken, Client{})
		h.refused("reuse", err, "invalid_refresh_token")
		if ended := h.bus.take(); len(ended) != 1 || ended[0].Reason != "reused" || len(ended[0].Sessions) != 1 {
			t.Errorf("%+v", ended)
		}
		h.dead("the family", third)
	})
}

func TestSpentTokenAfterTheGraceRevokesTheFamily(t *testing.T) {
	t.Parallel()
	enginetest.Each(t, func(t *testing.T, s store.Store) {
		h := newHouse(t, s)
		first, _ := h.join("ann")
		other := h.login("ann")
		second, _, err := h.Refresh(t.Context(), first.RefreshToken, Client{})
		h.must(err)
		h.identity(second)
		h.pass(GracePeriod + time.Millisecond)
		_, _, err = h.Refresh(t.Context(), first.RefreshToken, Client{})
		h.refused("reuse", err, "invalid_refresh_token")
		h.dead("the family", second)
		h.identity(other)
	})
}

func TestRacingRefreshesGetOneSuccessor(t *testing.T) {
	t.Parallel()
	enginetest.Each(t, func(t *testing.T, s store.Store) {
		h := newHouse(t, s)
		first, _ := h.join("ann")
		var wg sync.WaitGroup
		got := make([]string, 8)
		for i := range got {
			wg.Go(func() {
				tokens, _, err := h.Refresh(t.Context(), first.RefreshToken, Client{})
				if err != nil {
					t.Error(err)
				}
				got[i] = tokens.RefreshToken
			})
		}
		wg.Wait()
		for _, g := range got {
			if g != got[0] || g == first.RefreshToken {
				t.Errorf("%q and %q", g, got[0])
			}
		}
	})
}

func TestRefreshRefusesWhatItDidNotMake(t *testing.T) {
	t.Parallel()
	h := newHouse(t, enginetest.SQLite(t))
	tokens, _ := h.join("ann")
	sid := h.identity(tokens).SessionID
	for name, token := range map[string]string{
		"nothing": "", "words": "abc", "an access token": tokens.AccessToken, "too long": strings.Repeat("x", 2000),
		"another generation": strings.Replace(tokens.RefreshToken, ".1.", ".2.", 1), "a cut one": tokens.RefreshToken[:len(tokens.RefreshToken)-1],
		"a generation to come": h.tokens.refresh(sid, 7), "no session": h.tokens.refresh(store.NewID(), 1),
		"another secret's": newTokens([]byte("x"), h.now).refresh(sid, 1), "no number": string(sid) + ".x.y",
	} {
		_, _, err := h.Refresh(t.Context(), token, Client{})
		h.refused(name, err, "invalid_refresh_token")
	}
	h.identity(tokens) // none of them did harm
	h.pass(SessionTTL)
	_, _, err := h.Refresh(t.Context(), tokens.RefreshToken, Client{})
	h.refused("after two idle months", err, "invalid_refresh_token")
}

func TestVerifyRefusesWhatItDidNotMake(t *testing.T) {
	t.Parallel()
	h := newHouse(t, enginetest.SQLite(t))
	tokens, user := h.join("ann")
	other, _ := h.join("bob")
	mine := h.identity(tokens)
	sign := func(method jwt.SigningMethod, key any, change func(*claims)) string {
		c := claims{SessionID: string(mine.SessionID), RegisteredClaims: jwt.RegisteredClaims{Issuer: issuer,
			Subject: string(user.ID), ExpiresAt: jwt.NewNumericDate(h.now().Add(time.Hour))}}
		change(&c)
		token, err := jwt.NewWithClaims(method, c).SignedString(key)
		h.must(err)
		return token
	}
	key := h.tokens.accessKey
	if _, err := h.Verify(t.Context(), sign(jwt.SigningMethodHS256, key, func(*claims) {})); err != nil {
		t.Fatalf("the sample itself: %v", err)
	}
	for name, token := range map[string]string{
		"nothing": "", "words": "a.b.c", "too long": strings.Repeat("a", 5000), "a refresh token": tokens.RefreshToken,
		"no signature":            sign(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, func(*claims) {}),
		"another algorithm":       sign(jwt.SigningMethodHS512, key, func(*claims) {}),
		"another key":             sign(jwt.SigningMethodHS256, []byte("x"), func(*claims) {}),
		"the refresh key":         sign(jwt.SigningMethodHS256, h.tokens.refreshKey, func(*claims) {}),
		"another issuer":          sign(jwt.SigningMethodHS256, key, func(c *claims) { c.Issuer = "x" }),
		"no end":                  sign(jwt.SigningMethodHS256, key, func(c *claims) { c.ExpiresAt = nil }),
		"no session":              sign(jwt.SigningMethodHS256, key, func(c *claims) { c.SessionID = string(store.NewID()) }),
		"somebody else's session": sign(jwt.SigningMethodHS256, key, func(c *claims) { c.SessionID = string(h.identity(other).SessionID) }),
	} {
		_, err := h.Verify(t.Context(), token)
		h.refused(name, err, "unauthorized")
	}
	h.pass(AccessTTL + leeway)
	_, err := h.Verify(t.Context(), tokens.AccessToken)
	h.refused("an expired token", err, "unauthorized")
}

func TestVerifyTakesNoQueryOnceItKnowsTheSession(t *testing.T) {
	t.Parallel()
	counted := &countingStore{Store: enginetest.SQLite(t)}
	h := newHouse(t, counted)
	tokens, _ := h.join("ann")
	h.identity(tokens)
	before := counted.views
	for range 10 {
		h.identity(tokens)
	}
	if counted.views != before {
		t.Errorf("%d queries", counted.views-before)
	}
}

// countingStore counts views. It is used by one goroutine.
type countingStore struct {
	store.Store
	views int
}

func (c *countingStore) View(ctx context.Context, fn func(store.Tx) error) error {
	c.views++
	return c.Store.View(ctx, fn)
}

func TestRevocationIsFeltAtOnce(t *testing.T) {
	t.Parallel()
	enginetest.Each(t, func(t *testing.T, s store.Store) {
		h := newHouse(t, s)
		first, user := h.join("ann")
		second, third := h.login("ann"), h.login("ann")
		stranger, _ := h.join("bob")
		one, two := h.identity(first), h.identity(second)
		h.identity(third)

		h.must(h.Logout(t.Context(), one))
		h.dead("logged out", first)
		h.refused("logging out twice", h.Logout(t.Context(), one), "not_found")
		h.refused("a stranger revokes", h.RevokeSession(t.Context(), h.identity(stranger).UserID, two.SessionID), "not_found")
		h.refused("no session", h.RevokeSession(t.Context(), user.ID, store.NewID()), "not_found")
		h.identity(second)
		h.must(h.RevokeSession(t.Context(), user.ID, two.SessionID))
		h.dead("revoked", second)
		if list, err := h.Sessions(t.Context(), user.ID); err != nil || len(list) != 1 || list[0].ID != h.identity(third).SessionID {
			t.Errorf("%+v %v", list, err)
		}
		var reasons []string
		for _, e := range h.bus.take() {
			if e.UserID != user.ID {
				t.Errorf("%+v", e)
			}
			reasons = append(reasons, e.Reason)
		}
		if fmt.Sprint(reasons) != "[logout revoked]" {
			t.Errorf("%v", reasons)
		}
	})
}

func TestChangePassword(t *testing.T) {
	t.Parallel()
	enginetest.Each(t, func(t *testing.T, s store.Store) {
		h := newHouse(t, s)
		mine, _ := h.join("ann")
		other := h.login("ann")
		h.identity(other)
		id := h.identity(mine)
		h.refused("a wrong password", h.ChangePassword(t.Context(), id, "wrong", "another long secret"), "wrong_password")
		h.refused("a poor one", h.ChangePassword(t.Context(), id, password, "12345678"), "invalid")
		h.identity(other)
		h.must(h.ChangePassword(t.Context(), id, password, "another long secret"))
		h.identity(mine)
		h.dead("the other device", other)
		if e := h.bus.take(); len(e) != 1 || e[0].Reason != "password-changed" || len(e[0].Sessions) != 1 {
			t.Errorf("%+v", e)
		}
		_, _, err := h.Login(t.Context(), "ann", password, Client{})
		h.refused("the old password", err, "bad_credentials")
		if _, _, err := h.Login(t.Context(), "ann", "another long secret", Client{}); err != nil {
			t.Error(err)
		}
	})
}

func TestDeleteAccount(t *testing.T) {
	t.Parallel()
	enginetest.Each(t, func(t *testing.T, s store.Store) {
		h := newHouse(t, s)
		tokens, user := h.join("ann")
		second := h.login("ann")
		h.identity(second)
		h.refused("a wrong password", h.DeleteAccount(t.Context(), user.ID, "wrong"), "wrong_password")
		h.identity(tokens)
		h.must(h.DeleteAccount(t.Context(), user.ID, password))
		h.dead("a device", tokens)
		h.dead("another", second)
		if e := h.bus.take(); len(e) != 1 || e[0].Reason != "deleted" || len(e[0].Sessions) != 2 {
			t.Errorf("%+v", e)
		}
		_, _, err := h.Login(t.Context(), "ann", password, Client{})
		h.refused("signing in", err, "bad_credentials")
		err = s.View(t.Context(), func(tx store.Tx) error {
			u, err := tx.User(t.Context(), user.ID)
			if err == nil && (u.DeletedAt == nil || u.DisplayName != "" || u.PasswordHash != "" || strings.Contains(u.Email+u.Username, "ann")) {
				t.Errorf("left behind: %+v", u)
			}
			return err
		})
		h.must(err)
		if _, again := h.join("ann"); again.ID == user.ID {
			t.Error("the account came back")
		}
	})
}

func TestSessionsPerAccountAreBounded(t *testing.T) {
	t.Parallel()
	h := newHouse(t, enginetest.SQLite(t))
	first, user := h.join("ann")
	h.identity(first)
	for range maxSessions {
		h.pass(time.Second)
		h.login("ann")
	}
	list, err := h.Sessions(t.Context(), user.ID)
	h.must(err)
	if len(list) != maxSessions {
		t.Errorf("%d sessions", len(list))
	}
	h.dead("the one idle longest", first)
}

func TestSweep(t *testing.T) {
	t.Parallel()
	h := newHouse(t, enginetest.SQLite(t))
	tokens, _ := h.join("ann")
	id := h.identity(tokens)
	h.must(h.Logout(t.Context(), id))
	h.must(h.Sweep(t.Context()))
	there := func() bool {
		return h.store.View(t.Context(), func(tx store.Tx) error { _, err := tx.Session(t.Context(), id.SessionID); return err }) == nil
	}
	if !there() {
		t.Error("a session that has just ended was swept")
	}
	h.pass(keepEnded + time.Second)
	ctx, stop := context.WithCancel(t.Context())
	ticks, done := make(chan time.Time), make(chan struct{})
	go func() { h.Service.Run(ctx, ticks); close(done) }()
	ticks <- h.now()
	ticks <- h.now() // taken when the first has been worked off
	stop()
	<-done
	if there() {
		t.Error("an old one was not")
	}
}

func TestCacheOfSessions(t *testing.T) {
	t.Parallel()
	l := newLiveSessions(10)
	_, _, mark := l.find("busy")
	l.add("busy", "u", mark)
	for i := range 100 {
		id := store.ID(fmt.Sprint(i))
		_, _, mark := l.find(id)
		l.add(id, "u", mark)
		if i%4 == 0 {
			if _, found, _ := l.find("busy"); !found {
				t.Fatalf("a session in use was dropped after %d others", i)
			}
		}
	}
	if n := len(l.newer) + len(l.older); n > 21 {
		t.Errorf("%d entries", n)
	}
	l.remove("busy")
	if _, found, _ := l.find("busy"); found {
		t.Error("a revoked session is found")
	}
	_, _, mark = l.find("late")
	l.remove("late") // revoked between the look into the database and the entry
	l.add("late", "u", mark)
	if _, found, _ := l.find("late"); found {
		t.Error("a revocation was overtaken")
	}
}

func TestShorten(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"abc": "abc", "яяя": "яя", "a\x00\xffb": "ab"} {
		if got := shorten(in, 5); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	s := New(Config{Store: enginetest.SQLite(b), Bus: &revocations{}, Secret: secret, Cost: bcrypt.MinCost})
	tokens, _, err := s.Register(b.Context(), Registration{Email: "a@example.com", Username: "ann", Password: password}, Client{})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Verify(b.Context(), tokens.AccessToken); err != nil {
			b.Fatal(err)
		}
	}
}
