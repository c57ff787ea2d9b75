package auth

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"golang.org/x/crypto/bcrypt"

	"confab/internal/enginetest"
	"confab/store"
)

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
