package media

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"confab/internal/bench/target"
)

// Result is what came of a run.
type Result struct {
	Kind       Kind    `json:"kind"`
	Publishers int     `json:"publishers"`
	Quiet      int     `json:"quiet,omitempty"`
	Receivers  int     `json:"receivers"`
	Deaf       int     `json:"deaf,omitempty"` // further ones, who received and did not listen
	Legs       int     `json:"legs"`
	Size       int     `json:"packetBytes"`
	Rate       int     `json:"packetsPerSecond"`
	Seconds    float64 `json:"seconds"`

	Sent       int64   `json:"sent"`
	Due        int64   `json:"due"` // what receivers' slots could carry of it
	Received   int64   `json:"received"`
	Lost       int64   `json:"lost"`
	Duplicated int64   `json:"duplicated"`
	Streams    float64 `json:"streamsPerReceiver"`

	Latency target.Latency `json:"latency"`
	By      []Second       `json:"bySecond"`
	Join    target.Latency `json:"join"`

	CPU          float64 `json:"serverCPUCores,omitempty"`
	CPUPerJoin   float64 `json:"serverCPUMillisPerJoin,omitempty"`
	CPUPerPacket float64 `json:"serverCPUMicrosPerPacket,omitempty"`
	MemoryPerLeg float64 `json:"serverMemoryPerLegBytes,omitempty"`
	ClientCPU    float64 `json:"clientCPUCores"` // of this program: near one a core that it may use, the figures are its own
}

// spent is what a run took.
type spent struct {
	joining        time.Duration // of the server's CPU, while all joined
	server, client time.Duration // of each one's CPU, while measuring
	memory         int64         // what the server grew by
	cores          []float64     // of the server's CPU, in each second of measuring
}

func (r *run) result(took time.Duration, used spent) *Result {
	out := &Result{
		Kind: r.Kind, Publishers: r.Publishers, Quiet: r.Quiet, Deaf: r.Deaf, Legs: len(r.legs), Size: r.Size, Rate: r.Rate,
		Seconds: took.Seconds(),
	}
	for _, l := range r.legs[:r.Publishers] {
		out.Sent += l.source.sent.Load()
	}
	for i, l := range r.legs {
		if l.slots == 0 || r.deaf(i) {
			continue
		}
		out.Receivers++
		heard := r.heardBy(i)
		if heard > 0 {
			out.Due += out.Sent / int64(r.Publishers) * int64(min(l.slots, heard))
		}
		l.in.mu.Lock()
		out.Received += l.in.received
		out.Lost += l.in.lost
		out.Duplicated += l.in.duplicates
		l.in.mu.Unlock()
	}
	all, each := r.delays.result()
	out.Latency = all
	for i, l := range each {
		out.By = append(out.By, Second{used.cores[i], l})
	}
	r.mu.Lock()
	out.Join = r.joins.Latency()
	r.mu.Unlock()
	out.Streams = float64(out.Received) / (took.Seconds() * float64(r.Rate) * float64(max(out.Receivers, 1)))
	out.ClientCPU = used.client.Seconds() / took.Seconds()
	if r.PID != 0 {
		out.CPU = used.server.Seconds() / took.Seconds()
		out.CPUPerJoin = float64(used.joining.Microseconds()) / 1000 / float64(len(r.legs))
		if r.Deaf == 0 { // nobody counts what they are sent
			out.CPUPerPacket = float64(used.server.Microseconds()) / float64(max(out.Received, 1))
		}
		out.MemoryPerLeg = float64(used.memory) / float64(len(r.legs))
	}
	return out
}

// Print writes a table for people.
func (r *Result) Print(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	row := func(name, format string, args ...any) {
		_, _ = fmt.Fprintf(t, name+"\t"+format+"\n", args...) // tabwriter keeps an error for Flush
	}
	row("load", "%s, %d publishers of %d × %d B/s, %d quiet, %d receivers and %d deaf ones, %.1f s",
		r.Kind, r.Publishers, r.Rate, r.Size, r.Quiet, r.Receivers, r.Deaf, r.Seconds)
	row("packets", "%d sent, %d due, %d received, %d lost, %d duplicated", r.Sent, r.Due, r.Received, r.Lost, r.Duplicated)
	row("forwarded", "%.0f packets/s, %.2f streams a receiver", float64(r.Received)/r.Seconds, r.Streams)
	row("latency", "%s", r.Latency)
	row("join", "%s", r.Join)
	if r.CPU > 0 {
		for i, s := range r.By {
			row(fmt.Sprintf("second %d", i+1), "p99 %.2f ms, the server at %.2f cores", s.Latency.P99, s.CPU)
		}
		row("server", "%.2f cores, %.2f µs a forwarded packet, %.0f KB a leg, %.1f ms a join",
			r.CPU, r.CPUPerPacket, r.MemoryPerLeg/1024, r.CPUPerJoin)
	}
	row("client", "%.2f cores", r.ClientCPU)
	return t.Flush()
}

// Err tells whether packets came twice, or none came at all.
func (r *Result) Err() error {
	switch {
	case r.Duplicated > 0:
		return fmt.Errorf("%d packets came twice", r.Duplicated)
	case r.Received == 0:
		return fmt.Errorf("nothing of %d packets was received", r.Sent)
	}
	return nil
}
