package call

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"confab/internal/bus"
	"confab/internal/fault"
	"confab/sfu"
	"confab/store"
)

// Calls themselves are tested in package signaling, between real clients over real sockets.

func TestFingerprintTellsPeerConnectionsApart(t *testing.T) {
	t.Parallel()
	const head = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\n"
	for name, c := range map[string]struct{ sdp, want string }{
		"session level":     {head + "a=fingerprint:sha-256 AA:BB\r\nm=audio 9\r\n", "sha-256 aa:bb"},
		"media level":       {head + "m=audio 9\r\na=fingerprint:sha-256 AA:CC\r\n", "sha-256 aa:cc"},
		"the first counts":  {head + "a=fingerprint:sha-256 01\r\na=fingerprint:sha-1 02\r\n", "sha-256 01"},
		"bare line feeds":   {"v=0\na=fingerprint:sha-256 AB\n", "sha-256 ab"},
		"none":              {head, ""},
		"only in a comment": {head + "s=a=fingerprint:sha-256 AA\r\n", ""},
	} {
		if got := fingerprint(c.sdp); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestVersionOfADescription(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		sdp  string
		want uint64
	}{
		"as browsers write it": {"v=0\r\no=- 4611731400430051336 3 IN IP4 127.0.0.1\r\n", 3},
		"the largest":          {"v=0\r\no=x 1 18446744073709551615 IN IP6 ::1\r\n", 1<<64 - 1},
		"no number":            {"v=0\r\no=- 1 one IN IP4 127.0.0.1\r\n", 0},
		"too short":            {"v=0\r\no=- 1\r\n", 0},
		"no origin":            {"v=0\r\ns=o=- 1 2\r\n", 0},
	} {
		if got := version(c.sdp); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}

func TestOffersForFormerLegsAreKnown(t *testing.T) {
	t.Parallel()
	left := time.Now()
	var f formers
	f.add("chat", peer{"aa", 2}, left)
	for name, c := range map[string]struct {
		chat store.ID
		peer peer
		at   time.Time
		want bool
	}{
		"a renegotiation":        {"chat", peer{"aa", 3}, left, true},
		"the first offer again":  {"chat", peer{"aa", 2}, left, false},
		"another PeerConnection": {"chat", peer{"bb", 3}, left, false},
		"another chat":           {"other", peer{"aa", 3}, left, false},
		"just in time":           {"chat", peer{"aa", 3}, left.Add(formerLife), true},
		"too late":               {"chat", peer{"aa", 3}, left.Add(formerLife + 1), false},
	} {
		if got := f.had(c.chat, c.peer, c.at); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	for range maxFormer {
		f.add("busy", peer{"cc", 1}, left)
	}
	if len(f.legs) != maxFormer || f.had("chat", peer{"aa", 3}, left) {
		t.Errorf("%d legs are remembered, want the latest %d", len(f.legs), maxFormer)
	}
	f.add("later", peer{"dd", 1}, left.Add(formerLife+1))
	if len(f.legs) != 1 {
		t.Errorf("%d legs are remembered of which one is of use", len(f.legs))
	}
}

// sent collects what is published.
type sent []bus.Event

func (s *sent) Publish(e bus.Event) { *s = append(*s, e) }
func (s *sent) Revoke(bus.Revoked)  {}

func (s *sent) names() (names []string) {
	for _, e := range *s {
		names = append(names, e.Name)
	}
	*s = nil
	return names
}

func TestWhatIsAskedOfASenderIsKeptForLater(t *testing.T) {
	t.Parallel()
	var told sent
	c := &call{svc: New(Config{Bus: &told})}
	p := c.newParticipant("u")
	p.device = Device{SocketID: "s"}
	h := legEvents{p}
	h.Layers("1", []string{"h"})
	h.Codecs("1", []string{"video/VP8"})
	if got := told.names(); len(got) > 0 {
		t.Errorf("before it has joined: %v", got)
	}
	p.joined, p.lost = true, true
	h.Layers("1", nil)
	c.rebind(p, Device{SocketID: "new"})
	c.catchUp(p)
	if got := told[1].Data.(layersEvent); got.MID != "1" || len(got.Active) != 0 {
		t.Errorf("on its new socket: %+v, want the latest", got)
	}
	if got := told.names(); !slices.Equal(got, []string{EventState, EventLayers, EventCodecs}) {
		t.Errorf("on its new socket: %v", got)
	}
	h.Tracks([]sfu.Track{{MID: "2"}})
	told = nil
	c.catchUp(p)
	if got := told.names(); !slices.Equal(got, []string{EventState}) {
		t.Errorf("of a section that sends no more: %v", got)
	}
}

// crowd is a chat of which somebody is taken out while its members are being read.
type crowd struct {
	store.Store
	members []store.Member
	removal func()
}

func (s crowd) View(_ context.Context, fn func(store.Tx) error) error {
	defer s.removal()
	return fn(crowdTx{members: s.members})
}

type crowdTx struct {
	store.Tx
	members []store.Member
}

func (tx crowdTx) Members(context.Context, ...store.ID) ([]store.Member, error) {
	return tx.members, nil
}

func TestCallIsNotAnnouncedToWhoLostTheChat(t *testing.T) {
	t.Parallel()
	var told sent
	c := &call{gone: make(map[store.ID]struct{})}
	c.svc = New(Config{Bus: &told, Store: crowd{
		members: []store.Member{{UserID: "ann"}, {UserID: "bob"}}, removal: func() { c.expel([]store.ID{"bob"}) },
	}})
	c.journal = journal{log: c.svc.cfg.Log, work: &c.svc.work}
	c.mu.Lock()
	c.announce()
	c.unlock()
	c.svc.work.Wait()
	if len(told) != 1 || !slices.Equal(told[0].To, []store.ID{"ann"}) {
		t.Errorf("told %+v", told)
	}
}

func TestNobodyIsInTooManyCalls(t *testing.T) {
	t.Parallel()
	r, in := NewRegistry(), []*call{}
	for range maxCallsPerUser {
		c := new(call)
		in = append(in, c)
		for range 2 { // a second leg in the same call is no further call
			if err := r.enter("u", c); err != nil {
				t.Fatal(err)
			}
		}
	}
	one := new(call)
	if err := r.enter("u", one); fault.From(err).Code != CodeTooManyCalls {
		t.Errorf("one more: %v", err)
	}
	if err := r.enter("other", one); err != nil {
		t.Errorf("somebody else: %v", err)
	}
	r.leave("u", in[0])
	if err := r.enter("u", one); err == nil {
		t.Error("one of two legs left, and the call does not count any more")
	}
	r.leave("u", in[0])
	if err := r.enter("u", one); err != nil {
		t.Errorf("after leaving: %v", err)
	}
	if got := r.callsOf("u"); len(got) != maxCallsPerUser || slices.Contains(got, in[0]) {
		t.Errorf("in %d calls", len(got))
	}
}

func TestRingsKeepNobodyFromCalls(t *testing.T) {
	t.Parallel()
	r, rings := NewRegistry(), []*call{}
	for range maxRingsPerUser {
		c := new(call)
		rings = append(rings, c)
		if !r.ring("u", c) {
			t.Fatal("a ring is refused within the bound")
		}
	}
	if r.ring("u", new(call)) {
		t.Error("rings have no bound")
	}
	if err := r.enter("u", new(call)); err != nil {
		t.Errorf("a call while many ring: %v", err)
	}
	if err := r.enter("u", rings[0]); err != nil {
		t.Errorf("one of those that ring: %v", err)
	}
	r.hush("u", rings[0])
	if got := r.callsOf("u"); len(got) != maxRingsPerUser+1 {
		t.Errorf("one that has been answered is forgotten: %d calls", len(got))
	}
	r.leave("u", rings[0])
	if got := r.callsOf("u"); slices.Contains(got, rings[0]) {
		t.Error("a call is remembered with neither ring nor leg")
	}
}

func TestClosedRegistryTakesNoNewCalls(t *testing.T) {
	t.Parallel()
	r := NewRegistry()
	made := func() (*call, error) { return &call{chatID: "chat"}, nil }
	c, err := r.obtain(context.Background(), "chat", made)
	if err != nil {
		t.Fatal(err)
	}
	r.close()
	if again, err := r.obtain(context.Background(), "chat", made); err != nil || again != c {
		t.Errorf("the running call: %v, %v", again, err)
	}
	if _, err := r.obtain(context.Background(), "another", made); fault.From(err).Code != CodeShuttingDown {
		t.Errorf("a new call: %v", err)
	}
	select {
	case <-r.empty:
		t.Error("empty with a call in it")
	default:
	}
	r.drop(c)
	<-r.empty
}

func TestNextCallWaitsUntilTheLastIsTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := NewRegistry()
		ending := &call{chatID: "chat", phase: over, told: make(chan struct{})}
		r.calls["chat"] = ending
		next := make(chan *call)
		go func() {
			c, err := r.obtain(context.Background(), "chat", func() (*call, error) { return &call{chatID: "chat"}, nil })
			if err != nil {
				t.Error(err)
			}
			next <- c
		}()
		synctest.Wait()
		select {
		case <-next:
			t.Fatal("a new call before the old one was told")
		default:
		}
		r.drop(ending)
		close(ending.told)
		if c := <-next; c == ending {
			t.Error("the old call again")
		}
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		r.calls["chat"] = &call{chatID: "chat", phase: over, told: make(chan struct{})}
		if _, err := r.obtain(ctx, "chat", nil); !errors.Is(err, context.Canceled) {
			t.Errorf("who gave up waiting: %v", err)
		}
	})
}

