package target

import (
	"fmt"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Histogram counts durations from 1 µs to a minute with three significant digits. It is not safe for concurrent use.
type Histogram struct{ h *hdrhistogram.Histogram }

const longest = time.Minute

// NewHistogram makes an empty one, of some 200 KB.
func NewHistogram() *Histogram {
	return &Histogram{hdrhistogram.New(1, longest.Microseconds(), 3)}
}

// Add counts d; what is out of range counts as the nearest that is not.
func (h *Histogram) Add(d time.Duration) {
	_ = h.h.RecordValue(min(max(d, time.Microsecond), longest).Microseconds()) // in range, so there is no error
}

// Merge counts what another one has.
func (h *Histogram) Merge(other *Histogram) { h.h.Merge(other.h) }

// Latency is what a histogram says, in milliseconds.
type Latency struct {
	Count int64   `json:"count"`
	P50   float64 `json:"p50Ms"`
	P95   float64 `json:"p95Ms"`
	P99   float64 `json:"p99Ms"`
	P999  float64 `json:"p999Ms"`
	Max   float64 `json:"maxMs"`
}

// Latency summarises.
func (h *Histogram) Latency() Latency {
	at := func(p float64) float64 { return float64(h.h.ValueAtPercentile(p)) / 1000 }
	return Latency{h.h.TotalCount(), at(50), at(95), at(99), at(99.9), float64(h.h.Max()) / 1000}
}

// String is for tables.
func (l Latency) String() string {
	if l.Count == 0 {
		return "nothing measured"
	}
	return fmt.Sprintf("p50 %.2f  p95 %.2f  p99 %.2f  p99.9 %.2f  max %.2f ms", l.P50, l.P95, l.P99, l.P999, l.Max)
}
