package storetest

import (
	"errors"
	"slices"

	"confab/store"
)

var chatCases = []testCase{
	{"a chat is read back whole", func(w *world) {
		u := w.user("owner")
		c, members := newChat(store.Group, u)
		c.Description = "first"
		w.update(func(tx store.Tx) error { return tx.CreateChat(w.Context(), c, members) })
		picture := store.Attachment{ID: store.NewID(), OwnerID: u.ID, Name: "g.png", Mime: "image/png", BlobKey: "k", CreatedAt: start}
		c.Name, c.AvatarID, c.Description, c.UpdatedAt = "Кухня 🍲", picture.ID, "What is for dinner?", after(3)
		w.update(func(tx store.Tx) error {
			if err := tx.CreateAttachment(w.Context(), picture); err != nil {
				return err
			}
			if err := tx.UpdateChat(w.Context(), c); err != nil {
				return err
			}
			locked, err := tx.LockChat(w.Context(), c.ID)
			equal(w, "locked", locked, c)
			return err
		})
		equal(w, "read", read(w, func(tx store.Tx) (store.Chat, error) { return tx.Chat(w.Context(), c.ID) }), c)
	}},
	{"an unknown chat is not found", func(w *world) {
		for name, ask := range map[string]func(tx store.Tx) error{
			"read":    func(tx store.Tx) error { _, err := tx.Chat(w.Context(), store.NewID()); return err },
			"lock":    func(tx store.Tx) error { _, err := tx.LockChat(w.Context(), store.NewID()); return err },
			"advance": func(tx store.Tx) error { _, _, err := tx.Advance(w.Context(), store.NewID(), true, start); return err },
			"update":  func(tx store.Tx) error { return tx.UpdateChat(w.Context(), store.Chat{ID: store.NewID()}) },
			"delete":  func(tx store.Tx) error { return tx.DeleteChat(w.Context(), store.NewID()) },
			"direct": func(tx store.Tx) error {
				_, err := tx.DirectChat(w.Context(), store.NewID(), store.NewID())
				return err
			},
		} {
			if err := w.s.Update(w.Context(), ask); !errors.Is(err, store.ErrNotFound) {
				w.Errorf("%s: got %v, want ErrNotFound", name, err)
			}
		}
	}},
	{"two people have one direct chat", func(w *world) {
		a, b, c := w.user("a"), w.user("b"), w.user("c")
		first, members := newChat(store.Direct, a, b)
		w.update(func(tx store.Tx) error { return tx.CreateChat(w.Context(), first, members) })
		again, members := newChat(store.Direct, b, a)
		w.update(func(tx store.Tx) error {
			if err := tx.CreateChat(w.Context(), again, members); !errors.Is(err, store.ErrDirectExists) {
				w.Errorf("the second: got %v, want ErrDirectExists", err)
			}
			got, err := tx.DirectChat(w.Context(), b.ID, a.ID) // a refusal does not spoil the transaction
			equal(w, "found instead", got, first)
			return err
		})
		for _, people := range [][]store.User{{a, c}, {c, c}} {
			other, members := newChat(store.Direct, people...)
			if people[0].ID == people[1].ID {
				members = members[:1] // notes to oneself
			}
			w.update(func(tx store.Tx) error { return tx.CreateChat(w.Context(), other, members) })
		}
	}},
	{"a chat with somebody unknown is not made", func(w *world) {
		c, members := newChat(store.Group, w.user("lonely"), w.newUser("nobody"))
		err := w.s.Update(w.Context(), func(tx store.Tx) error { return tx.CreateChat(w.Context(), c, members) })
		if !errors.Is(err, store.ErrNotFound) {
			w.Errorf("got %v, want ErrNotFound", err)
		}
		err = w.s.View(w.Context(), func(tx store.Tx) error { _, err := tx.Chat(w.Context(), c.ID); return err })
		if !errors.Is(err, store.ErrNotFound) {
			w.Errorf("afterwards: got %v, want ErrNotFound", err)
		}
	}},
	{"messages and changes advance the chat", func(w *world) {
		c := w.group(w.user("clock"))
		for _, step := range []struct {
			message  bool
			seq, rev int64
		}{{true, 1, 1}, {false, 1, 2}, {true, 2, 3}, {false, 2, 4}} {
			w.update(func(tx store.Tx) error {
				seq, rev, err := tx.Advance(w.Context(), c.ID, step.message, after(int(step.rev)))
				equal(w, "position", [2]int64{seq, rev}, [2]int64{step.seq, step.rev})
				return err
			})
		}
		got := read(w, func(tx store.Tx) (store.Chat, error) { return tx.Chat(w.Context(), c.ID) })
		c.LastSeq, c.LastRev, c.ActivityAt = 2, 4, after(3)
		equal(w, "chat", got, c)
	}},
	{"the list has the latest activity first, page by page", func(w *world) {
		me, other := w.user("me"), w.user("other")
		w.group(other)
		var want []store.ID
		for i := range 7 {
			c := w.group(me, other)
			w.update(func(tx store.Tx) error {
				_, _, err := tx.Advance(w.Context(), c.ID, true, after(i/2)) // pairs at one instant
				return err
			})
			want = append(want, c.ID)
		}
		slices.Reverse(want) // ids of one process grow
		var got []store.ID
		page := store.Page{Limit: 2}
		for range 5 {
			chats := read(w, func(tx store.Tx) ([]store.Chat, error) { return tx.ChatsOf(w.Context(), me.ID, page) })
			got = append(got, idsOf(chats, chatID)...)
			if len(chats) < page.Limit {
				break
			}
			last := chats[len(chats)-1]
			page.Before, page.BeforeID = last.ActivityAt, last.ID
		}
		equal(w, "pages", got, want)

		chats, members := []store.Chat(nil), []store.Member(nil)
		w.view(func(tx store.Tx) (err error) {
			chats, members, err = tx.AllChatsOf(w.Context(), me.ID)
			return err
		})
		all := idsOf(chats, chatID)
		for i, m := range members {
			equal(w, "own membership", [2]store.ID{m.ChatID, m.UserID}, [2]store.ID{chats[i].ID, me.ID})
		}
		slices.Sort(all)
		slices.Sort(want)
		equal(w, "all chats", all, want)
	}},
	{"a deleted chat takes everything with it, and no upload that was not sent", func(w *world) {
		a, b := w.user("a"), w.user("b")
		c := w.group(a, b)
		file, elsewhere, free := w.upload(a, 0), w.upload(a, 1), w.upload(a, 2)
		other := w.send(w.group(a), a, "elsewhere")
		first := w.send(c, a, "one")
		reply := newMessage(c, b, "two")
		reply.ReplyTo = first.ID
		w.sendMessage(reply)
		call := store.Call{ID: store.NewID(), ChatID: c.ID, StartedBy: a.ID, StartedAt: start,
			Participants: []store.CallParticipant{{ID: store.NewID(), UserID: a.ID, JoinedAt: start}}}
		w.update(func(tx store.Tx) error {
			return errors.Join(
				tx.AttachToMessage(w.Context(), first.ID, a.ID, []store.ID{file.ID}),
				tx.AttachToMessage(w.Context(), other.ID, a.ID, []store.ID{elsewhere.ID}),
				second(tx.SetReaction(w.Context(), first.ID, b.ID, "👍", true, start)),
				second(tx.AdvanceReceipt(w.Context(), c.ID, b.ID, store.Read, 1, start)),
				tx.CreateCall(w.Context(), call),
			)
		})
		w.update(func(tx store.Tx) error { return tx.DeleteChat(w.Context(), c.ID) })
		for name, ask := range map[string]func(tx store.Tx) error{
			"chat":    func(tx store.Tx) error { _, err := tx.Chat(w.Context(), c.ID); return err },
			"member":  func(tx store.Tx) error { _, err := tx.Member(w.Context(), c.ID, a.ID); return err },
			"message": func(tx store.Tx) error { _, err := tx.Message(w.Context(), first.ID); return err },
			"call":    func(tx store.Tx) error { _, err := tx.Call(w.Context(), call.ID); return err },
			"file":    func(tx store.Tx) error { return second(tx.Attachment(w.Context(), file.ID)) },
		} {
			if err := w.s.View(w.Context(), ask); !errors.Is(err, store.ErrNotFound) {
				w.Errorf("%s: got %v, want ErrNotFound", name, err)
			}
		}
		elsewhere.MessageID = other.ID
		for _, a := range []store.Attachment{elsewhere, free} {
			equal(w, "other files", read(w, func(tx store.Tx) (store.Attachment, error) { return tx.Attachment(w.Context(), a.ID) }), a)
		}
	}},
}

// second drops the first of two results.
func second[T any](_ T, err error) error { return err }
