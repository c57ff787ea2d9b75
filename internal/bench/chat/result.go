package chat

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"confab/internal/bench/target"
)

// Result is what came of a run. Rates and latencies are of the measured part, counts and invariants of all of it.
type Result struct {
	Users       int     `json:"users"`
	GroupSize   int     `json:"groupSize"`
	Connections int     `json:"connections"`
	WantedRate  float64 `json:"wantedSendsPerSecond"`
	Seconds     float64 `json:"seconds"`

	Sent       int64   `json:"sent"`
	Refused    int64   `json:"refused"`
	Unanswered int64   `json:"unanswered"`
	AckedRate  float64 `json:"ackedPerSecond"`
	Deliveries float64 `json:"deliveriesPerSecond"`

	Ack      target.Latency `json:"ack"`
	Delivery target.Latency `json:"delivery"`

	Gaps       int64    `json:"gaps"`
	Duplicates int64    `json:"duplicates"`
	Disorders  int64    `json:"outOfOrder"`
	Broken     int64    `json:"broken"` // all complaints together
	Problems   []string `json:"problems"`

	ServerCPU    float64 `json:"serverCPUCores,omitempty"`
	ServerMemory int64   `json:"serverMemoryBytes,omitempty"`
	CPUPerSend   float64 `json:"serverCPUMicrosPerSend,omitempty"`
}

// result counts everything up. All goroutines have ended.
func (r *run) result(used target.Usage, took time.Duration) *Result {
	out := &Result{
		Users: r.Users, GroupSize: r.GroupSize, Connections: r.Connections, WantedRate: r.Rate, ServerMemory: used.Memory,
	}
	ack, delivery := target.NewHistogram(), target.NewHistogram()
	from := r.began.Add(r.WarmUp)
	until := from.Add(r.Duration)
	acked := int64(0)
	for _, c := range r.conns {
		ack.Merge(c.ack)
		delivery.Merge(c.delivery)
		acked += c.acked
		out.Sent += c.sent.Load()
		out.Refused += c.refused
		out.Unanswered += c.sent.Load() - c.answered.Load()
		if c.lastAck.After(until) {
			until = c.lastAck // a server that was behind is charged for catching up
		}
		if n := c.record.missing(c.chat.top()); n > 0 {
			out.Gaps += n
			r.problems.add("%d messages never reached a member's socket", n)
		}
	}
	if out.Unanswered > 0 {
		r.problems.add("%d sends were never answered", out.Unanswered)
	}
	out.Ack, out.Delivery = ack.Latency(), delivery.Latency()
	out.Seconds = until.Sub(from).Seconds()
	out.AckedRate = float64(acked) / out.Seconds
	out.Deliveries = float64(out.Delivery.Count) / out.Seconds
	out.ServerCPU = used.CPU.Seconds() / took.Seconds()
	if acked > 0 {
		out.CPUPerSend = float64(used.CPU.Microseconds()) / float64(acked)
	}
	out.Duplicates, out.Disorders = r.problems.duplicates, r.problems.disorders
	out.Broken, out.Problems = r.problems.count, r.problems.texts
	return out
}

// Print writes a table for people.
func (r *Result) Print(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	row := func(name, format string, args ...any) {
		_, _ = fmt.Fprintf(t, name+"\t"+format+"\n", args...) // tabwriter keeps an error for Flush
	}
	row("load", "%d connections of %d users in groups of %d, %.0f sends/s wanted", r.Connections, r.Users, r.GroupSize, r.WantedRate)
	row("acknowledged", "%.0f sends/s over %.1f s", r.AckedRate, r.Seconds)
	row("delivered", "%.0f messages/s", r.Deliveries)
	row("ack", "%s", r.Ack)
	row("delivery", "%s", r.Delivery)
	row("sends", "%d sent, %d refused, %d unanswered", r.Sent, r.Refused, r.Unanswered)
	row("invariants", "%d gaps, %d duplicates, %d out of order, %d complaints in all", r.Gaps, r.Duplicates, r.Disorders, r.Broken)
	if r.ServerMemory > 0 {
		row("server", "%.2f cores, %.0f µs a send, %.1f MB", r.ServerCPU, r.CPUPerSend, float64(r.ServerMemory)/(1<<20))
	}
	for _, p := range r.Problems {
		row("broken", "%s", p)
	}
	return t.Flush()
}

// Err tells whether an invariant was broken.
func (r *Result) Err() error {
	if r.Broken > 0 {
		return fmt.Errorf("%d complaints: the server does not keep its guarantees under this load", r.Broken)
	}
	return nil
}
