package main

import (
	"cmp"
	"context"
	"encoding/json"
	"io"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"confab/internal/bench/chat"
	"confab/internal/bench/media"
	"confab/internal/bench/target"
)

// benchCommand loads a server that runs already. docs/performance.md tells how to start one for it.
type benchCommand struct {
	Chat benchChatCommand `cmd:"" help:"Messages at a fixed rate: latencies, and whether all guarantees hold."`
	SFU  benchSFUCommand  `cmd:"" name:"sfu" help:"A call: loss, latency, time to join, and what a packet costs the server."`
}

// benchTarget is what every load needs to know.
type benchTarget struct {
	URL         string `arg:"" help:"The server, started with CONFAB_RATE_LIMIT_SCALE=1000000; e.g. http://127.0.0.1:8080."`
	AllowRemote bool   `help:"Load a server that is not on this machine. It had better be yours."`
	PID         int    `help:"Process id of a server on this machine, to measure its CPU and memory."`
	JSON        bool   `name:"json" help:"Print JSON instead of a table."`
}

// outcome is the result of a load.
type outcome interface {
	Print(io.Writer) error
	Err() error
}

// clientRoom is what a load client allocates between two collections of its garbage, in bytes: so much that it hardly ever
// collects, for that CPU is the server's on the machine that the two share, and so little that it goes on in pages that it
// has. A new one is a fault of a microsecond or more, which was a quarter of the time of a client whose legs join.
const clientRoom = 128 << 20

// makeRoom has the heap consist of clientRoom free bytes, and of as many again that nobody uses and that are in no page, but
// let the collector wait. The result must be kept alive until the load ends.
func makeRoom() []byte {
	ballast, pages := make([]byte, clientRoom), make([]byte, clientRoom)
	for i := 0; i < len(pages); i += os.Getpagesize() {
		pages[i] = 1
	}
	runtime.KeepAlive(pages)
	runtime.GC()
	return ballast
}

// run does the load until it ends or is interrupted, prints its result, and returns what the server did wrong.
func (b *benchTarget) run(load func(context.Context, *target.Server) (outcome, error)) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	defer runtime.KeepAlive(makeRoom())
	server, err := target.Open(ctx, b.URL, b.AllowRemote)
	if err != nil {
		return err
	}
	defer server.Close()
	result, err := load(ctx, server)
	if err != nil {
		return err
	}
	if b.JSON {
		out := json.NewEncoder(os.Stdout)
		out.SetIndent("", "  ")
		err = out.Encode(result)
	} else {
		err = result.Print(os.Stdout)
	}
	if err != nil {
		return err
	}
	return result.Err()
}

type benchChatCommand struct {
	benchTarget
	Users       int           `default:"64" help:"Accounts to make."`
	Group       int           `default:"2" help:"Members of each group."`
	Connections int           `default:"64" help:"Sockets that send, dealt out to the users."`
	Rate        float64       `default:"1000" help:"Sends a second, all together."`
	Duration    time.Duration `default:"10s" help:"How long to measure."`
	WarmUp      time.Duration `default:"2s" help:"How long to send before that."`
	Size        int           `default:"100" help:"Bytes of a message."`
	Idle        int           `help:"Instead: open so many sockets that do nothing, and measure the server's memory."`
}

// Run loads and prints.
func (c *benchChatCommand) Run() error {
	return c.run(func(ctx context.Context, s *target.Server) (outcome, error) {
		if c.Idle > 0 {
			return chat.Idle(ctx, s, chat.IdleConfig{Users: c.Users, Sockets: c.Idle, Hold: c.Duration, PID: c.PID})
		}
		return chat.Run(ctx, s, chat.Config{
			Users: c.Users, GroupSize: c.Group, Connections: c.Connections, Rate: c.Rate,
			Duration: c.Duration, WarmUp: c.WarmUp, Size: c.Size, PID: c.PID,
		})
	})
}

type benchSFUCommand struct {
	benchTarget
	Kind        media.Kind    `default:"video" enum:"video,audio" help:"video or audio."`
	Publishers  int           `default:"1" help:"Legs that send."`
	Quiet       int           `help:"Audio: further legs whose microphone is silent."`
	Subscribers int           `default:"10" help:"Legs that only receive."`
	Deaf        int           `help:"Of them, legs that stop reading once they have joined: they load the server and not this client."`
	Meeting     bool          `help:"Publishers receive as well."`
	Slots       int           `help:"Streams that a leg receives at most; all if unset."`
	Size        int           `help:"Bytes of a packet; 1200 for video, 100 for audio if unset."`
	Rate        int           `help:"Packets a second of a publisher; 250 for video, 50 for audio if unset."`
	Joining     int           `default:"4" help:"Subscribers that join at once."`
	Duration    time.Duration `default:"10s" help:"How long to measure."`
	WarmUp      time.Duration `default:"2s" help:"How long to wait after the last join."`
}

// Run loads and prints.
func (c *benchSFUCommand) Run() error {
	size, rate := 1200, 250
	if c.Kind == media.Audio {
		size, rate = 100, 50
	}
	return c.run(func(ctx context.Context, s *target.Server) (outcome, error) {
		return media.Run(ctx, s, media.Config{
			Kind: c.Kind, Publishers: c.Publishers, Quiet: c.Quiet, Subscribers: c.Subscribers, Deaf: c.Deaf, Meeting: c.Meeting,
			Slots: c.Slots, Size: cmp.Or(c.Size, size), Rate: cmp.Or(c.Rate, rate), Joining: c.Joining,
			Duration: c.Duration, WarmUp: c.WarmUp, PID: c.PID,
		})
	})
}
