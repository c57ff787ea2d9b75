package storetest

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"confab/store"
)

// atOnce runs fn n times at the same instant and waits for all.
func atOnce(n int, fn func(i int)) {
	var group sync.WaitGroup
	gate := make(chan struct{})
	for i := range n {
		group.Go(func() {
			<-gate
			fn(i)
		})
	}
	close(gate)
	group.Wait()
}

var raceCases = []testCase{
	{"two people make their direct chat at the same instant", func(w *world) {
		a, b := w.user("a"), w.user("b")
		const n = 12
		got := make([]store.ID, n)
		made := make([]bool, n)
		atOnce(n, func(i int) {
			people := []store.User{a, b}
			if i%2 == 1 {
				people = []store.User{b, a}
			}
			c, members := newChat(store.Direct, people...)
			err := w.s.Update(w.Context(), func(tx store.Tx) error {
				err := tx.CreateChat(w.Context(), c, members)
				made[i] = err == nil
				if errors.Is(err, store.ErrDirectExists) {
					c, err = tx.DirectChat(w.Context(), a.ID, b.ID)
				}
				return err
			})
			if err != nil {
				w.Error(err)
			}
			got[i] = c.ID
		})
		equal(w, "one and the same", len(slices.Compact(got)), 1)
		slices.SortFunc(made, func(x, y bool) int { return map[bool]int{x: 1}[true] - map[bool]int{y: 1}[true] })
		equal(w, "made once", made, append(make([]bool, n-1), true))
	}},
	{"sends to one chat are numbered without gaps", func(w *world) {
		const senders, each = 16, 8
		people := make([]store.User, senders)
		for i := range people {
			people[i] = w.user(fmt.Sprint(i))
		}
		c := w.group(people...)
		reason := errors.New("given up")
		atOnce(senders, func(i int) {
			for k := range each {
				m := newMessage(c, people[i], fmt.Sprintf("%d.%d", i, k))
				err := w.s.Update(w.Context(), func(tx store.Tx) error { return second(w.post(tx, m)) })
				if err != nil {
					w.Error(err)
				}
				// And some that take a number and then fail: it must be used by another.
				err = w.s.Update(w.Context(), func(tx store.Tx) error {
					return errors.Join(second(w.post(tx, newMessage(c, people[i], "lost"))), reason)
				})
				if !errors.Is(err, reason) {
					w.Errorf("got %v, want %v", err, reason)
				}
			}
		})
		all := read(w, func(tx store.Tx) ([]store.Message, error) {
			return tx.Messages(w.Context(), store.MessageQuery{ChatID: c.ID, After: ptr(int64(0)), Limit: 10_000})
		})
		if len(all) != senders*each {
			w.Fatalf("%d messages, want %d", len(all), senders*each)
		}
		last := make(map[store.ID]int)
		for i, m := range all {
			equal(w, "seq and rev", [2]int64{m.Seq, m.Rev}, [2]int64{int64(i + 1), int64(i + 1)})
			var sender, k int
			fmt.Sscanf(m.Content, "%d.%d", &sender, &k)
			equal(w, "each sender's own order", k, last[m.UserID])
			last[m.UserID]++
		}
	}},
	{"a chat that is deleted while people write takes every message along", func(w *world) {
		const rounds, senders = 8, 6
		u := w.user("u")
		for range rounds {
			c := w.group(u)
			sent := make([]store.Message, 2*senders)
			atOnce(2*senders+1, func(i int) {
				if i == 2*senders {
					if err := w.s.Update(w.Context(), func(tx store.Tx) error { return tx.DeleteChat(w.Context(), c.ID) }); err != nil {
						w.Error(err)
					}
					return
				}
				sent[i] = newMessage(c, u, "zyzzyva")
				var err error
				if i%2 == 0 {
					_, _, err = w.s.Post(w.Context(), sent[i])
				} else {
					err = w.s.Update(w.Context(), func(tx store.Tx) error { return second(w.post(tx, sent[i])) })
				}
				if err != nil && !errors.Is(err, store.ErrNotFound) {
					w.Error(err)
				}
			})
			for _, m := range sent {
				err := w.s.View(w.Context(), func(tx store.Tx) error { return second(tx.Message(w.Context(), m.ID)) })
				if !errors.Is(err, store.ErrNotFound) {
					w.Errorf("got %v, want ErrNotFound", err)
				}
			}
		}
	}},
	{"one client id at the same instant makes one message", func(w *world) {
		u := w.user("u")
		chats := []store.Chat{w.group(u), w.group(u)} // not even two chats let it through twice
		const n = 12
		got := make([]store.ID, n)
		atOnce(n, func(i int) {
			m := newMessage(chats[i%2], u, "once")
			m.ClientID = "retry"
			err := w.s.Update(w.Context(), func(tx store.Tx) error { return second(w.post(tx, m)) })
			if errors.Is(err, store.ErrClientIDTaken) {
				err = w.s.View(w.Context(), func(tx store.Tx) (err error) {
					m, err = tx.MessageByClientID(w.Context(), u.ID, "retry")
					return err
				})
			}
			if err != nil {
				w.Error(err)
			}
			got[i] = m.ID
		})
		equal(w, "one and the same", len(slices.Compact(got)), 1)
		total := int64(0)
		for _, c := range chats {
			total += read(w, func(tx store.Tx) (store.Chat, error) { return tx.Chat(w.Context(), c.ID) }).LastSeq
		}
		equal(w, "messages", total, 1)
	}},
	{"receipts of several devices never go back", func(w *world) {
		const n = 20
		c, _, reader := w.conversation(n)
		atOnce(8, func(i int) {
			kind := store.Delivered
			if i%2 == 0 {
				kind = store.Read
			}
			for seq := int64(1); seq <= n; seq++ {
				err := w.s.Update(w.Context(), func(tx store.Tx) error {
					before, err := tx.Member(w.Context(), c.ID, reader.ID)
					if err != nil {
						return err
					}
					if _, err := tx.AdvanceReceipt(w.Context(), c.ID, reader.ID, kind, (seq*7)%n+1, after(int(seq))); err != nil {
						return err
					}
					now, err := tx.Member(w.Context(), c.ID, reader.ID)
					if now.ReadSeq < before.ReadSeq || now.DeliveredSeq < before.DeliveredSeq || now.DeliveredSeq > n || now.ReadSeq > now.DeliveredSeq {
						w.Errorf("%+v became %+v", before, now)
					}
					return err
				})
				if err != nil {
					w.Error(err)
				}
			}
		})
		// The marks agree with the watermarks: each kind's highest is where its watermark stands.
		marks := read(w, func(tx store.Tx) ([]store.ReceiptMark, error) { return tx.ReceiptMarks(w.Context(), c.ID, n) })
		equal(w, "marks at the end", len(marks), 2)
	}},
	{"a session's generation is raised once by each", func(w *world) {
		s := newSession(w.user("u"), 0)
		w.update(func(tx store.Tx) error { return tx.CreateSession(w.Context(), s) })
		const n = 16
		atOnce(n, func(int) {
			err := w.s.Update(w.Context(), func(tx store.Tx) error {
				s, err := tx.Session(w.Context(), s.ID)
				if err != nil {
					return err
				}
				s.Generation++
				return tx.UpdateSession(w.Context(), s)
			})
			if err != nil {
				w.Error(err)
			}
		})
		equal(w, "generation", read(w, func(tx store.Tx) (store.Session, error) { return tx.Session(w.Context(), s.ID) }).Generation, n+1)
	}},
	{"changes of one account or one chat do not overwrite each other", func(w *world) {
		u := w.user("u")
		c := w.group(u)
		const n = 12
		atOnce(n, func(i int) {
			err := w.s.Update(w.Context(), func(tx store.Tx) error {
				u, err := tx.LockUser(w.Context(), u.ID)
				if err != nil {
					return err
				}
				u.DisplayName += "."
				if err := tx.UpdateUser(w.Context(), u); err != nil {
					return err
				}
				c, err := tx.LockChat(w.Context(), c.ID)
				if err != nil {
					return err
				}
				c.Name += "."
				return tx.UpdateChat(w.Context(), c)
			})
			if err != nil {
				w.Error(err)
			}
		})
		u = read(w, func(tx store.Tx) (store.User, error) { return tx.User(w.Context(), u.ID) })
		c = read(w, func(tx store.Tx) (store.Chat, error) { return tx.Chat(w.Context(), c.ID) })
		equal(w, "dots", [2]int{len(u.DisplayName) - len("u"), len(c.Name) - len("group")}, [2]int{n, n})
	}},
	{"who is removed cannot slip a message in", func(w *world) {
		for range 5 {
			owner, guest := w.user("owner"), w.user("guest")
			c := w.group(owner, guest)
			var removedAt int64
			atOnce(2, func(i int) {
				err := w.s.Update(w.Context(), func(tx store.Tx) error {
					if i == 0 {
						chat, err := tx.LockChat(w.Context(), c.ID)
						if err != nil {
							return err
						}
						removedAt = chat.LastSeq
						return tx.RemoveMember(w.Context(), c.ID, guest.ID)
					}
					if _, err := tx.LockChat(w.Context(), c.ID); err != nil {
						return err
					}
					if _, err := tx.Member(w.Context(), c.ID, guest.ID); err != nil {
						return err
					}
					return second(w.post(tx, newMessage(c, guest, "still here?")))
				})
				if err != nil && !errors.Is(err, store.ErrNotFound) {
					w.Error(err)
				}
			})
			equal(w, "last message", read(w, func(tx store.Tx) (store.Chat, error) { return tx.Chat(w.Context(), c.ID) }).LastSeq, removedAt)
		}
	}},
}
