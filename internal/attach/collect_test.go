package attach_test

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"confab/internal/attach"
	"confab/internal/blob"
	"confab/internal/enginetest"
	"confab/internal/fault"
	"confab/store"
)

func (w *world) collect() attach.Collected {
	w.Helper()
	done, err := w.Collect(w.Context())
	if err != nil {
		w.Fatal(err)
	}
	return done
}

func TestWhatNobodyUsesIsCollected(t *testing.T) {
	t.Parallel()
	enginetest.Each(t, func(t *testing.T, s store.Store) {
		w := worldOn(t, s, attach.Config{})
		owner := w.user()
		chat := w.group(owner)
		sent := w.upload(owner, "sent", []byte("sent"))
		w.send(chat, owner, sent.ID)
		forgotten := w.upload(owner, "forgotten.jpg", photo(t, 1600, 1200))
		avatar, err := w.take(owner, attach.ForAvatar, "", bytes.NewReader(recording(t, "still.png")), -1)
		if err != nil {
			t.Fatal(err)
		}
		w.update(func(tx store.Tx) error {
			u, err := tx.User(t.Context(), owner)
			u.AvatarID = avatar.ID
			return errors.Join(err, tx.UpdateUser(t.Context(), u))
		})
		w.clock.move(attach.Grace - time.Minute)
		if done := w.collect(); done != (attach.Collected{}) {
			t.Errorf("collected too early: %+v", done)
		}
		w.clock.move(2 * time.Minute)
		young := w.upload(owner, "young", []byte("young"))
		if done := w.collect(); done != (attach.Collected{Rows: 1}) {
			t.Errorf("collected %+v", done)
		}
		if _, _, err := w.read(attach.Request{ID: forgotten.ID, Actor: owner}); err == nil {
			t.Error("a forgotten upload is still there")
		}
		for _, id := range []store.ID{sent.ID, avatar.ID, young.ID} {
			exp, sig := w.Sign(id, w.clock.now().Add(time.Hour))
			if _, _, err := w.read(attach.Request{ID: id, Exp: exp, Sig: sig}); err != nil {
				t.Errorf("collected too much: %v", err)
			}
		}
		if left := w.files(); len(left) != 3 {
			t.Errorf("files left: %v", left)
		}
		// The words of a deleted message are gone at once; its files' bytes follow.
		w.update(func(tx store.Tx) error {
			a, err := tx.Attachment(t.Context(), sent.ID)
			return errors.Join(err, tx.DeleteAttachmentsOf(t.Context(), a.MessageID))
		})
		if done := w.collect(); done != (attach.Collected{Blobs: 1}) || len(w.files()) != 2 {
			t.Errorf("collected %+v, files left: %v", done, w.files())
		}
	})
}

func TestFilesOfADeletedChatAreGoneAtOnce(t *testing.T) {
	t.Parallel()
	enginetest.Each(t, func(t *testing.T, s store.Store) {
		w := worldOn(t, s, attach.Config{})
		owner := w.user()
		chat := w.group(owner)
		sent := w.upload(owner, "sent.jpg", photo(t, 1600, 1200))
		w.send(chat, owner, sent.ID)
		w.update(func(tx store.Tx) error { return tx.DeleteChat(t.Context(), chat) })
		exp, sig := w.Sign(sent.ID, w.clock.now().Add(time.Hour))
		_, _, err := w.read(attach.Request{ID: sent.ID, Actor: owner, Exp: exp, Sig: sig})
		w.refused("the link of a file", err, fault.NotFound, "not_found")
		w.clock.move(attach.Grace + time.Minute)
		if done := w.collect(); done != (attach.Collected{Blobs: 2}) || len(w.files()) != 0 || w.bytesOf(owner) != 0 {
			t.Errorf("collected %+v, files left: %v", done, w.files())
		}
	})
}

func TestManyUnsentUploadsAreCollected(t *testing.T) {
	t.Parallel()
	w := newWorld(t, attach.Config{})
	owner := w.user()
	for range 205 {
		w.upload(owner, "f", []byte("x"))
	}
	w.clock.move(attach.Grace + time.Minute)
	if done := w.collect(); done != (attach.Collected{Rows: 205}) || len(w.files()) != 0 || w.bytesOf(owner) != 0 {
		t.Errorf("collected %+v, %d files and %d bytes left", done, len(w.files()), w.bytesOf(owner))
	}
}

func TestBytesWithoutARowAreCollected(t *testing.T) {
	t.Parallel()
	w := newWorld(t, attach.Config{})
	owner := w.user()
	kept := w.upload(owner, "photo.jpg", photo(t, 1600, 1200))
	w.send(w.group(owner), owner, kept.ID)
	for range 120 { // as if the server had died between the two steps
		key := blob.NewKey()
		for _, key := range []string{key, blob.Variant(key, "thumb")} {
			staged, err := w.blobs.Stage(t.Context(), bytes.NewReader([]byte("x")), 10)
			if err != nil {
				t.Fatal(err)
			}
			if err := staged.Commit(t.Context(), key); err != nil {
				t.Fatal(err)
			}
		}
	}
	if done := w.collect(); done != (attach.Collected{}) {
		t.Errorf("collected too early: %+v", done)
	}
	w.clock.move(attach.Grace + time.Minute)
	if done := w.collect(); done != (attach.Collected{Blobs: 240}) {
		t.Errorf("collected %+v", done)
	}
	if n := len(w.files()); n != 2 {
		t.Errorf("%d files left of a picture and its thumbnail", n)
	}
}

func TestBytesThatTwoRowsShareStayForTheSecond(t *testing.T) {
	t.Parallel()
	w := newWorld(t, attach.Config{})
	owner := w.user()
	first := w.upload(owner, "f", []byte("shared"))
	forwarded := first
	forwarded.ID = store.NewID()
	w.update(func(tx store.Tx) error { return tx.CreateAttachment(t.Context(), forwarded) })
	w.send(w.group(owner), owner, forwarded.ID)
	w.clock.move(attach.Grace + time.Minute)
	if done := w.collect(); done != (attach.Collected{Rows: 1}) {
		t.Errorf("collected %+v", done)
	}
	if b, _, err := w.read(attach.Request{ID: forwarded.ID, Actor: owner}); err != nil || string(b) != "shared" {
		t.Errorf("%q, %v", b, err)
	}
}

func TestRunCollectsAtEachTick(t *testing.T) {
	t.Parallel()
	w := newWorld(t, attach.Config{})
	w.upload(w.user(), "f", []byte("x"))
	w.clock.move(attach.Grace + time.Minute)
	ctx, cancel := context.WithCancel(t.Context())
	ticks, ended := make(chan time.Time), make(chan struct{})
	go func() { defer close(ended); w.Service.Run(ctx, ticks) }()
	ticks <- w.clock.now()
	ticks <- w.clock.now() // taken only after the first is done
	if left := w.files(); len(left) != 0 {
		t.Errorf("left are %v", left)
	}
	cancel()
	<-ended
}
