package main

import (
	"context"
	"errors"
	"testing"
	"time"

	"confab/internal/bench/chat"
	"confab/internal/bench/media"
	"confab/internal/bench/target"
)

// serve starts a server process and returns it to load, with its id.
func serve(t *testing.T) (*target.Server, int) {
	t.Helper()
	p := launch(t, "DATABASE_URL=")
	s, err := target.Open(t.Context(), p.url, false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s, p.cmd.Process.Pid
}

// finish is the end of every load that should have gone well.
func finish(t *testing.T, result outcome, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if err := result.Print(t.Output()); err != nil {
		t.Error(err)
	}
	if err := result.Err(); err != nil {
		t.Error(err)
	}
}

func TestBenchChatCountsWhatWasSent(t *testing.T) {
	t.Parallel()
	s, pid := serve(t)
	r, err := chat.Run(t.Context(), s, chat.Config{
		Users: 4, GroupSize: 2, Connections: 5, Rate: 200, WarmUp: 100 * time.Millisecond, Duration: 500 * time.Millisecond,
		Size: 100, PID: pid,
	})
	finish(t, r, err)
	// Of the five sockets three are of the first group: it has 60 of the measured sends and hears each three times, the
	// other hears 40 twice.
	if r.Sent != 120 || r.Ack.Count != 100 || r.Delivery.Count != 60*3+40*2 {
		t.Errorf("%d sent, %d acks and %d deliveries measured; want 120, 100 and 260", r.Sent, r.Ack.Count, r.Delivery.Count)
	}
	if r.ServerMemory < 1<<20 {
		t.Errorf("the server is said to take %d bytes", r.ServerMemory)
	}
}

func TestBenchIdleHoldsItsSockets(t *testing.T) {
	t.Parallel()
	s, pid := serve(t)
	r, err := chat.Idle(t.Context(), s, chat.IdleConfig{Users: 1, Sockets: 50, Hold: 200 * time.Millisecond, PID: pid})
	finish(t, r, err)
	if r.MemoryAfter < r.MemoryBefore/2 || r.MemoryBefore == 0 {
		t.Errorf("memory went from %d to %d", r.MemoryBefore, r.MemoryAfter)
	}
}

func TestBenchSFUReceivesWhatIsDue(t *testing.T) {
	t.Parallel()
	s, pid := serve(t) // one for all, one after the other: making accounts is slow
	for name, c := range map[string]media.Config{
		"video":         {Kind: media.Video, Publishers: 1, Subscribers: 2, Size: 1000, Rate: 100},
		"video to few":  {Kind: media.Video, Publishers: 1, Subscribers: 3, Deaf: 1, Size: 1000, Rate: 100},
		"video meeting": {Kind: media.Video, Publishers: 2, Meeting: true, Size: 1000, Rate: 50},
		"audio":         {Kind: media.Audio, Publishers: 2, Subscribers: 1, Size: 100, Rate: 50},
		"audio quiet":   {Kind: media.Audio, Publishers: 1, Quiet: 1, Subscribers: 1, Size: 100, Rate: 50, Slots: 1},
	} {
		t.Run(name, func(t *testing.T) {
			c.Joining, c.Duration, c.WarmUp, c.PID = 4, time.Second, 500*time.Millisecond, pid
			r, err := media.Run(t.Context(), s, c)
			finish(t, r, err)
			if r.Lost != 0 || r.Received < r.Due*9/10 || r.Received > r.Due+int64(r.Legs*r.Publishers) {
				t.Errorf("%d received of %d due, %d lost", r.Received, r.Due, r.Lost)
			}
			if r.Latency.Count != r.Received || r.Latency.P50 <= 0 {
				t.Errorf("latency is %v", r.Latency)
			}
			if c.Deaf > 0 && (r.Deaf != c.Deaf || r.Receivers != c.Subscribers-c.Deaf || r.CPUPerPacket != 0) {
				t.Errorf("%d listened and %d did not, at %v µs a packet", r.Receivers, r.Deaf, r.CPUPerPacket)
			}
			if r.Join.Count != int64(c.Subscribers) {
				t.Errorf("%d joins were timed, of %d", r.Join.Count, c.Subscribers)
			}
		})
	}
}

func TestBenchLoadsOnlyThisMachine(t *testing.T) {
	t.Parallel()
	if _, err := target.Open(context.Background(), "http://192.0.2.1:8080", false); !errors.Is(err, target.ErrRemote) {
		t.Errorf("a remote server: %v", err)
	}
	s, err := target.Open(context.Background(), "http://192.0.2.1:8080", true)
	if err != nil || s.Local() {
		t.Errorf("a remote server that is allowed: %v", err)
	}
}

func TestBenchTellsWhyItIsRefused(t *testing.T) {
	t.Parallel()
	s, _ := serve(t)
	people, err := s.Register(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	people[0].ID = "not an id"
	_, err = s.Group(t.Context(), "", people)
	var refusal *target.Refusal
	if !errors.As(err, &refusal) || refusal.Status < 400 || refusal.Code == "" {
		t.Errorf("a group without a name: %v", err)
	}
}
