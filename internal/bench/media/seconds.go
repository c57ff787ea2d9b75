package media

import (
	"sync"
	"time"

	"confab/internal/bench/target"
)

// Second is one second of a run. A machine that others share has fast and slow ones.
type Second struct {
	CPU     float64        `json:"serverCPUCores,omitempty"`
	Latency target.Latency `json:"latency"`
}

// delays gathers how long packets took, by the second in which they came. The zero value gathers nothing until begin.
type delays struct {
	mu      sync.Mutex
	from    time.Time           // zero before begin; owned by mu
	seconds []*target.Histogram // owned by mu
}

// begin starts the first of n seconds.
func (d *delays) begin(from time.Time, n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.from, d.seconds = from, make([]*target.Histogram, n)
	for i := range d.seconds {
		d.seconds[i] = target.NewHistogram()
	}
}

// add counts a packet; one that comes after the last second belongs to it.
func (d *delays) add(at time.Time, took time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.seconds) > 0 {
		second := int(max(0, at.Sub(d.from)) / time.Second)
		d.seconds[min(second, len(d.seconds)-1)].Add(took)
	}
}

// result returns what all seconds came to, and each.
func (d *delays) result() (target.Latency, []target.Latency) {
	d.mu.Lock()
	defer d.mu.Unlock()
	all, each := target.NewHistogram(), make([]target.Latency, len(d.seconds))
	for i, s := range d.seconds {
		all.Merge(s)
		each[i] = s.Latency()
	}
	return all.Latency(), each
}
