package media

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v4"

	"confab/internal/bench/target"
)

// Kind is what is published.
type Kind string

// The two kinds.
const (
	Video Kind = "video"
	Audio Kind = "audio"
)

// Config is one run.
type Config struct {
	Kind        Kind
	Publishers  int           // legs that send
	Quiet       int           // audio: further legs that send silence at the rate of a silent microphone, and receive
	Subscribers int           // legs that only receive
	Deaf        int           // of them, legs that stop reading once they have joined: load for the server alone
	Meeting     bool          // publishers receive as well
	Slots       int           // streams that a leg can receive at once; 0: all that there are
	Size        int           // bytes of a packet, RTP header included
	Rate        int           // packets a second of each publisher
	Joining     int           // legs that join at once
	Duration    time.Duration // measured
	WarmUp      time.Duration // between the last join and that
	PID         int           // of a server on this machine; 0: no CPU and memory
}

const (
	// quietRate is what Opus sends in silence with DTX: a packet in 400 ms (RFC 6716, section 2.1.9), rounded up.
	quietRate = 3
	// smallest and largest packet: a VP8 key frame's beginning and a stamp need room, and an Ethernet frame has no more.
	minSize, maxSize = 64, 1400
	// maxLegs is what a group chat can have members, and maxPackets bounds what is remembered of a publisher.
	maxLegs    = 500
	maxPackets = 10_000_000
	// joinWithin bounds one join, and stragglers how long packets may be under way.
	joinWithin = 30 * time.Second
	stragglers = 500 * time.Millisecond
	openAtOnce = 8
)

func (c Config) check() error {
	legs := c.Publishers + c.Quiet + c.Subscribers
	switch {
	case c.Kind != Video && c.Kind != Audio:
		return fmt.Errorf("kind %q: want video or audio", c.Kind)
	case c.Publishers < 1 || c.Quiet < 0 || c.Subscribers < 0 || legs < 2 || legs > maxLegs:
		return fmt.Errorf("want at least one publisher and 2 to %d legs", maxLegs)
	case c.Deaf < 0 || c.Deaf > c.Subscribers || !c.Meeting && c.Deaf == c.Subscribers:
		return errors.New("somebody has to listen")
	case c.Quiet > 0 && c.Kind != Audio:
		return errors.New("only microphones are quiet")
	case c.Size < minSize || c.Size > maxSize:
		return fmt.Errorf("want packets of %d to %d bytes", minSize, maxSize)
	case c.Rate < 1 || c.Duration <= 0 || c.WarmUp < 0 || c.Slots < 0 || c.Joining < 1:
		return errors.New("want a rate, a duration and a number of legs that join at once above 0")
	case float64(c.Rate)*c.Duration.Seconds() > maxPackets:
		return fmt.Errorf("want at most %d packets of a publisher", maxPackets)
	}
	return nil
}

// Run makes accounts and a chat, has everybody join its call, and measures. Its error is a run that could not be held.
func Run(ctx context.Context, s *target.Server, c Config) (*Result, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	r := &run{Config: c, local: s.Local(), epoch: time.Now(), joins: target.NewHistogram()}
	defer r.leave()
	if err := r.gather(ctx, s); err != nil {
		return nil, err
	}
	return r.measure(ctx)
}

// run is a run under way.
type run struct {
	Config
	local       bool
	epoch       time.Time
	certificate webrtc.Certificate // all legs share it: making one takes longer than joining
	chat        string
	people      []*target.Person
	legs        []*leg // publishers first, then the quiet, then the others

	measuring atomic.Bool
	delays    delays
	stop      context.CancelFunc // ends the sources
	sending   sync.WaitGroup
	failed    atomic.Pointer[error] // why a source stopped early

	mu    sync.Mutex
	joins *target.Histogram // owned by mu
}

func (r *run) talkers() int { return r.Publishers + r.Quiet }

// deaf tells whether a leg does not listen: the last ones do not.
func (r *run) deaf(number int) bool { return number >= r.talkers()+r.Subscribers-r.Deaf }

// sourceOf returns what a leg sends, or nil.
func (r *run) sourceOf(number int) *source {
	if number >= r.talkers() {
		return nil
	}
	s := &source{publisher: number, kind: r.Kind, size: r.Size, rate: r.Rate, level: talking, epoch: r.epoch, measuring: &r.measuring}
	if number >= r.Publishers {
		s.rate, s.level, s.measuring = quietRate, silent, &atomic.Bool{}
	}
	return s
}

// slotsOf returns in how many streams a leg receives.
func (r *run) slotsOf(number int) int {
	if number < r.Publishers && !r.Meeting {
		return 0
	}
	if r.Slots > 0 {
		return r.Slots
	}
	return r.heardBy(number)
}

// heardBy is how many publishers there are for a leg: it does not receive itself.
func (r *run) heardBy(number int) int {
	if number < r.Publishers {
		return r.Publishers - 1
	}
	return r.Publishers
}

