package storetest

import (
	"errors"

	"confab/store"
)

var factorCases = []testCase{
	{"a second factor is read back, and replaced by the next", func(w *world) {
		u := w.user("careful")
		ask := func(tx store.Tx) (store.TOTP, error) { return tx.TOTP(w.Context(), u.ID) }
		if err := w.s.View(w.Context(), func(tx store.Tx) error { _, err := ask(tx); return err }); !errors.Is(err, store.ErrNotFound) {
			w.Errorf("before there is one: %v", err)
		}
		for n, f := range []store.TOTP{
			{UserID: u.ID, Secret: []byte{0, 255, 1}, CreatedAt: after(1)},
			{UserID: u.ID, Secret: []byte("other"), LastStep: 58_000_000, CreatedAt: after(2)},
		} {
			w.update(func(tx store.Tx) error { return tx.SetTOTP(w.Context(), f) })
			equal(w, []string{"the first", "the second"}[n], read(w, ask), f)
		}
	}},
	{"a recovery code is spent once, by its owner", func(w *world) {
		u, other := w.user("careful"), w.user("other")
		first, second, old := []byte("first"), []byte("second"), []byte("old")
		w.update(func(tx store.Tx) error { return tx.SetRecoveryCodes(w.Context(), u.ID, [][]byte{old}) })
		w.update(func(tx store.Tx) error { return tx.SetRecoveryCodes(w.Context(), u.ID, [][]byte{first, second}) })
		for _, c := range []struct {
			what string
			who  store.ID
			code []byte
			want bool
		}{
			{"somebody else's", other.ID, first, false},
			{"the first time", u.ID, first, true},
			{"the second time", u.ID, first, false},
			{"another one", u.ID, second, true},
			{"one that was replaced", u.ID, old, false},
		} {
			w.update(func(tx store.Tx) error {
				spent, err := tx.SpendRecoveryCode(w.Context(), c.who, c.code)
				equal(w, c.what, spent, c.want)
				return err
			})
		}
	}},
	{"a deleted factor takes its recovery codes along", func(w *world) {
		u := w.user("careful")
		w.update(func(tx store.Tx) error {
			if err := tx.SetTOTP(w.Context(), store.TOTP{UserID: u.ID, Secret: []byte("s"), CreatedAt: start}); err != nil {
				return err
			}
			return tx.SetRecoveryCodes(w.Context(), u.ID, [][]byte{[]byte("code")})
		})
		for range 2 {
			w.update(func(tx store.Tx) error { return tx.DeleteTOTP(w.Context(), u.ID) })
		}
		w.update(func(tx store.Tx) error {
			if _, err := tx.TOTP(w.Context(), u.ID); !errors.Is(err, store.ErrNotFound) {
				w.Errorf("the factor: %v", err)
			}
			spent, err := tx.SpendRecoveryCode(w.Context(), u.ID, []byte("code"))
			equal(w, "its code", spent, false)
			return err
		})
	}},
}
