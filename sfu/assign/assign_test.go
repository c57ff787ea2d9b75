package assign_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"confab/sfu/assign"
)

func camera(leg string, joined int) assign.Track {
	return assign.Track{ID: leg + "-cam", Leg: leg, Kind: assign.Video, Source: "camera", Joined: joined}
}

func microphone(leg string, joined int) assign.Track {
	return assign.Track{ID: leg + "-mic", Leg: leg, Kind: assign.Audio, Source: "microphone", Joined: joined}
}

func video(tracks ...string) []assign.Slot {
	out := make([]assign.Slot, len(tracks))
	for i, tr := range tracks {
		out[i] = assign.Slot{MID: fmt.Sprint(i), Kind: assign.Video, Track: tr}
	}
	return out
}

func carried(slots []assign.Slot) []string {
	var out []string
	for _, s := range slots {
		out = append(out, s.Track)
	}
	return out
}

func TestRules(t *testing.T) {
	t.Parallel()
	screen := assign.Track{ID: "s", Leg: "c", Kind: assign.Video, Source: assign.Screen, Joined: 3}
	muted := camera("a", 1)
	muted.Muted = true
	for name, c := range map[string]struct {
		in   assign.Input
		want []string
	}{
		"nobody receives themselves": {
			assign.Input{Self: "a", Tracks: []assign.Track{camera("a", 1)}, Slots: video("")}, []string{""}},
		"a call of two": {
			assign.Input{Self: "a", Tracks: []assign.Track{camera("a", 1), camera("b", 2)}, Slots: video("")}, []string{"b-cam"}},
		"order of joining": {
			assign.Input{Tracks: []assign.Track{camera("b", 2), camera("a", 1)}, Slots: video("")}, []string{"a-cam"}},
		"who joins moves nobody": {
			assign.Input{Tracks: []assign.Track{camera("a", 1), camera("b", 2), camera("c", 3)}, Slots: video("b-cam", "a-cam")},
			[]string{"b-cam", "a-cam"}},
		"who leaves makes room": {
			assign.Input{Tracks: []assign.Track{camera("a", 1), camera("c", 3)}, Slots: video("b-cam", "a-cam")},
			[]string{"c-cam", "a-cam"}},
		"one slot follows the speaker": {
			assign.Input{Tracks: []assign.Track{camera("a", 1), camera("b", 2)}, Slots: video("a-cam"), Speakers: []string{"b"}},
			[]string{"b-cam"}},
		"and stays when the speaker stops": {
			assign.Input{Tracks: []assign.Track{camera("a", 1), camera("b", 2)}, Slots: video("b-cam")}, []string{"b-cam"}},
		"a speaker takes the last place": {
			assign.Input{Tracks: []assign.Track{camera("a", 1), camera("b", 2), camera("c", 3)}, Slots: video("a-cam", "b-cam"), Speakers: []string{"c"}},
			[]string{"a-cam", "c-cam"}},
		"screens come first": {
			assign.Input{Tracks: []assign.Track{camera("a", 1), screen}, Slots: video("a-cam"), Speakers: []string{"a"}}, []string{"s"}},
		"muted ones last": {
			assign.Input{Tracks: []assign.Track{muted, camera("b", 2)}, Slots: video("a-cam")}, []string{"b-cam"}},
		"but they keep a free slot": {
			assign.Input{Tracks: []assign.Track{muted, camera("b", 2)}, Slots: video("a-cam", "")}, []string{"a-cam", "b-cam"}},
		"the view decides": {
			assign.Input{Tracks: []assign.Track{camera("a", 1), camera("b", 2), screen}, Slots: video("a-cam", ""),
				View: []assign.Tile{{Leg: "b", Source: "camera"}}, Speakers: []string{"a"}},
			[]string{"b-cam", ""}},
		"an empty view shows nothing": {
			assign.Input{Tracks: []assign.Track{camera("a", 1)}, Slots: video("a-cam"), View: []assign.Tile{}}, []string{""}},
	} {
		got, _ := assign.Tracks(c.in)
		if !slices.Equal(carried(got), c.want) {
			t.Errorf("%s: %q, want %q", name, carried(got), c.want)
		}
	}
}

func TestTheLoudestAreHeard(t *testing.T) {
	t.Parallel()
	in := assign.Input{Self: "me", Loudest: []string{"d-sound", "c-mic"}, Speakers: []string{"c"}}
	for i, leg := range []string{"a", "b", "c", "d"} {
		in.Tracks = append(in.Tracks, microphone(leg, i))
	}
	in.Tracks = append(in.Tracks, assign.Track{ID: "d-sound", Leg: "d", Kind: assign.Audio, Source: "screen-audio", Joined: 5})
	in.Slots = []assign.Slot{{MID: "0", Kind: assign.Audio, Track: "a-mic"}, {MID: "1", Kind: assign.Audio, Track: "c-mic"}}
	got, wanted := assign.Tracks(in)
	if !slices.Equal(carried(got), []string{"d-sound", "c-mic"}) {
		t.Errorf("heard: %q", carried(got))
	}
	if wanted != (assign.Wanted{Audio: 5}) {
		t.Errorf("wanted %+v", wanted)
	}
}

