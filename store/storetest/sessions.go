package storetest

import (
	"errors"

	"confab/store"
)

// newSession makes up a signed-in device.
func newSession(u store.User, lastUsed int) store.Session {
	return store.Session{
		ID: store.NewID(), UserID: u.ID, Generation: 1, RotatedAt: start, UserAgent: "Браузер/1.0", Address: "192.0.2.1",
		CreatedAt: start, LastUsedAt: after(lastUsed), ExpiresAt: after(1000),
	}
}

var sessionCases = []testCase{
	{"a session is read back whole", func(w *world) {
		s := newSession(w.user("device"), 0)
		w.update(func(tx store.Tx) error { return tx.CreateSession(w.Context(), s) })
		s.Generation, s.RotatedAt, s.UserAgent, s.Address = 7, after(1), "other", "2001:db8::1"
		s.LastUsedAt, s.ExpiresAt, s.RevokedAt = after(2), after(3), ptr(after(4))
		w.update(func(tx store.Tx) error { return tx.UpdateSession(w.Context(), s) })
		ask := func(tx store.Tx) (store.Session, error) { return tx.Session(w.Context(), s.ID) }
		equal(w, "in a view", read(w, ask), s)
		w.update(func(tx store.Tx) error {
			got, err := ask(tx)
			equal(w, "in an update", got, s)
			return err
		})
	}},
	{"an unknown session is not found", func(w *world) {
		err := w.s.Update(w.Context(), func(tx store.Tx) error { _, err := tx.Session(w.Context(), store.NewID()); return err })
		if !errors.Is(err, store.ErrNotFound) {
			w.Errorf("got %v, want ErrNotFound", err)
		}
	}},
	{"the list holds what lives, latest used first", func(w *world) {
		u := w.user("devices")
		old, fresh, expired, revoked := newSession(u, 1), newSession(u, 9), newSession(u, 5), newSession(u, 6)
		expired.ExpiresAt, revoked.RevokedAt = after(50), ptr(after(7))
		w.update(func(tx store.Tx) error {
			for _, s := range []store.Session{old, fresh, expired, revoked, newSession(w.newUserIn(tx, "other"), 3)} {
				if err := tx.CreateSession(w.Context(), s); err != nil {
					return err
				}
			}
			return nil
		})
		got := read(w, func(tx store.Tx) ([]store.Session, error) { return tx.SessionsOf(w.Context(), u.ID, after(50)) })
		equal(w, "sessions", idsOf(got, sessionID), []store.ID{fresh.ID, old.ID})
	}},
	{"old ones are cleared away", func(w *world) {
		u := w.user("cleaner")
		kept, expired, revoked := newSession(u, 0), newSession(u, 0), newSession(u, 0)
		kept.ExpiresAt, expired.ExpiresAt, revoked.RevokedAt = after(-99), after(-101), ptr(after(-102))
		w.update(func(tx store.Tx) error {
			for _, s := range []store.Session{kept, expired, revoked} {
				if err := tx.CreateSession(w.Context(), s); err != nil {
					return err
				}
			}
			n, err := tx.DeleteSessionsBefore(w.Context(), after(-100))
			equal(w, "cleared", n, 2)
			if err != nil {
				return err
			}
			_, err = tx.Session(w.Context(), kept.ID)
			return err
		})
	}},
}

// newUserIn makes up a person inside of a transaction.
func (w *world) newUserIn(tx store.Tx, name string) store.User {
	u := w.newUser(name)
	if err := tx.CreateUser(w.Context(), u); err != nil {
		w.Errorf("create user: %v", err)
	}
	return u
}
