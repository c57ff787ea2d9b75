// Package assign decides which published track each receiving section (slot) of a leg carries: a pure function of who
// publishes, what the receiver wants to see, who speaks, and what the slots carried before.
//
// The rules, in order. A track gets a slot by priority while there are slots of its kind:
//
//   - audio: if there are slots for all, all; otherwise the loudest, then those who have a slot already, then the
//     order of joining; muted ones come last;
//   - video with a view: exactly the tiles, first ones first; nothing else;
//   - video without a view: screen shares, active speakers, those who have a slot already, the order of joining;
//     muted ones come last.
//
// A track that has a slot keeps that very slot: whoever joins or speaks takes the place of the least important, and
// nobody else moves.
package assign

import (
	"cmp"
	"slices"
)

// Kinds and sources, as in package sfu.
const (
	Audio  = "audio"
	Video  = "video"
	Screen = "screen"
)

// Track is something published in the room.
type Track struct {
	ID     string
	Leg    string
	Kind   string
	Source string
	Muted  bool
	Joined int // order of joining: smaller is earlier
}

// Slot is a receiving section and what it carries.
type Slot struct {
	MID   string
	Kind  string
	Track string // id; "" if nothing
}

// Tile is one picture that the receiver asks for.
type Tile struct {
	Leg    string
	Source string
}

// Input is everything that the decision depends on.
type Input struct {
	Self     string   // the receiving leg, which never receives itself
	Tracks   []Track  // of all legs
	Slots    []Slot   // with their previous tracks
	View     []Tile   // nil: no opinion; empty: show nothing
	Loudest  []string // ids of sounding tracks, loudest first
	Speakers []string // ids of legs, loudest first
}

// Wanted is how many slots of each kind all tracks would need.
type Wanted struct {
	Audio, Video int
}

// candidate is a track with its place in the queue for slots; smaller is earlier.
type candidate struct {
	track            Track
	class, rank, old int
}

const last = int(^uint(0) >> 1)

// Tracks returns the slots with what they shall carry, in the order of the input.
func Tracks(in Input) ([]Slot, Wanted) {
	out := slices.Clone(in.Slots)
	var wanted Wanted
	for _, t := range in.Tracks {
		switch {
		case t.Leg == in.Self:
		case t.Kind == Audio:
			wanted.Audio++
		case t.Kind == Video:
			wanted.Video++
		}
	}
	fill(out, Audio, queue(in, Audio))
	fill(out, Video, queue(in, Video))
	return out, wanted
}

func queue(in Input, kind string) []Track {
	var all []candidate
	for _, t := range in.Tracks {
		if t.Kind != kind || t.Leg == in.Self {
			continue
		}
		c := candidate{track: t, rank: last, old: 1}
		if slices.ContainsFunc(in.Slots, func(s Slot) bool { return s.Track == t.ID }) {
			c.old = 0
		}
		loud := slices.Index(in.Loudest, t.ID)
		if kind == Video {
			loud = slices.Index(in.Speakers, t.Leg)
		}
		switch {
		case kind == Video && in.View != nil:
			c.rank = slices.IndexFunc(in.View, func(v Tile) bool { return v.Leg == t.Leg && v.Source == t.Source })
			if c.rank < 0 {
				continue
			}
			c.old = 0 // the view alone decides
		case t.Muted:
			c.class = 3
		case kind == Video && t.Source == Screen:
			c.class = 0
		case loud >= 0:
			c.class, c.rank = 1, loud
		default:
			c.class = 2
		}
		all = append(all, c)
	}
	slices.SortStableFunc(all, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.class, b.class), cmp.Compare(a.rank, b.rank), cmp.Compare(a.old, b.old),
			cmp.Compare(a.track.Joined, b.track.Joined))
	})
	tracks := make([]Track, len(all))
	for i, c := range all {
		tracks[i] = c.track
	}
	return tracks
}

// fill gives the first of the queue to the slots of a kind, each to the slot that it had, else to a free one.
func fill(slots []Slot, kind string, queue []Track) {
	n := 0
	for _, s := range slots {
		if s.Kind == kind {
			n++
		}
	}
	queue = queue[:min(n, len(queue))]
	settled := make(map[string]bool, len(queue))
	for i := range slots {
		s := &slots[i]
		if s.Kind != kind || s.Track == "" {
			continue
		}
		id := s.Track
		if settled[id] || !slices.ContainsFunc(queue, func(t Track) bool { return t.ID == id }) {
			s.Track = ""
			continue
		}
		settled[id] = true
	}
	for _, t := range queue {
		if settled[t.ID] {
			continue
		}
		for i := range slots {
			if s := &slots[i]; s.Kind == kind && s.Track == "" {
				s.Track = t.ID
				settled[t.ID] = true
				break
			}
		}
	}
}
