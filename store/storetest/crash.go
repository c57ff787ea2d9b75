package storetest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"confab/store"
)

// The environment of a child that writes until it is killed.
const (
	crashWhere = "CONFAB_CRASH_WHERE" // what the engine opens
	crashChat  = "CONFAB_CRASH_CHAT"
	crashUser  = "CONFAB_CRASH_USER"
)

// OpenFunc opens a database by what the engine calls its place: a URL or a path.
type OpenFunc func(ctx context.Context, where string) (store.Store, error)

// Main is the TestMain of an engine's tests. The test program starts itself again as the victim of RunCrash; Main tells
// the two apart. When all tests are over, no goroutine of a store that was closed may be left.
func Main(m *testing.M, open OpenFunc) {
	where := os.Getenv(crashWhere)
	if where == "" {
		goleak.VerifyTestMain(m)
		return
	}
	err := writeForever(open, where, store.ID(os.Getenv(crashChat)), store.ID(os.Getenv(crashUser)))
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// writers is how many goroutines of the victim send at once, so that the kill meets shared commits half-way.
const writers = 8

// writeForever sends messages and prints a line for each after it was acknowledged.
func writeForever(open OpenFunc, where string, chatID, userID store.ID) error {
	ctx := context.Background()
	s, err := open(ctx, where)
	if err != nil {
		return err
	}
	failed := make(chan error, writers)
	for range writers {
		go func() {
			for n := 0; ; n++ {
				m := store.Message{ID: store.NewID(), ChatID: chatID, UserID: userID, Kind: store.KindText,
					Content: "acked", CreatedAt: time.Now(), UpdatedAt: time.Now()}
				if err := sendEitherWay(ctx, s, &m, n%2 == 0); err != nil {
					failed <- err
					return
				}
				fmt.Printf("%d %s\n", m.Seq, m.ID) // one write, shorter than a pipe's atomic 4 KiB
			}
		}()
	}
	return <-failed
}

// sendEitherWay stores a message by Post or by Update.
func sendEitherWay(ctx context.Context, s store.Store, m *store.Message, short bool) error {
	if short {
		posted, ok, err := s.Post(ctx, *m)
		if m.Seq = posted.Seq; err == nil && !ok {
			err = errors.New("the post was sent the long way")
		}
		return err
	}
	return s.Update(ctx, func(tx store.Tx) (err error) {
		if m.Seq, m.Rev, err = tx.Advance(ctx, m.ChatID, true, m.CreatedAt); err != nil {
			return err
		}
		return tx.InsertMessage(ctx, *m)
	})
}

// RunCrash kills a process that writes to the database at where with SIGKILL, several times at random instants, and
// checks that whatever it had acknowledged is there, in one row without gaps, and that the epoch is the same.
func RunCrash(t *testing.T, where string, open OpenFunc) {
	var chat store.Chat
	var user store.User
	var epoch store.ID
	reopen := func(fn func(w *world)) {
		t.Helper()
		s, err := open(t.Context(), where)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		fn(&world{T: t, s: s, people: new(atomic.Int64)})
	}
	reopen(func(w *world) {
		user = w.user("victim")
		chat = w.group(user)
		epoch = w.s.Epoch()
	})
	acked := make(map[int64]store.ID)
	for round := range 4 {
		kill := 1 + rand.IntN(300)
		t.Logf("round %d: kill after %d acknowledgements", round, kill)
		crash(t, where, chat.ID, user.ID, kill, acked)
		reopen(func(w *world) {
			equal(w, "epoch", w.s.Epoch(), epoch)
			w.checkAcked(chat, acked)
		})
	}
}

// crash runs the victim, kills it after so many acknowledgements, and adds all that it gave to acked.
func crash(t *testing.T, where string, chatID, userID store.ID, after int, acked map[int64]store.ID) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	victim := exec.Command(self)
	victim.Env = append(os.Environ(), crashWhere+"="+where, crashChat+"="+string(chatID), crashUser+"="+string(userID))
	var complaints strings.Builder
	victim.Stderr = &complaints
	out, err := victim.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := victim.Start(); err != nil {
		t.Fatal(err)
	}
	var kill sync.Once
	defer kill.Do(func() { _ = victim.Process.Kill() })
	lines := bufio.NewReader(out)
	for n := 0; ; n++ {
		line, err := lines.ReadString('\n')
		if err == io.EOF {
			break // a last line without its end was cut by the kill: it reached nobody
		}
		if err != nil {
			t.Fatal(err)
		}
		var seq int64
		var id string
		if _, err := fmt.Sscan(line, &seq, &id); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if other, twice := acked[seq]; twice {
			t.Errorf("seq %d was given to %s and %s", seq, other, id)
		}
		acked[seq] = store.ID(id)
		if n == after {
			kill.Do(func() { _ = victim.Process.Kill() })
		}
	}
	_ = victim.Wait() // killed, as it should be
	if complaints.Len() > 0 {
		t.Fatalf("the victim failed by itself: %s", complaints.String())
	}
}

// checkAcked compares the chat with what had been acknowledged.
func (w *world) checkAcked(chat store.Chat, acked map[int64]store.ID) {
	w.Helper()
	w.view(func(tx store.Tx) error {
		c, err := tx.Chat(w.Context(), chat.ID)
		if err != nil {
			return err
		}
		all, err := tx.Messages(w.Context(), store.MessageQuery{ChatID: chat.ID, After: ptr(int64(0)), Limit: 1_000_000})
		if err != nil {
			return err
		}
		equal(w, "last seq", c.LastSeq, int64(len(all)))
		there := make(map[int64]store.ID, len(all))
		for i, m := range all {
			if m.Seq != int64(i+1) {
				w.Fatalf("message %d has seq %d", i+1, m.Seq)
			}
			there[m.Seq] = m.ID
		}
		for seq, id := range acked {
			if there[seq] != id {
				w.Errorf("seq %d was acknowledged as %s, and is %q", seq, id, there[seq])
			}
		}
		w.Logf("%d acknowledged, %d there", len(acked), len(all))
		return nil
	})
}
