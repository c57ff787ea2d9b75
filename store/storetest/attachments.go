package storetest

import (
	"errors"
	"fmt"
	"slices"

	"confab/store"
)

// upload keeps a description of a file that nobody has sent yet.
func (w *world) upload(owner store.User, seconds int) store.Attachment {
	w.Helper()
	a := store.Attachment{
		ID: store.NewID(), OwnerID: owner.ID, Name: "отчёт №1.png", Mime: "image/png", Size: 5 << 30, Width: 640, Height: 480,
		DurationMs: 1500, Waveform: []byte{0, 128, 255}, BlobKey: fmt.Sprintf("ab/%d", seconds), CreatedAt: after(seconds),
	}
	w.update(func(tx store.Tx) error { return tx.CreateAttachment(w.Context(), a) })
	return a
}

var attachmentCases = []testCase{
	{"an attachment is read back whole, and deleted", func(w *world) {
		a := w.upload(w.user("owner"), 0)
		ask := func(tx store.Tx) (store.Attachment, error) { return tx.Attachment(w.Context(), a.ID) }
		equal(w, "attachment", read(w, ask), a)
		w.update(func(tx store.Tx) error { return tx.DeleteAttachment(w.Context(), a.ID) })
		for name, ask := range map[string]func(tx store.Tx) error{
			"read":   func(tx store.Tx) error { return second(ask(tx)) },
			"delete": func(tx store.Tx) error { return tx.DeleteAttachment(w.Context(), a.ID) },
		} {
			if err := w.s.Update(w.Context(), ask); !errors.Is(err, store.ErrNotFound) {
				w.Errorf("%s: got %v, want ErrNotFound", name, err)
			}
		}
	}},
	{"a message carries them in the order given", func(w *world) {
		u := w.user("u")
		c := w.group(u)
		m := w.send(c, u, "files")
		a, b := w.upload(u, 1), w.upload(u, 0)
		w.update(func(tx store.Tx) error { return tx.AttachToMessage(w.Context(), m.ID, u.ID, []store.ID{b.ID, a.ID}) })
		a.MessageID, b.MessageID = m.ID, m.ID
		want := []store.Attachment{b, a}
		equal(w, "one message", read(w, func(tx store.Tx) (store.Message, error) { return tx.Message(w.Context(), m.ID) }).Attachments, want)
		equal(w, "history", read(w, func(tx store.Tx) ([]store.Message, error) {
			return tx.Messages(w.Context(), store.MessageQuery{ChatID: c.ID, Limit: 5})
		})[0].Attachments, want)
		equal(w, "last message", read(w, func(tx store.Tx) (map[store.ID]store.Message, error) {
			return tx.LastMessages(w.Context(), c.ID)
		})[c.ID].Attachments, want)
	}},
	{"all are attached or none", func(w *world) {
		u, other := w.user("u"), w.user("other")
		c := w.group(u, other)
		m, earlier := w.send(c, u, "files"), w.send(c, u, "earlier")
		free, taken, foreign := w.upload(u, 0), w.upload(u, 1), w.upload(other, 2)
		avatar, picture := w.upload(u, 3), w.upload(u, 4)
		u.AvatarID, c.AvatarID = avatar.ID, picture.ID
		w.update(func(tx store.Tx) error {
			return errors.Join(tx.UpdateUser(w.Context(), u), tx.UpdateChat(w.Context(), c),
				tx.AttachToMessage(w.Context(), earlier.ID, u.ID, []store.ID{taken.ID}))
		})
		for name, list := range map[string][]store.ID{
			"taken":   {free.ID, taken.ID},
			"foreign": {free.ID, foreign.ID},
			"unknown": {free.ID, store.NewID()},
			"twice":   {free.ID, free.ID},
			"avatar":  {free.ID, avatar.ID},
			"picture": {free.ID, picture.ID},
		} {
			w.update(func(tx store.Tx) error {
				if err := tx.AttachToMessage(w.Context(), m.ID, u.ID, list); !errors.Is(err, store.ErrNotFound) {
					w.Errorf("%s: got %v, want ErrNotFound", name, err)
				}
				return nil // and commit: nothing must have changed
			})
		}
		equal(w, "still free", read(w, func(tx store.Tx) (store.Attachment, error) { return tx.Attachment(w.Context(), free.ID) }), free)
		w.update(func(tx store.Tx) error { return tx.AttachToMessage(w.Context(), m.ID, u.ID, nil) })
	}},
	{"what nobody uses is found", func(w *world) {
		u := w.user("u")
		c := w.group(u)
		m := w.send(c, u, "file")
		// Long before the story begins, where this test is alone.
		const ago = -1_000_000
		first, second, avatar, picture, sent, young := w.upload(u, ago), w.upload(u, ago+1), w.upload(u, ago), w.upload(u, ago), w.upload(u, ago), w.upload(u, ago+10)
		u.AvatarID, c.AvatarID = avatar.ID, picture.ID
		w.update(func(tx store.Tx) error {
			return errors.Join(tx.UpdateUser(w.Context(), u), tx.UpdateChat(w.Context(), c),
				tx.AttachToMessage(w.Context(), m.ID, u.ID, []store.ID{sent.ID}))
		})
		free := func(limit int) []store.ID {
			return idsOf(read(w, func(tx store.Tx) ([]store.Attachment, error) {
				return tx.FreeAttachments(w.Context(), young.CreatedAt, limit)
			}), attachmentID)
		}
		equal(w, "free", free(10), []store.ID{first.ID, second.ID})
		equal(w, "limited", free(1), []store.ID{first.ID})
	}},
	{"an owner's files are listed in pages", func(w *world) {
		u, other := w.user("u"), w.user("other")
		var all []store.ID
		for n := range 5 {
			all = append(all, w.upload(u, n).ID)
			w.upload(other, n)
		}
		slices.Sort(all)
		from := func(after store.ID, limit int) []store.ID {
			return idsOf(read(w, func(tx store.Tx) ([]store.Attachment, error) {
				return tx.AttachmentsOf(w.Context(), u.ID, after, limit)
			}), attachmentID)
		}
		equal(w, "the first page", from("", 2), all[:2])
		equal(w, "the next", from(all[1], 2), all[2:4])
		equal(w, "the last", from(all[3], 2), all[4:])
	}},
	{"an owner's bytes are added up", func(w *world) {
		u, other := w.user("u"), w.user("other")
		sum := func(owner store.ID) int64 {
			return read(w, func(tx store.Tx) (int64, error) { return tx.AttachmentBytes(w.Context(), owner) })
		}
		equal(w, "none", sum(u.ID), 0)
		a := w.upload(u, 0)
		b := w.upload(u, 1)
		w.upload(other, 2)
		equal(w, "two", sum(u.ID), 2*a.Size)
		w.update(func(tx store.Tx) error { return tx.DeleteAttachment(w.Context(), a.ID) })
		equal(w, "one", sum(u.ID), a.Size)
		for _, owner := range []store.User{u, other} {
			copied := b
			copied.ID, copied.OwnerID = store.NewID(), owner.ID
			w.update(func(tx store.Tx) error { return tx.CreateAttachment(w.Context(), copied) })
		}
		equal(w, "the same bytes twice", sum(u.ID), a.Size)
		equal(w, "the same bytes with another", sum(other.ID), 2*a.Size)
	}},
	{"a blob is in use while any attachment names it", func(w *world) {
		u := w.user("u")
		inUse := func(key string) bool {
			return read(w, func(tx store.Tx) (bool, error) { return tx.BlobInUse(w.Context(), key) })
		}
		a := w.upload(u, 0)
		shared := a
		shared.ID = store.NewID()
		a.BlobKey, shared.BlobKey = string(u.ID), string(u.ID)
		a.ID = store.NewID()
		w.update(func(tx store.Tx) error {
			return errors.Join(tx.CreateAttachment(w.Context(), a), tx.CreateAttachment(w.Context(), shared))
		})
		for _, step := range []struct {
			gone store.ID
			want bool
		}{{a.ID, true}, {shared.ID, false}} {
			w.update(func(tx store.Tx) error { return tx.DeleteAttachment(w.Context(), step.gone) })
			equal(w, "in use", inUse(a.BlobKey), step.want)
		}
	}},
	{"the files of a message go, and no others", func(w *world) {
		u := w.user("u")
		c := w.group(u)
		m, other := w.send(c, u, "files"), w.send(c, u, "more")
		a, b := w.upload(u, 0), w.upload(u, 1)
		w.update(func(tx store.Tx) error {
			return errors.Join(tx.AttachToMessage(w.Context(), m.ID, u.ID, []store.ID{a.ID}),
				tx.AttachToMessage(w.Context(), other.ID, u.ID, []store.ID{b.ID}),
				tx.DeleteAttachmentsOf(w.Context(), m.ID), tx.DeleteAttachmentsOf(w.Context(), m.ID))
		})
		b.MessageID = other.ID
		gone := w.s.View(w.Context(), func(tx store.Tx) error { return second(tx.Attachment(w.Context(), a.ID)) })
		if !errors.Is(gone, store.ErrNotFound) {
			w.Errorf("gone: got %v, want ErrNotFound", gone)
		}
		equal(w, "kept", read(w, func(tx store.Tx) (store.Attachment, error) { return tx.Attachment(w.Context(), b.ID) }), b)
	}},
}
