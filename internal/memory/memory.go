// Package memory keeps the process small between its bursts.
//
// Go's collector waits until the heap has grown by what lives in it (GOGC), and keeps the room of the largest heap that it has
// seen lately. That suits a process that allocates all the time, and a burst of joins in this one: collecting more often
// would make them wait. But a call is set up with some hundred kilobytes of descriptions, handshakes and grown stacks for each
// person, and then forwards for an hour hardly allocating, and all the while what the setup left would stay in memory. So,
// once allocation has calmed down, garbage is collected and free pages are given back to the system.
package memory

import (
	"context"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	// Period is how often a Keeper wants to look.
	Period = time.Second
	// pause is the least time between two collections of a Keeper's, each of which costs some 2 ms of a core for a megabyte
	// that lives: 0.3 % of a core for a call of 50.
	pause = 10 * time.Second
	// worthwhile is what has to be gained, in bytes, at the least; and a quarter of what lives.
	worthwhile = 2 << 20
	// calm is how much a process that is not busy may allocate between two looks, in bytes, or an eighth of what lives. One
	// that allocates more would have filled what it gave back before long.
	calm = 1 << 20
)

// usage is what the heap consists of, in bytes.
type usage struct {
	objects   uint64 // alive, and garbage that is not collected yet
	live      uint64 // what the last collection found alive
	free      uint64 // pages that hold nothing and were not given back
	allocated uint64 // since the process began
}

// gain is what a collection would give back at the most.
func (u usage) gain() uint64 { return u.objects - min(u.live, u.objects) + u.free }

// Keeper decides when the process has come to rest. It belongs to the goroutine of Run.
type Keeper struct {
	samples []metrics.Sample
	last    usage
	done    time.Time // when it last collected
}

// New makes a Keeper.
func New() *Keeper {
	names := []string{
		"/memory/classes/heap/objects:bytes", "/gc/heap/live:bytes", "/memory/classes/heap/free:bytes", "/gc/heap/allocs:bytes",
	}
	k := &Keeper{samples: make([]metrics.Sample, len(names))}
	for i, n := range names {
		k.samples[i].Name = n
	}
	return k
}

// Run looks whenever tick brings the time, until ctx is done.
func (k *Keeper) Run(ctx context.Context, tick <-chan time.Time) {
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick:
			if k.due(k.read(), now) {
				release()
			}
		}
	}
}

func (k *Keeper) read() usage {
	metrics.Read(k.samples)
	return usage{
		objects: k.samples[0].Value.Uint64(), live: k.samples[1].Value.Uint64(),
		free: k.samples[2].Value.Uint64(), allocated: k.samples[3].Value.Uint64(),
	}
}

// due tells whether the process is at rest, and has something to give back.
func (k *Keeper) due(u usage, now time.Time) bool {
	resting := u.allocated-k.last.allocated < max(calm, u.live/8)
	k.last = u
	if !resting || u.gain() < max(worthwhile, u.live/4) || now.Sub(k.done) < pause {
		return false
	}
	k.done = now
	return true
}

// release collects and gives back. It takes two collections until what lies in a sync.Pool is free, and each halves stacks
// that are mostly empty.
func release() {
	runtime.GC()
	debug.FreeOSMemory()
}
