package auth

import (
	"bytes"
	"encoding/base32"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"confab/internal/enginetest"
	"confab/internal/fault"
	"confab/internal/limit"
	"confab/store"
)

// phone is an authenticator app.
type phone struct {
	h      *house
	secret []byte
}

// code is what the app shows, so many steps from now.
func (p phone) code(off int64) string {
	return hotp(p.secret, uint64(stepAt(p.h.now())+off), totpDigits)
}

// enrol turns the second factor of somebody on, and lets a step pass so that the next code is a fresh one.
func (h *house) enrol(user store.User) (phone, []string) {
	h.Helper()
	e, err := h.EnrolTOTP(h.Context(), user.ID, password)
	h.must(err)
	secret, err := base32.StdEncoding.DecodeString(e.Secret)
	h.must(err)
	p := phone{h, secret}
	recovery, err := h.ConfirmTOTP(h.Context(), user.ID, p.code(0))
	h.must(err)
	h.pass(2 * totpStep)
	return p, recovery
}

// enter signs in with a code.
func (h *house) enter(pw, code string) error {
	h.Helper()
	_, _, err := h.Login(h.Context(), "ann", pw, code, Client{})
	return err
}

func TestSecondFactor(t *testing.T) {
	t.Parallel()
	enginetest.Each(t, func(t *testing.T, s store.Store) {
		h := newHouse(t, s)
		_, user := h.join("ann")
		_, err := h.EnrolTOTP(t.Context(), user.ID, "wrong")
		h.refused("enrolling with a wrong password", err, "wrong_password")
		_, err = h.ConfirmTOTP(t.Context(), user.ID, "123456")
		h.refused("confirming nothing", err, "totp_not_pending")
		h.refused("removing nothing", h.RemoveTOTP(t.Context(), user.ID, password, "123456"), "totp_not_enabled")

		first, err := h.EnrolTOTP(t.Context(), user.ID, password)
		h.must(err)
		h.must(h.enter(password, "")) // it does not count yet
		second, err := h.EnrolTOTP(t.Context(), user.ID, password)
		h.must(err)
		replaced, err := base32.StdEncoding.DecodeString(first.Secret)
		h.must(err)
		_, err = h.ConfirmTOTP(t.Context(), user.ID, phone{h, replaced}.code(0))
		h.refused("confirming with the secret that was replaced", err, "wrong_code")
		secret, err := base32.StdEncoding.DecodeString(second.Secret)
		h.must(err)
		p := phone{h, secret}
		recovery, err := h.ConfirmTOTP(t.Context(), user.ID, p.code(0))
		h.must(err)
		_, err = h.EnrolTOTP(t.Context(), user.ID, password)
		h.refused("enrolling twice", err, "totp_enabled")
		_, err = h.ConfirmTOTP(t.Context(), user.ID, p.code(1))
		h.refused("confirming twice", err, "totp_not_pending")

		h.refused("the code that confirmed", h.enter(password, p.code(0)), "wrong_code")
		h.pass(5 * time.Minute)
		h.refused("no code", h.enter(password, ""), "totp_required")
		h.refused("a wrong password without a code", h.enter("wrong", ""), "bad_credentials")
		h.refused("a wrong password with the right code", h.enter("wrong", p.code(0)), "bad_credentials")
		h.refused("a wrong code", h.enter(password, p.code(-2)), "wrong_code")
		h.must(h.enter(password, p.code(0)))
		h.refused("the same code", h.enter(password, p.code(0)), "wrong_code")
		h.refused("the code before it", h.enter(password, p.code(-1)), "wrong_code")
		code := p.code(1)
		h.must(h.enter(password, code[:3]+" "+code[3:])) // as apps show it

		h.must(h.enter(password, strings.ToLower(recovery[3])))
		h.refused("a recovery code again", h.enter(password, recovery[3]), "wrong_code")

		h.refused("removing with a wrong password", h.RemoveTOTP(t.Context(), user.ID, "wrong", recovery[4]), "wrong_password")
		h.refused("removing with a wrong code", h.RemoveTOTP(t.Context(), user.ID, password, recovery[3]), "wrong_code")
		h.must(h.RemoveTOTP(t.Context(), user.ID, password, recovery[4]))
		h.must(h.enter(password, ""))
		_, err = h.EnrolTOTP(t.Context(), user.ID, password)
		h.must(err)
	})
}

