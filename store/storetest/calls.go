package storetest

import (
	"errors"
	"slices"

	"confab/store"
)

// call keeps a call that began some seconds into the story.
func (w *world) call(c store.Chat, by store.User, seconds int) store.Call {
	w.Helper()
	call := store.Call{ID: store.NewID(), ChatID: c.ID, StartedBy: by.ID, StartedAt: after(seconds)}
	w.update(func(tx store.Tx) error { return tx.CreateCall(w.Context(), call) })
	return call
}

var callCases = []testCase{
	{"a call is read back whole", func(w *world) {
		a, b := w.user("a"), w.user("b")
		c := w.group(a, b)
		call := store.Call{ID: store.NewID(), ChatID: c.ID, StartedBy: a.ID, StartedAt: after(1),
			Participants: []store.CallParticipant{{ID: store.NewID(), UserID: a.ID, JoinedAt: after(1)}}}
		w.update(func(tx store.Tx) error { return tx.CreateCall(w.Context(), call) })
		ask := func(tx store.Tx) (store.Call, error) { return tx.Call(w.Context(), call.ID) }
		equal(w, "started", read(w, ask), call)

		joined := store.CallParticipant{ID: store.NewID(), UserID: b.ID, JoinedAt: after(2)}
		call.AnsweredAt, call.EndedAt, call.EndReason = ptr(after(2)), ptr(after(9)), "ended"
		w.update(func(tx store.Tx) error {
			return errors.Join(tx.AddCallParticipant(w.Context(), call.ID, joined),
				tx.EndCallParticipant(w.Context(), joined.ID, after(5)), tx.UpdateCall(w.Context(), call))
		})
		joined.LeftAt = ptr(after(5))
		call.Participants = append(call.Participants, joined)
		equal(w, "ended", read(w, ask), call)
	}},
	{"an unknown call is not found", func(w *world) {
		u := w.user("u")
		for name, ask := range map[string]func(tx store.Tx) error{
			"read":   func(tx store.Tx) error { return second(tx.Call(w.Context(), store.NewID())) },
			"update": func(tx store.Tx) error { return tx.UpdateCall(w.Context(), store.Call{ID: store.NewID()}) },
			"leave":  func(tx store.Tx) error { return tx.EndCallParticipant(w.Context(), store.NewID(), start) },
			"join": func(tx store.Tx) error {
				return tx.AddCallParticipant(w.Context(), store.NewID(), store.CallParticipant{ID: store.NewID(), UserID: u.ID, JoinedAt: start})
			},
		} {
			if err := w.s.Update(w.Context(), ask); !errors.Is(err, store.ErrNotFound) {
				w.Errorf("%s: got %v, want ErrNotFound", name, err)
			}
		}
	}},
	{"history is of one's own chats, newest first, page by page", func(w *world) {
		me, other := w.user("me"), w.user("other")
		mine, alsoMine, foreign := w.group(me, other), w.group(me), w.group(other)
		var all, ofMine []store.ID
		for i := range 5 {
			all = append(all, w.call(mine, other, i/2).ID)
			ofMine = append(ofMine, all[len(all)-1])
			w.call(foreign, other, i)
		}
		all = append(all, w.call(alsoMine, me, 50).ID)
		slices.Reverse(all)
		slices.Reverse(ofMine)
		list := func(chat store.ID) (got []store.ID) {
			page := store.Page{Limit: 2}
			for range 5 {
				calls := read(w, func(tx store.Tx) ([]store.Call, error) { return tx.CallsOf(w.Context(), me.ID, chat, page) })
				got = append(got, idsOf(calls, callID)...)
				if len(calls) < page.Limit {
					break
				}
				page.Before, page.BeforeID = calls[1].StartedAt, calls[1].ID
			}
			return got
		}
		equal(w, "all", list(""), all)
		equal(w, "one chat", list(mine.ID), ofMine)
		equal(w, "a chat of others", list(foreign.ID), nil)
	}},
	{"what a crash left behind is found", func(w *world) {
		u := w.user("u")
		c := w.group(u)
		open, ended := w.call(c, u, 1), w.call(c, u, 2)
		ended.EndedAt = ptr(after(3))
		leg := store.CallParticipant{ID: store.NewID(), UserID: u.ID, JoinedAt: after(1)}
		w.update(func(tx store.Tx) error {
			return errors.Join(tx.UpdateCall(w.Context(), ended), tx.AddCallParticipant(w.Context(), open.ID, leg))
		})
		open.Participants = []store.CallParticipant{leg}
		found := read(w, func(tx store.Tx) ([]store.Call, error) { return tx.OpenCalls(w.Context()) })
		i := slices.IndexFunc(found, func(c store.Call) bool { return c.ID == open.ID })
		if i < 0 {
			w.Fatal("the open call is not found")
		}
		equal(w, "the open one", found[i], open)
		if slices.ContainsFunc(found, func(c store.Call) bool { return c.ID == ended.ID }) {
			w.Error("the ended call counts as open")
		}
	}},
}
