package storetest

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"confab/store"
)

// The population of the benchmarks: enough chats that not everybody waits for the same one, as in an office.
const (
	benchChats   = 32
	benchMembers = 8
)

// office is a database with people who talk.
type office struct {
	s       store.Store
	chats   []store.ID
	members [][]store.ID
	next    atomic.Int64
}

func newOffice(b *testing.B, s store.Store) *office {
	b.Helper()
	o := &office{s: s}
	ctx := b.Context()
	err := s.Update(ctx, func(tx store.Tx) error {
		for i := range benchChats {
			var people []store.User
			var ids []store.ID
			for k := range benchMembers {
				name := fmt.Sprintf("u%d.%d", i, k)
				u := store.User{ID: store.NewID(), Email: name + "@example.org", Username: name, CreatedAt: start, UpdatedAt: start}
				if err := tx.CreateUser(ctx, u); err != nil {
					return err
				}
				people, ids = append(people, u), append(ids, u.ID)
			}
			c, members := newChat(store.Group, people...)
			if err := tx.CreateChat(ctx, c, members); err != nil {
				return err
			}
			o.chats, o.members = append(o.chats, c.ID), append(o.members, ids)
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	return o
}

// draft makes up the next message of the office.
func (o *office) draft() store.Message {
	n := int(o.next.Add(1))
	chat := n % benchChats
	now := time.Now()
	return store.Message{
		ID: store.NewID(), ChatID: o.chats[chat], UserID: o.members[chat][n/benchChats%benchMembers], Kind: store.KindText,
		Content: "the quick brown fox jumps over the lazy dog", ClientID: string(store.NewID()), PayloadHash: make([]byte, 32),
		CreatedAt: now, UpdatedAt: now,
	}
}

// long is a send by way of Update, as the rules do it.
func (o *office) long(ctx context.Context) error {
	m := o.draft()
	return o.s.Update(ctx, func(tx store.Tx) (err error) {
		if m.Seq, m.Rev, err = tx.Advance(ctx, m.ChatID, true, m.CreatedAt); err != nil {
			return err
		}
		if _, err = tx.Members(ctx, m.ChatID); err != nil {
			return err
		}
		return tx.InsertMessage(ctx, m)
	})
}

// short is a send by way of Post.
func (o *office) short(ctx context.Context) error {
	if _, ok, err := o.s.Post(ctx, o.draft()); err != nil || !ok {
		return fmt.Errorf("posted: %v, %w", ok, err)
	}
	return nil
}

// Benchmark measures sends, by Update and by Post: by one caller, which is one transaction per send, and by many at
// once.
func Benchmark(b *testing.B, s store.Store) {
	o := newOffice(b, s)
	for _, way := range []struct {
		name string
		send func(context.Context) error
	}{{"update", o.long}, {"post", o.short}} {
		for _, callers := range []int{1, 64} {
			b.Run(fmt.Sprintf("%s/callers=%d", way.name, callers), func(b *testing.B) {
				b.ReportAllocs()
				crowd(b, callers, way.send)
			})
		}
	}
}

// crowd runs fn b.N times, by so many callers at once, and reports how many a second.
func crowd(b *testing.B, callers int, fn func(context.Context) error) {
	var left atomic.Int64
	left.Store(int64(b.N))
	ctx := b.Context()
	done := make(chan error, callers)
	runtime.GC()
	b.ResetTimer()
	for range callers {
		go func() {
			for left.Add(-1) >= 0 {
				if err := fn(ctx); err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
	}
	for range callers {
		if err := <-done; err != nil {
			b.Error(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "sends/s")
}