func TestCallThatIsOverCannotBeJoined(t *testing.T) {
	t.Parallel()
	c := &call{phase: over, svc: New(Config{Registry: NewRegistry()})}
	if _, err := c.add(Device{UserID: "u"}, false, peer{}); !errors.Is(err, errOver) {
		t.Errorf("joined: %v", err) // Initiate goes on to the chat's next call then
	}
}

func TestJournalKeepsOrderAndSurvivesFailures(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var work sync.WaitGroup
		j := journal{log: slog.New(slog.DiscardHandler), work: &work}
		var order []int
		add := func(n int, err error) <-chan struct{} {
			return j.add("entry", func(context.Context) error { order = append(order, n); return err })
		}
		hung := j.add("hung", func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
		add(1, nil)
		add(2, errors.New("disk full"))
		last := add(3, nil)
		began := time.Now()
		<-hung
		if waited := time.Since(began); waited != journalTimeout {
			t.Errorf("an entry that hangs holds up the others for %v", waited)
		}
		<-last
		work.Wait()
		if !slices.Equal(order, []int{1, 2, 3}) {
			t.Errorf("order %v", order)
		}
		<-add(4, nil) // and it starts again
		work.Wait()
	})
}

func TestJournalWritesTogetherAndFailsApart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var work sync.WaitGroup
		var log strings.Builder
		var kept []string
		var sizes []int // of the transactions that were committed
		j := journal{log: slog.New(slog.NewTextHandler(&log, nil)), work: &work}
		var writing []string
		j.update = func(_ context.Context, fn func(store.Tx) error) error {
			writing = nil
			err := fn(nil)
			if err == nil {
				kept, sizes = append(kept, writing...), append(sizes, len(writing))
			}
			return err
		}
		write := func(what string, err error) {
			j.write(what, func(context.Context, store.Tx) error { writing = append(writing, what); return err })
		}
		gate := make(chan struct{})
		j.add("gate", func(context.Context) error { <-gate; return nil })
		write("a", nil)
		write("b", nil)
		j.add("between", func(context.Context) error { kept = append(kept, "between"); return nil })
		write("c", nil)
		write("full", errors.New("disk full"))
		write("gone", store.ErrNotFound)
		write("d", nil)
		close(gate)
		work.Wait()
		if want := []string{"a", "b", "between", "c", "d"}; !slices.Equal(kept, want) {
			t.Errorf("kept %v, want %v", kept, want)
		}
		if want := []int{2, 1, 1}; !slices.Equal(sizes, want) {
			t.Errorf("transactions of %v, want %v", sizes, want)
		}
		if !strings.Contains(log.String(), "entry=full") || strings.Contains(log.String(), "entry=gone") {
			t.Errorf("logged: %s", log.String())
		}
	})
}

func TestJournalHasABound(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var work sync.WaitGroup
		j := journal{log: slog.New(slog.DiscardHandler), work: &work}
		gate := make(chan struct{})
		j.add("gate", func(context.Context) error { <-gate; return nil })
		synctest.Wait()
		for range journalLimit {
			if j.full() {
				t.Fatal("full too early")
			}
			j.add("entry", func(context.Context) error { return nil })
		}
		if !j.full() {
			t.Error("not full")
		}
		close(gate)
		work.Wait()
		if j.full() {
			t.Error("still full")
		}
	})
}
