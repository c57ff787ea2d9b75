// Package storetest is the suite that every engine of package store must pass. It knows nothing of the engines: what is
// not tested here is not promised by store.Store.
//
// Subtests of one subject share a database and run in parallel, each with people and chats of its own.
package storetest

import (
	"fmt"
	"reflect"
	"sync/atomic"
	"testing"
	"time"

	"confab/store"
)

// Run tests an engine. open gives an empty, migrated database; Run closes it.
func Run(t *testing.T, open func(t *testing.T) store.Store) {
	for _, subject := range []struct {
		name  string
		cases []testCase
	}{
		{"Users", userCases},
		{"PeopleSearch", searchCases},
		{"Sessions", sessionCases},
		{"SecondFactors", factorCases},
		{"Chats", chatCases},
		{"Members", memberCases},
		{"Messages", messageCases},
		{"Post", postCases},
		{"MessageSearch", messageSearchCases},
		{"Receipts", receiptCases},
		{"Attachments", attachmentCases},
		{"Calls", callCases},
		{"Mentions", mentionCases},
		{"Pins", pinCases},
		{"Blocks", blockCases},
		{"Invitations", invitationCases},
		{"Text", textCases},
		{"Transactions", transactionCases},
		{"Races", raceCases},
	} {
		t.Run(subject.name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			t.Cleanup(func() {
				if err := s.Close(); err != nil {
					t.Errorf("close: %v", err)
				}
			})
			var people atomic.Int64
			for _, c := range subject.cases {
				t.Run(c.name, func(t *testing.T) {
					t.Parallel()
					c.test(&world{T: t, s: s, people: &people})
				})
			}
		})
	}
}

// testCase is one promise of the store.
type testCase struct {
	name string
	test func(w *world)
}

// world is a test with a database, and the short words that tests are written in.
type world struct {
	*testing.T
	s      store.Store
	people *atomic.Int64 // how many users the database has: keeps their names apart
}

// start is the moment at which the tests' stories begin. It has no fraction that a store would cut.
var start = time.Date(2026, time.March, 1, 12, 0, 0, 123_000_000, time.UTC)

// after is a moment of the story, n seconds in.
func after(n int) time.Time { return start.Add(time.Duration(n) * time.Second) }

// ptr is the address of a value.
func ptr[T any](v T) *T { return &v }

// update runs fn in a transaction that must succeed.
func (w *world) update(fn func(tx store.Tx) error) {
	w.Helper()
	if err := w.s.Update(w.Context(), fn); err != nil {
		w.Fatalf("update: %v", err)
	}
}

// view runs fn over a snapshot; it must succeed.
func (w *world) view(fn func(tx store.Tx) error) {
	w.Helper()
	if err := w.s.View(w.Context(), fn); err != nil {
		w.Fatalf("view: %v", err)
	}
}

// read asks one question that must have an answer.
func read[T any](w *world, ask func(tx store.Tx) (T, error)) T {
	w.Helper()
	var answer T
	w.view(func(tx store.Tx) (err error) {
		answer, err = ask(tx)
		return err
	})
	return answer
}

// equal compares what is there with what was to be.
func equal[T any](w *world, what string, got, want T) {
	w.Helper()
	if !reflect.DeepEqual(got, want) {
		w.Errorf("%s:\n got %+v\nwant %+v", what, got, want)
	}
}

// newUser makes up a person, with names that nobody else has.
func (w *world) newUser(name string) store.User {
	n := w.people.Add(1)
	return store.User{
		ID: store.NewID(), Email: fmt.Sprintf("%s.%d@example.org", name, n), Username: fmt.Sprintf("%s.%d", name, n),
		DisplayName: name, PasswordHash: "hash", ShareReadReceipts: true, CreatedAt: start, UpdatedAt: start,
	}
}

// user makes up a person and keeps it.
func (w *world) user(name string) store.User {
	w.Helper()
	u := w.newUser(name)
	w.update(func(tx store.Tx) error { return tx.CreateUser(w.Context(), u) })
	return u
}

// newChat makes up a chat of the given people, the first of whom owns it.
func newChat(kind store.ChatType, people ...store.User) (store.Chat, []store.Member) {
	c := store.Chat{ID: store.NewID(), Type: kind, CreatedBy: people[0].ID, CreatedAt: start, UpdatedAt: start, ActivityAt: start}
	if kind == store.Group {
		c.Name = "group"
	}
	var members []store.Member
	for i, u := range people {
		m := store.Member{ChatID: c.ID, UserID: u.ID, Role: store.RoleMember, JoinedAt: after(i)}
		if i == 0 {
			m.Role = store.RoleOwner
		}
		members = append(members, m)
	}
	return c, members
}

// group makes a group of the given people and keeps it.
func (w *world) group(people ...store.User) store.Chat {
	w.Helper()
	c, members := newChat(store.Group, people...)
	w.update(func(tx store.Tx) error { return tx.CreateChat(w.Context(), c, members) })
	return c
}

// newMessage makes up a message; post gives it its place.
func newMessage(c store.Chat, from store.User, content string) store.Message {
	return store.Message{
		ID: store.NewID(), ChatID: c.ID, UserID: from.ID, Kind: store.KindText, Content: content,
		CreatedAt: start, UpdatedAt: start,
	}
}

// post puts a message at the end of its chat, as the rules do.
func (w *world) post(tx store.Tx, m store.Message) (store.Message, error) {
	var err error
	if m.Seq, m.Rev, err = tx.Advance(w.Context(), m.ChatID, true, m.CreatedAt); err != nil {
		return m, err
	}
	return m, tx.InsertMessage(w.Context(), m)
}

// send posts a text in a transaction of its own.
func (w *world) send(c store.Chat, from store.User, content string) store.Message {
	w.Helper()
	return w.sendMessage(newMessage(c, from, content))
}

func (w *world) sendMessage(m store.Message) store.Message {
	w.Helper()
	w.update(func(tx store.Tx) (err error) {
		m, err = w.post(tx, m)
		return err
	})
	return m
}

// change gives a message a new revision, as an edit does, and keeps what fn did to it.
func (w *world) change(id store.ID, fn func(m *store.Message)) store.Message {
	w.Helper()
	var m store.Message
	w.update(func(tx store.Tx) (err error) {
		if m, err = tx.Message(w.Context(), id); err != nil {
			return err
		}
		if _, m.Rev, err = tx.Advance(w.Context(), m.ChatID, false, after(60)); err != nil {
			return err
		}
		fn(&m)
		return tx.UpdateMessage(w.Context(), m)
	})
	return m
}

// idsOf lists the ids of things.
func idsOf[T any](list []T, id func(T) store.ID) []store.ID {
	ids := make([]store.ID, len(list))
	for i, v := range list {
		ids[i] = id(v)
	}
	return ids
}

func chatID(c store.Chat) store.ID             { return c.ID }
func callID(c store.Call) store.ID             { return c.ID }
func sessionID(s store.Session) store.ID       { return s.ID }
func attachmentID(a store.Attachment) store.ID { return a.ID }
func memberID(m store.Member) store.ID         { return m.UserID }
