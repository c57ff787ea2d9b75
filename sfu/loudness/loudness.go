// Package loudness tells who is speaking from the audio levels that senders put into RTP header extensions (RFC 6464):
// without decoding anything, and steadily enough that pictures do not jump at every cough.
//
// A Meter smooths one microphone. A level counts as speech above a threshold; how much of a sliding window was speech
// decides whether it is talk or a knock on the table; the result rises quickly (attack) and falls slowly (decay). Rank
// orders microphones with hysteresis: who is among the loudest stays there until somebody is clearly louder.
//
// Times are passed in. A Meter belongs to the goroutine that feeds it; Level may be read by others.
package loudness

import (
	"cmp"
	"math"
	"slices"
	"sync/atomic"
	"time"
)

const (
	// silence is the level, in -dBov (0 is loudest, 127 silent), from which on a packet is no speech.
	silence = 50
	// loudest is the level at and above which speech counts as full.
	loudest = 10
	// window is the time over which speech must persist, in slices of sliceLen.
	sliceLen     = 50 * time.Millisecond
	windowSlices = 8
	// minActive of the window's slices must hold speech, so that a click (one or two packets) does not count.
	minActive = 3
	// attack and decay are the times in which the smoothed level closes 63 % of its distance to the present one.
	attack = 80 * time.Millisecond
	decay  = 600 * time.Millisecond
	// margin is how much louder than an incumbent a challenger has to be to take a place.
	margin = 0.15
	// audible is the smoothed level below which nobody speaks.
	audible = 0.02
)

// Meter smooths the levels of one microphone. The zero value is ready.
type Meter struct {
	slices   [windowSlices]float64 // loudest speech of each slice, ring
	at       int64                 // index of the newest slice since the beginning of time
	smoothed float64
	updated  time.Time

	published atomic.Uint64 // smoothed, as float bits
	heard     atomic.Int64  // time of the newest packet, Unix nanoseconds
}

// Observe takes the level of one packet, 0 (loudest) to 127 in -dBov; the top bit (voice activity flag) is ignored.
func (m *Meter) Observe(level uint8, now time.Time) {
	level &= 0x7F
	loud := 0.0
	if level < silence {
		loud = min(1, float64(silence-level)/(silence-loudest))
	}
	slice := now.UnixNano() / int64(sliceLen)
	for i := max(m.at+1, slice-windowSlices+1); i <= slice; i++ {
		m.slices[i%windowSlices] = 0
	}
	m.at = max(m.at, slice)
	here := &m.slices[m.at%windowSlices]
	*here = max(*here, loud)

	active, sum := 0, 0.0
	for _, s := range m.slices {
		if s > 0 {
			active++
			sum += s
		}
	}
	target := 0.0
	if active >= minActive {
		target = sum / float64(active)
	}
	m.smoothed = approach(m.smoothed, target, now.Sub(m.updated))
	m.updated = now
	m.published.Store(math.Float64bits(m.smoothed))
	m.heard.Store(now.UnixNano())
}

// Level returns the smoothed level, 0 to 1. It falls while no packets come, as when a sender is silent (DTX) or gone.
func (m *Meter) Level(now time.Time) float64 {
	level := math.Float64frombits(m.published.Load())
	if quiet := time.Duration(now.UnixNano() - m.heard.Load()); quiet > sliceLen {
		level = approach(level, 0, quiet-sliceLen)
	}
	if level < audible {
		return 0
	}
	return level
}

func approach(from, to float64, d time.Duration) float64 {
	constant := decay
	if to > from {
		constant = attack
	}
	return to + (from-to)*math.Exp(-float64(max(d, 0))/float64(constant))
}

// Entry is one track in a ranking.
type Entry struct {
	ID    string
	Level float64
}

// Rank orders those who are audible, loudest first. Those of the previous ranking are taken as louder than they are by
// a margin, so that places change only when somebody is clearly louder. Equal ones keep their previous order, then
// that of their ids.
func Rank(previous []string, now []Entry) []Entry {
	place := func(id string) int {
		if i := slices.Index(previous, id); i >= 0 {
			return i
		}
		return len(previous)
	}
	type ranked struct {
		Entry
		weight float64
		place  int
	}
	all := make([]ranked, 0, len(now))
	for _, e := range now {
		if e.Level < audible {
			continue
		}
		r := ranked{e, e.Level, place(e.ID)}
		// Each place ahead is worth a little, so that neighbours do not swap at every breath either.
		if r.place < len(previous) {
			r.weight += margin * (1 + float64(len(previous)-r.place)/float64(len(previous)))
		}
		all = append(all, r)
	}
	slices.SortFunc(all, func(a, b ranked) int {
		return cmp.Or(cmp.Compare(b.weight, a.weight), cmp.Compare(a.place, b.place), cmp.Compare(a.ID, b.ID))
	})
	out := make([]Entry, len(all))
	for i, r := range all {
		out[i] = r.Entry
	}
	return out
}
