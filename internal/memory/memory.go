// Package memory keeps the process small between its bursts, and has bursts wait little for the collector.
//
// Go's collector begins when the heap has grown by what lives in it (GOGC), and then keeps the room of the largest heap that it
// has seen lately. Neither suits a server of calls. What lives is some ten megabytes, so that fifty people who join at once, with
// some hundred kilobytes of descriptions, handshakes and grown stacks each, wait for one collection after the other; and
// afterwards, when media is forwarded for an hour hardly allocating anything, what the joining left would stay in memory for
// that hour. So a small heap may grow by a fixed amount first; and once allocation has calmed down and the processors are mostly
// idle, garbage is collected and free pages are given back to the system, all but a reserve in which the next burst begins: a
// page that the process does not have costs a fault, and faults were a sixth of the CPU that fifty joins took. A busy process
// keeps its memory: to collect and to give back would be felt in the packets that it forwards.
package memory

import (
	"context"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"syscall"
	"time"
)

const (
	// Period is how often a Keeper wants to look.
	Period = time.Second
	// pause is the least time between two collections of a Keeper's, each of which costs some 2 ms of a core for a megabyte
	// that lives: half a percent of a core for a call of 50 that allocates without pause, and nothing for one that does not.
	pause = 5 * time.Second
	// worthwhile is what has to be gained, in bytes, at the least; and a quarter of what lives.
	worthwhile = 2 << 20
	// idle is the part of its processors that a process must leave unused to count as one at rest.
	idle = 0.75
	// calm is how much a process that is not busy may allocate between two looks, in bytes, or an eighth of what lives. One
	// that allocates more would have filled what it gave back before long.
	calm = 1 << 20
	// headroom is how much a busy heap may grow before it is collected, in bytes, where what lives is less. Fifty joins take 25
	// MB, so that they wait for two collections or three. With more room they wait for none, but what lives is then mixed with
	// garbage over twice the pages, which cannot be given back afterwards: with 32 MB a leg of that call took 320 KB, with 8 MB
	// 265 KB.
	headroom = 8 << 20
	// reserve is how many bytes of free pages are kept: most of what fifty joins fill.
	reserve = 16 << 20
	// ordinary is Go's own GOGC, which holds for what lives beyond headroom.
	ordinary = 100
)

// usage is what the heap consists of, in bytes, and what the process has used.
type usage struct {
	objects   uint64        // alive, and garbage that is not collected yet
	live      uint64        // what the last collection found alive
	free      uint64        // pages that hold nothing and were not given back
	allocated uint64        // since the process began
	cpu       time.Duration // since then
}

// gain is what a collection would give back at the most, beside the reserve.
func (u usage) gain() uint64 {
	spare := u.objects - min(u.live, u.objects) + u.free
	return spare - min(reserve, spare)
}

// percent is the GOGC that gives the heap its headroom.
func (u usage) percent() int {
	const least = 1 << 20 // nothing may have been collected yet
	return max(ordinary, int(ordinary*headroom/max(u.live, least)))
}

// Keeper decides when the process has come to rest, and how much its heap may grow until then. It belongs to the goroutine of
// Run.
type Keeper struct {
	samples []metrics.Sample
	last    usage
	seen    time.Time // when that was
	done    time.Time // when it last collected
	percent int       // that is set; 0: none
	fixed   bool      // the operator has said how the collector should work
}

// New makes a Keeper. A GOGC in the environment is left as it is. A GOMEMLIMIT bounds the heap in any case.
func New() *Keeper {
	names := []string{
		"/memory/classes/heap/objects:bytes", "/gc/heap/live:bytes", "/memory/classes/heap/free:bytes", "/gc/heap/allocs:bytes",
	}
	k := &Keeper{samples: make([]metrics.Sample, len(names)), fixed: os.Getenv("GOGC") != ""}
	for i, n := range names {
		k.samples[i].Name = n
	}
	return k
}

// Run looks whenever tick brings the time, until ctx is done.
func (k *Keeper) Run(ctx context.Context, tick <-chan time.Time) {
	putBy()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick:
			u := k.read()
			if k.due(u, now) {
				release()
				u = k.read()
			}
			if p, changed := k.adapt(u); changed {
				debug.SetGCPercent(p)
			}
		}
	}
}

func (k *Keeper) read() usage {
	metrics.Read(k.samples)
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		panic(err) // what is asked for is known to every system
	}
	return usage{
		cpu:     time.Duration(used.Utime.Nano() + used.Stime.Nano()),
		objects: k.samples[0].Value.Uint64(), live: k.samples[1].Value.Uint64(),
		free: k.samples[2].Value.Uint64(), allocated: k.samples[3].Value.Uint64(),
	}
}

// due tells whether the process is at rest, and has something to give back.
func (k *Keeper) due(u usage, now time.Time) bool {
	busy := time.Duration((1 - idle) * float64(now.Sub(k.seen)) * float64(runtime.GOMAXPROCS(0)))
	resting := u.allocated-k.last.allocated < max(calm, u.live/8) && u.cpu-k.last.cpu <= busy
	k.last, k.seen = u, now
	if !resting || u.gain() < max(worthwhile, u.live/4) || now.Sub(k.done) < pause {
		return false
	}
	k.done = now
	return true
}

// adapt returns the GOGC to be set, and whether it differs by so much that it is worth setting, which stops the world for some
// microseconds.
func (k *Keeper) adapt(u usage) (percent int, changed bool) {
	p := u.percent()
	if k.fixed || p == k.percent || k.percent != 0 && p != ordinary && max(p, k.percent)*4 < min(p, k.percent)*5 {
		return k.percent, false
	}
	k.percent = p
	return p, true
}

// release collects, gives back and puts by. It takes two collections until what lies in a sync.Pool is free, and each halves
// stacks that are mostly empty. Giving back takes a processor for a millisecond per megabyte, and nothing can interrupt it: where
// there is but one, it is left to Go, which does it bit by bit and later.
func release() {
	runtime.GC()
	if runtime.GOMAXPROCS(0) == 1 {
		runtime.GC()
		return
	}
	debug.FreeOSMemory()
	putBy()
}

// putBy has the heap own the reserve: pages that were written to, and that a collection finds free.
func putBy() {
	pages := make([]byte, reserve)
	for i := 0; i < len(pages); i += os.Getpagesize() {
		pages[i] = 1
	}
	runtime.KeepAlive(pages)
	runtime.GC()
}
