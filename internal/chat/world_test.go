package chat_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"confab/internal/bus"
	"confab/internal/chat"
	"confab/internal/fault"
	"confab/store"
)

// recorder is a bus that remembers.
type recorder struct {
	mu     sync.Mutex
	events []bus.Event
}

func (r *recorder) Publish(e bus.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, e)
}

func (r *recorder) Revoke(bus.Revoked) {}

// take empties the record.
func (r *recorder) take() []bus.Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	taken := r.events
	r.events = nil
	return taken
}

// clock is a time that moves a second with every look at it, so that no two things happen at once.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(time.Second)
	return c.t
}

// online is a Presence that knows by heart.
type online map[store.ID]bool

func (o online) Online(id store.ID) bool { return o[id] }

// inCall is a Calls in which one chat has a call.
type inCall store.ID

func (c inCall) Active(chatID store.ID) (chat.ActiveCall, bool) {
	return chat.ActiveCall{ID: "call", Participants: []store.ID{}}, store.ID(c) == chatID
}

// world is a service over a database, with people in it.
type world struct {
	*testing.T
	*chat.Service
	store  store.Store
	bus    *recorder
	clock  *clock
	online online
}

func newWorld(t *testing.T, s store.Store) *world {
	w := &world{T: t, store: s, bus: &recorder{}, clock: &clock{t: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}, online: online{}}
	w.Service = chat.New(chat.Config{Store: s, Bus: w.bus, Presence: w.online, Now: w.clock.now})
	return w
}

// person makes an account.
func (w *world) person(name string) store.ID {
	w.Helper()
	at := w.clock.now()
	u := store.User{ID: store.NewID(), Email: name + "@example.com", Username: name, DisplayName: "The " + name,
		PasswordHash: "x", ShareReadReceipts: true, CreatedAt: at, UpdatedAt: at}
	w.must(w.store.Update(w.Context(), func(tx store.Tx) error { return tx.CreateUser(w.Context(), u) }))
	return u.ID
}

// people makes some accounts.
func (w *world) people(n int) []store.ID {
	ids := make([]store.ID, n)
	for i := range ids {
		ids[i] = w.person(fmt.Sprintf("person%d", i))
	}
	return ids
}

func (w *world) group(owner store.ID, others ...store.ID) store.ID {
	w.Helper()
	c, created, err := w.CreateChat(w.Context(), owner, chat.CreateInput{Type: store.Group, Name: "Group", MemberIDs: others})
	w.must(err)
	if !created {
		w.Fatal("a group was found rather than made")
	}
	w.bus.take()
	return c.ID
}

func (w *world) direct(a, b store.ID) store.ID {
	w.Helper()
	c, _, err := w.CreateChat(w.Context(), a, chat.CreateInput{Type: store.Direct, MemberIDs: []store.ID{b}})
	w.must(err)
	w.bus.take()
	return c.ID
}

func (w *world) say(author, chatID store.ID, content string) chat.Message {
	w.Helper()
	return w.post(author, chat.SendInput{ChatID: chatID, Content: content})
}

// post sends something new.
func (w *world) post(author store.ID, in chat.SendInput) chat.Message {
	w.Helper()
	m, created, err := w.Send(w.Context(), author, in)
	w.must(err)
	if !created {
		w.Fatal("a message without clientId was taken for a repetition")
	}
	return m
}

func (w *world) history(viewer, chatID store.ID) []chat.Message {
	w.Helper()
	p, err := w.History(w.Context(), viewer, store.MessageQuery{ChatID: chatID, Limit: chat.MaxMessages})
	w.must(err)
	return p.Items
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// refused checks that err is the refusal of this code.
func (w *world) refused(what string, err error, code string) {
	w.Helper()
	var f *fault.Error
	if !errors.As(err, &f) || f.Code != code {
		w.Errorf("%s: %v; want the refusal %s", what, err, code)
	}
}

// named picks the events of one name.
func named(events []bus.Event, name string) (list []bus.Event) {
	for _, e := range events {
		if e.Name == name {
			list = append(list, e)
		}
	}
	return list
}

// sent checks that exactly these people were sent events of a name.
func (w *world) sent(events []bus.Event, name string, to ...store.ID) {
	w.Helper()
	var got []store.ID
	for _, e := range named(events, name) {
		got = append(got, e.To...)
	}
	slices.Sort(got)
	to = slices.Sorted(slices.Values(to))
	if !slices.Equal(got, to) {
		w.Errorf("%s went to %v, want %v", name, got, to)
	}
}

func ptr[T any](v T) *T { return &v }