// TestProperties checks what must hold of every decision, over random rooms.
func TestProperties(t *testing.T) {
	t.Parallel()
	for seed := range uint64(2000) {
		r := rand.New(rand.NewPCG(seed, 4))
		in := assign.Input{Self: "leg0"}
		for i := range r.IntN(12) {
			leg := fmt.Sprint("leg", i)
			for _, tr := range []assign.Track{camera(leg, i), microphone(leg, i)} {
				tr.Muted = r.IntN(4) == 0
				if r.IntN(5) > 0 {
					in.Tracks = append(in.Tracks, tr)
				}
			}
			if r.IntN(3) == 0 {
				in.Speakers = append(in.Speakers, leg)
				in.Loudest = append(in.Loudest, microphone(leg, i).ID)
			}
		}
		for i := range r.IntN(8) {
			s := assign.Slot{MID: fmt.Sprint(i), Kind: []string{assign.Audio, assign.Video}[r.IntN(2)]}
			if r.IntN(2) == 0 && len(in.Tracks) > 0 {
				s.Track = in.Tracks[r.IntN(len(in.Tracks))].ID
			}
			in.Slots = append(in.Slots, s)
		}
		got, wanted := assign.Tracks(in)
		check(t, seed, in, got, wanted)
		in.Slots = got
		again, _ := assign.Tracks(in)
		if !slices.Equal(again, got) {
			t.Fatalf("seed %d: decided again with the same facts, %q becomes %q", seed, carried(got), carried(again))
		}
	}
}

func check(t *testing.T, seed uint64, in assign.Input, got []assign.Slot, wanted assign.Wanted) {
	t.Helper()
	used := map[string]bool{}
	slots, filled, candidates := map[string]int{}, map[string]int{}, map[string]int{}
	for _, tr := range in.Tracks {
		if tr.Leg != in.Self {
			candidates[tr.Kind]++
		}
	}
	for i, s := range got {
		if s.MID != in.Slots[i].MID || s.Kind != in.Slots[i].Kind {
			t.Fatalf("seed %d: slot %d changed its identity", seed, i)
		}
		slots[s.Kind]++
		if s.Track == "" {
			continue
		}
		filled[s.Kind]++
		if used[s.Track] {
			t.Fatalf("seed %d: %s twice", seed, s.Track)
		}
		used[s.Track] = true
		at := slices.IndexFunc(in.Tracks, func(tr assign.Track) bool { return tr.ID == s.Track })
		if at < 0 || in.Tracks[at].Kind != s.Kind || in.Tracks[at].Leg == in.Self {
			t.Fatalf("seed %d: slot %d carries %q", seed, i, s.Track)
		}
		// Whoever had a slot and still has one, has the same.
		for j, was := range in.Slots {
			first := slices.IndexFunc(in.Slots, func(o assign.Slot) bool { return o.Track == s.Track && o.Kind == s.Kind })
			if was.Track == s.Track && was.Kind == s.Kind && j != i && first == j {
				t.Fatalf("seed %d: %s moved from slot %d to %d", seed, s.Track, j, i)
			}
		}
	}
	for _, kind := range []string{assign.Audio, assign.Video} {
		if filled[kind] != min(slots[kind], candidates[kind]) {
			t.Fatalf("seed %d: %d of %d %s slots filled with %d candidates", seed, filled[kind], slots[kind], kind, candidates[kind])
		}
	}
	if wanted.Audio != candidates[assign.Audio] || wanted.Video != candidates[assign.Video] {
		t.Fatalf("seed %d: wanted %+v, candidates %v", seed, wanted, candidates)
	}
}

func BenchmarkHundredPeople(b *testing.B) {
	in := assign.Input{Self: "leg0"}
	for i := range 100 {
		leg := fmt.Sprint("leg", i)
		in.Tracks = append(in.Tracks, camera(leg, i), microphone(leg, i))
	}
	for i := range 12 {
		in.Slots = append(in.Slots, assign.Slot{MID: fmt.Sprint(i), Kind: []string{assign.Audio, assign.Video, assign.Video}[i%3]})
	}
	b.ReportAllocs()
	for b.Loop() {
		in.Slots, _ = assign.Tracks(in)
	}
}
