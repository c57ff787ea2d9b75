package auth

import (
	"strings"
	"testing"

	"confab/internal/enginetest"
	"confab/store"
)

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
		_, _, err := h.Login(t.Context(), "ann", password, "", Client{})
		h.refused("the old password", err, "bad_credentials")
		if _, _, err := h.Login(t.Context(), "ann", "another long secret", "", Client{}); err != nil {
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
		_, _, err := h.Login(t.Context(), "ann", password, "", Client{})
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