// gather makes the people, the chat and, not joined yet, the legs.
func (r *run) gather(ctx context.Context, s *target.Server) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	certificate, err := webrtc.GenerateCertificate(key)
	if err != nil {
		return err
	}
	r.certificate = *certificate
	n := r.talkers() + r.Subscribers
	if r.people, err = s.Register(ctx, n); err != nil {
		return err
	}
	if r.chat, err = s.Group(ctx, "bench", r.people); err != nil {
		return err
	}
	r.legs = make([]*leg, n)
	return target.Each(ctx, n, openAtOnce, func(ctx context.Context, i int) error {
		l, err := r.open(ctx, i)
		r.legs[i] = l
		return err
	})
}

// measure has everybody join and counts for a while.
func (r *run) measure(ctx context.Context) (*Result, error) {
	ctx, r.stop = context.WithCancel(ctx)
	r.sending.Go(func() { r.report(ctx) })
	empty, err := target.UsageOf(r.PID)
	if err != nil {
		return nil, err
	}
	if err := r.joinAll(ctx); err != nil {
		return nil, err
	}
	joined, err := target.UsageOf(r.PID)
	if err != nil {
		return nil, err
	}
	if err := sleep(ctx, r.WarmUp); err != nil {
		return nil, err
	}
	before, err := target.UsageOf(r.PID)
	if err != nil {
		return nil, err
	}
	ours, err := target.UsageOf(os.Getpid())
	if err != nil {
		return nil, err
	}
	from := time.Now()
	r.delays.begin(from, int((r.Duration+time.Second-1)/time.Second))
	r.measuring.Store(true)
	cores, err := r.watch(ctx, from, before)
	if err != nil {
		return nil, err
	}
	r.measuring.Store(false)
	took := time.Since(from)
	after, err := target.UsageOf(r.PID)
	if err != nil {
		return nil, err
	}
	oursAfter, err := target.UsageOf(os.Getpid())
	if err != nil {
		return nil, err
	}
	if err := sleep(ctx, stragglers); err != nil {
		return nil, err
	}
	if broke := r.failed.Load(); broke != nil {
		return nil, fmt.Errorf("a publisher stopped: %w", *broke)
	}
	return r.result(took, spent{
		joining: joined.CPU - empty.CPU, server: after.CPU - before.CPU, client: oursAfter.CPU - ours.CPU,
		memory: after.Memory - empty.Memory, cores: cores,
	}), nil
}

// watch waits until the duration is over and returns how many cores the server was busy with in each second.
func (r *run) watch(ctx context.Context, from time.Time, before target.Usage) (cores []float64, err error) {
	for began := time.Duration(0); began < r.Duration; {
		ends := min(began+time.Second, r.Duration)
		if err := sleep(ctx, time.Until(from.Add(ends))); err != nil {
			return nil, err
		}
		after, err := target.UsageOf(r.PID)
		if err != nil {
			return nil, err
		}
		cores = append(cores, (after.CPU-before.CPU).Seconds()/(ends-began).Seconds())
		began, before = ends, after
	}
	return cores, nil
}

// joinAll lets publishers join one after the other, which starts the call, and the rest as many at once as was asked for.
func (r *run) joinAll(ctx context.Context) error {
	for i := range r.talkers() {
		if err := r.enter(ctx, i); err != nil {
			return fmt.Errorf("publisher %d: %w", i, err)
		}
	}
	return target.Each(ctx, r.Subscribers, r.Joining, func(ctx context.Context, i int) error {
		return r.enter(ctx, r.talkers()+i)
	})
}

// enter has a leg join, and start to send or wait for its first packet.
func (r *run) enter(ctx context.Context, number int) error {
	l := r.legs[number]
	within, cancel := context.WithTimeout(ctx, joinWithin)
	defer cancel()
	began, err := l.join(within)
	if err != nil {
		return err
	}
	if l.source != nil {
		if err := l.connected(within); err != nil {
			return err
		}
		r.sending.Go(func() {
			if err := l.source.run(ctx); err != nil {
				r.failed.CompareAndSwap(nil, &err)
			}
		})
		return nil
	}
	select {
	case <-l.in.first:
	case <-within.Done():
		return fmt.Errorf("no media within %s of joining; the connection is %s", joinWithin, l.pc.ConnectionState())
	}
	l.ear.deaf.Store(r.deaf(number))
	l.in.mu.Lock()
	took := l.in.joined.Sub(began)
	l.in.mu.Unlock()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.joins.Add(took)
	return nil
}

// report sends a receiver report for each leg once a second, as browsers do: it tells the server that somebody is there.
func (r *run) report(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		for _, l := range r.legs {
			// A leg that has not joined yet has nowhere to send to; that is no error of the run's.
			_ = l.pc.WriteRTCP([]rtcp.Packet{&rtcp.ReceiverReport{}})
		}
	}
}

// leave ends everything.
func (r *run) leave() {
	if r.stop != nil {
		r.stop()
	}
	r.sending.Wait()
	var closing sync.WaitGroup
	for _, l := range r.legs {
		if l != nil {
			closing.Go(l.close)
		}
	}
	closing.Wait()
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