// The refusal of a code at login is one of somebody who is not signed in.
func TestWrongCodesHaveTheirKind(t *testing.T) {
	t.Parallel()
	h := newHouse(t, enginetest.SQLite(t))
	_, user := h.join("ann")
	h.enrol(user)
	for code, err := range map[string]error{
		"totp_required": h.enter(password, " "), "wrong_code": h.enter(password, "000000 0"),
	} {
		if f := (*fault.Error)(nil); !errors.As(err, &f) || f.Code != code || f.Kind != fault.Unauthorized {
			t.Errorf("%v, want %s", err, code)
		}
	}
	if f := (*fault.Error)(nil); !errors.As(h.RemoveTOTP(t.Context(), user.ID, password, "wrong"), &f) || f.Kind != fault.Forbidden {
		t.Errorf("%v", f)
	}
}

func TestOneCodeLetsInOnce(t *testing.T) {
	t.Parallel()
	enginetest.Each(t, func(t *testing.T, s store.Store) {
		h := newHouse(t, s)
		_, user := h.join("ann")
		p, recovery := h.enrol(user)
		for what, code := range map[string]string{"the app's": p.code(0), "a recovery": recovery[0]} {
			var in sync.WaitGroup
			errs := make(chan error, 8)
			for range cap(errs) {
				in.Go(func() {
					_, _, err := h.Login(t.Context(), "ann", password, code, Client{})
					errs <- err
				})
			}
			in.Wait()
			close(errs)
			entered := 0
			for err := range errs {
				if err == nil {
					entered++
				} else {
					h.refused(what, err, "wrong_code")
				}
			}
			if entered != 1 {
				t.Errorf("%s code let in %d times", what, entered)
			}
		}
	})
}

func TestGuessesAtCodesAreBounded(t *testing.T) {
	t.Parallel()
	h := newHouse(t, enginetest.SQLite(t))
	h.Service = New(Config{Store: h.store, Bus: h.bus, Secret: secret, Now: h.now, Cost: bcrypt.MinCost, Limits: limit.NewAt(1, h.now)})
	_, user := h.join("ann")
	p, _ := h.enrol(user)
	h.pass(time.Hour)
	for range 10 {
		h.refused("a guess", h.enter(password, "AAAA"), "wrong_code")
	}
	err := h.enter(password, p.code(0))
	h.refused("one more", err, "rate_limited")
	h.refused("removing", h.RemoveTOTP(t.Context(), user.ID, password, p.code(0)), "rate_limited")
	_, err = h.ConfirmTOTP(t.Context(), user.ID, p.code(0))
	h.refused("confirming", err, "rate_limited")
	h.refused("whoever has no password", h.enter("wrong", p.code(0)), "bad_credentials")
	h.refused("no code is no guess", h.enter(password, ""), "totp_required")
	h.pass(2 * time.Minute)
	h.must(h.enter(password, p.code(0)))
}

func TestTheDatabaseDoesNotGiveTheSecretAway(t *testing.T) {
	t.Parallel()
	h := newHouse(t, enginetest.SQLite(t))
	_, user := h.join("ann")
	p, recovery := h.enrol(user)
	var kept store.TOTP
	h.must(h.store.View(t.Context(), func(tx store.Tx) (err error) {
		kept, err = tx.TOTP(t.Context(), user.ID)
		return err
	}))
	if bytes.Contains(kept.Secret, p.secret) {
		t.Error("the secret is kept as it is")
	}
	if _, err := h.sealer.open(store.NewID(), kept.Secret); err == nil {
		t.Error("the secret opens for another account")
	}
	// A server whose secret was changed cannot open it, and recovery codes let people in still.
	h.Service = New(Config{Store: h.store, Bus: h.bus, Secret: bytes.Repeat([]byte("x"), 32), Now: h.now, Cost: bcrypt.MinCost})
	h.refused("the app's code", h.enter(password, p.code(0)), "wrong_code")
	h.must(h.enter(password, recovery[0]))
}

// Whether there is a second factor shows neither in what a wrong password is answered nor in what it costs.
func TestASecondFactorIsNotToldToStrangers(t *testing.T) {
	t.Parallel()
	h := newHouse(t, enginetest.SQLite(t))
	_, user := h.join("ann")
	try := func() (string, int64) {
		before := h.passwords.runs.Load()
		return h.enter("wrong", "").Error(), h.passwords.runs.Load() - before
	}
	without, cost := try()
	h.enrol(user)
	if with, costs := try(); with != without || costs != cost {
		t.Errorf("%q at %d computations, and %q at %d", without, cost, with, costs)
	}
}

func TestADeletedAccountKeepsNoSecondFactor(t *testing.T) {
	t.Parallel()
	h := newHouse(t, enginetest.SQLite(t))
	_, user := h.join("ann")
	h.enrol(user)
	h.must(h.DeleteAccount(t.Context(), user.ID, password))
	h.must(h.store.View(t.Context(), func(tx store.Tx) error {
		if _, err := tx.TOTP(t.Context(), user.ID); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("left behind: %v", err)
		}
		return nil
	}))
}
