package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"confab/store"
)

// exists tells whether a user is kept.
func (w *world) exists(id store.ID) bool {
	w.Helper()
	err := w.s.View(w.Context(), func(tx store.Tx) error { return second(tx.User(w.Context(), id)) })
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		w.Fatal(err)
	}
	return err == nil
}

var transactionCases = []testCase{
	{"an error rolls everything back and is returned", func(w *world) {
		owner := w.user("owner")
		c := w.group(owner)
		u, reason := w.newUser("undone"), errors.New("no")
		err := w.s.Update(w.Context(), func(tx store.Tx) error {
			return errors.Join(tx.CreateUser(w.Context(), u), second(w.post(tx, newMessage(c, owner, "undone"))), reason)
		})
		if !errors.Is(err, reason) {
			w.Errorf("got %v, want the function's own error", err)
		}
		equal(w, "the user is kept", w.exists(u.ID), false)
		equal(w, "the next message", w.send(c, owner, "first").Seq, 1)
	}},
	{"a panic rolls back, reaches the caller and hurts nobody", func(w *world) {
		u := w.newUser("panicked")
		func() {
			defer func() { equal(w, "recovered", recover(), any("on purpose")) }()
			_ = w.s.Update(w.Context(), func(tx store.Tx) error {
				if err := tx.CreateUser(w.Context(), u); err != nil {
					return err
				}
				panic("on purpose")
			})
		}()
		func() {
			defer func() { equal(w, "recovered from a view", recover(), any("in a view")) }()
			_ = w.s.View(w.Context(), func(store.Tx) error { panic("in a view") })
		}()
		equal(w, "the user is kept", w.exists(u.ID), false)
		w.user("afterwards")
	}},
	{"a view is one snapshot and does not hold off writers", func(w *world) {
		u := w.user("u")
		c := w.group(u)
		w.view(func(tx store.Tx) error {
			before, err := tx.Chat(w.Context(), c.ID)
			if err != nil {
				return err
			}
			w.send(c, u, "meanwhile")
			now, err := tx.Chat(w.Context(), c.ID)
			equal(w, "chat", now, before)
			return err
		})
		equal(w, "after the view", read(w, func(tx store.Tx) (store.Chat, error) { return tx.Chat(w.Context(), c.ID) }).LastSeq, 1)
	}},
	{"a view cannot write", func(w *world) {
		u := w.newUser("u")
		if err := w.s.View(w.Context(), func(tx store.Tx) error { return tx.CreateUser(w.Context(), u) }); err == nil {
			w.Error("want an error")
		}
		equal(w, "the user is kept", w.exists(u.ID), false)
	}},
	{"a context that has ended begins nothing", func(w *world) {
		ctx, cancel := context.WithCancel(w.Context())
		cancel()
		for name, run := range map[string]func(context.Context, func(store.Tx) error) error{"update": w.s.Update, "view": w.s.View} {
			err := run(ctx, func(tx store.Tx) error { return second(tx.User(ctx, store.NewID())) })
			if !errors.Is(err, context.Canceled) {
				w.Errorf("%s: got %v, want context.Canceled", name, err)
			}
		}
	}},
	{"a context that ends inside rolls back, and the store lives on", func(w *world) {
		u := w.newUser("late")
		ctx, cancel := context.WithCancel(w.Context())
		err := w.s.Update(ctx, func(tx store.Tx) error {
			if err := tx.CreateUser(ctx, u); err != nil {
				return err
			}
			cancel()
			return second(tx.User(ctx, u.ID))
		})
		if !errors.Is(err, context.Canceled) {
			w.Errorf("got %v, want context.Canceled", err)
		}
		equal(w, "the user is kept", w.exists(u.ID), false)
		w.user("afterwards")
	}},
	{"of many at once each fails for itself", func(w *world) {
		reason := errors.New("odd")
		people := make([]store.User, 60)
		var group sync.WaitGroup
		for i := range people {
			people[i] = w.newUser(fmt.Sprint(i))
			group.Go(func() {
				defer func() { _ = recover() }()
				err := w.s.Update(w.Context(), func(tx store.Tx) error {
					if err := tx.CreateUser(w.Context(), people[i]); err != nil {
						return err
					}
					switch i % 3 {
					case 1:
						return reason
					case 2:
						panic(reason)
					}
					return nil
				})
				if i%3 == 0 && err != nil || i%3 == 1 && !errors.Is(err, reason) {
					w.Errorf("%d: got %v", i, err)
				}
			})
		}
		group.Wait()
		for i, u := range people {
			equal(w, fmt.Sprintf("user %d is kept", i), w.exists(u.ID), i%3 == 0)
		}
	}},
	{"it answers, and has an epoch", func(w *world) {
		if err := w.s.Ping(w.Context()); err != nil {
			w.Error(err)
		}
		if _, err := store.ParseID(string(w.s.Epoch())); err != nil {
			w.Errorf("epoch %q: %v", w.s.Epoch(), err)
		}
	}},
}
