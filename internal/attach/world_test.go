package attach_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"confab/internal/attach"
	"confab/internal/blob"
	"confab/internal/enginetest"
	"confab/internal/fault"
	"confab/store"
)

// world is a service over a real database and a real folder, and the short words that tests are written in.
type world struct {
	*testing.T
	*attach.Service
	store  store.Store
	blobs  *blob.Dir
	folder string
	clock  *clock
	people atomic.Int32
}

// clock stands still until it is moved.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

func newWorld(t *testing.T, limits attach.Config) *world {
	t.Helper()
	return worldOn(t, enginetest.SQLite(t), limits)
}

func worldOn(t *testing.T, s store.Store, c attach.Config) *world {
	t.Helper()
	// Files on the disk carry the machine's time, so the story begins there.
	w := &world{T: t, store: s, folder: filepath.Join(t.TempDir(), "attachments"), clock: &clock{t: time.Now()}}
	var err error
	if w.blobs, err = blob.OpenDir(w.folder); err != nil {
		t.Fatal(err)
	}
	c.Store, c.Blobs, c.Secret, c.Now = s, w.blobs, []byte("a secret of thirty-two characters"), w.clock.now
	w.Service = attach.New(c)
	return w
}

func (w *world) update(fn func(tx store.Tx) error) {
	w.Helper()
	if err := w.store.Update(w.Context(), fn); err != nil {
		w.Fatal(err)
	}
}

func (w *world) user() store.ID {
	w.Helper()
	n := w.people.Add(1)
	u := store.User{ID: store.NewID(), Email: fmt.Sprintf("u%d@example.org", n), Username: fmt.Sprintf("user%d", n),
		DisplayName: "User", PasswordHash: "x", CreatedAt: w.clock.now(), UpdatedAt: w.clock.now()}
	w.update(func(tx store.Tx) error { return tx.CreateUser(w.Context(), u) })
	return u.ID
}

// group makes a chat of people, the first of whom owns it.
func (w *world) group(people ...store.ID) store.ID {
	w.Helper()
	now := w.clock.now()
	c := store.Chat{ID: store.NewID(), Type: store.Group, Name: "group", CreatedBy: people[0], CreatedAt: now, UpdatedAt: now, ActivityAt: now}
	var members []store.Member
	for _, p := range people {
		members = append(members, store.Member{ChatID: c.ID, UserID: p, Role: store.RoleOwner, JoinedAt: now})
	}
	w.update(func(tx store.Tx) error { return tx.CreateChat(w.Context(), c, members) })
	return c.ID
}

// send posts a message that carries attachments.
func (w *world) send(chat, author store.ID, attachments ...store.ID) store.Message {
	w.Helper()
	now := w.clock.now()
	m := store.Message{ID: store.NewID(), ChatID: chat, UserID: author, Kind: store.KindFile, CreatedAt: now, UpdatedAt: now}
	w.update(func(tx store.Tx) (err error) {
		if m.Seq, m.Rev, err = tx.Advance(w.Context(), chat, true, now); err != nil {
			return err
		}
		return errors.Join(tx.InsertMessage(w.Context(), m), tx.AttachToMessage(w.Context(), m.ID, author, attachments))
	})
	return m
}

// take receives and keeps a file.
func (w *world) take(owner store.ID, purpose attach.Purpose, name string, r io.Reader, declared int64) (store.Attachment, error) {
	u, err := w.Receive(w.Context(), owner, purpose, name, r, declared)
	if err != nil {
		return store.Attachment{}, err
	}
	defer u.Discard()
	return u.Keep(w.Context())
}

func (w *world) upload(owner store.ID, name string, content []byte) store.Attachment {
	w.Helper()
	a, err := w.take(owner, attach.ForMessage, name, bytes.NewReader(content), int64(len(content)))
	if err != nil {
		w.Fatal(err)
	}
	return a
}

// read fetches what a request gives.
func (w *world) read(r attach.Request) ([]byte, *attach.OpenFile, error) {
	w.Helper()
	f, err := w.Open(w.Context(), r)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(f)
	if err != nil {
		w.Fatal(err)
	}
	return b, f, nil
}

// files lists everything below the attachments' folder.
func (w *world) files() (found []string) {
	w.Helper()
	err := filepath.WalkDir(w.folder, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			found = append(found, path)
		}
		return err
	})
	if err != nil {
		w.Fatal(err)
	}
	return found
}

// refused checks a refusal's code.
func (w *world) refused(what string, err error, kind fault.Kind, code string) {
	w.Helper()
	var f *fault.Error
	if !errors.As(err, &f) || f.Kind != kind || f.Code != code {
		w.Errorf("%s: got %v, want %s", what, err, code)
	}
}

func (w *world) bytesOf(owner store.ID) (n int64) {
	w.Helper()
	err := w.store.View(w.Context(), func(tx store.Tx) (err error) {
		n, err = tx.AttachmentBytes(w.Context(), owner)
		return err
	})
	if err != nil {
		w.Fatal(err)
	}
	return n
}

// recording is a file from package media's test data.
func recording(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "media", "testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// voice receives a voice message.
func (w *world) voice(owner store.ID, content []byte) (*attach.Upload, error) {
	return w.Receive(w.Context(), owner, attach.ForVoice, "voice", bytes.NewReader(content), -1)
}
