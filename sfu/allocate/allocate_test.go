package allocate_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"confab/sfu/allocate"
)

var three = []allocate.Layer{{180, 150_000}, {360, 500_000}, {720, 1_700_000}}

func tile(height int) allocate.Video { return allocate.Video{Height: height, Layers: three} }

func layers(choices []allocate.Choice) []int {
	var out []int
	for _, c := range choices {
		out = append(out, c.Layer)
	}
	return out
}

func TestChoices(t *testing.T) {
	t.Parallel()
	sticky := tile(720)
	sticky.Now = allocate.Choice{Layer: 2, Temporal: allocate.AllTemporal}
	off := allocate.Video{Height: 720, Layers: []allocate.Layer{{0, 0}, {0, 0}, {0, 0}}}
	for name, c := range map[string]struct {
		videos []allocate.Video
		budget int64
		want   []int
	}{
		"nothing known, by size":        {[]allocate.Video{tile(720), tile(360), tile(120), tile(0)}, 0, []int{2, 1, 0, 2}},
		"a little smaller will do":      {[]allocate.Video{tile(400), tile(200)}, 0, []int{1, 0}},
		"larger than the largest":       {[]allocate.Video{tile(2000)}, 0, []int{2}},
		"the example":                   {[]allocate.Video{tile(360), tile(360)}, 800_000, []int{1, 0}},
		"plenty":                        {[]allocate.Video{tile(720), tile(720)}, 10_000_000, []int{2, 2}},
		"not even all the smallest":     {[]allocate.Video{tile(720), tile(720), tile(720)}, 350_000, []int{0, 0, allocate.None}},
		"the first is never held back":  {[]allocate.Video{tile(720), tile(720)}, 50_000, []int{0, allocate.None}},
		"a step up wants some to spare": {[]allocate.Video{tile(720)}, 1_750_000, []int{1}},
		"but is kept without":           {[]allocate.Video{sticky}, 1_750_000, []int{2}},
		"a step down is taken at once":  {[]allocate.Video{sticky}, 1_650_000, []int{1}},
		"livelier times do not bar the way": {[]allocate.Video{{Height: 720, Layers: []allocate.Layer{{180, 113_000}, {360, 0}, {720, 300_000}}}},
			400_000, []int{2}},
		"layers that are off are guessed": {[]allocate.Video{off}, 10_000_000, []int{2}},
		"no layers yet":                   {[]allocate.Video{{Height: 720}}, 1_000_000, []int{allocate.None}},
	} {
		if got := layers(allocate.Choose(c.videos, c.budget)); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestTemporalLayersGoFirst(t *testing.T) {
	t.Parallel()
	v := allocate.Video{Height: 720, Layers: []allocate.Layer{{720, 1_000_000}}, Temporal: 3}
	for budget, want := range map[int64]allocate.Choice{
		2_000_000: {Layer: 0, Temporal: allocate.AllTemporal},
		800_000:   {Layer: 0, Temporal: 1},
		500_000:   {Layer: 0, Temporal: 0},
		300_000:   {Layer: 0, Temporal: 0},
	} {
		if got := allocate.Choose([]allocate.Video{v}, budget)[0]; got != want {
			t.Errorf("at %d: %+v, want %+v", budget, got, want)
		}
	}
}

func TestProperties(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3000) {
		r := rand.New(rand.NewPCG(seed, 7))
		videos := make([]allocate.Video, r.IntN(10))
		for i := range videos {
			videos[i] = tile(r.IntN(1000))
			videos[i].Layers = videos[i].Layers[:1+r.IntN(3)]
			videos[i].Temporal = r.IntN(4)
			videos[i].Now = allocate.Choice{Layer: r.IntN(4) - 1, Temporal: r.IntN(3)}
		}
		budget := int64(1 + r.IntN(6_000_000))
		got := allocate.Choose(videos, budget)
		used := int64(0)
		for i, c := range got {
			used += videos[i].Cost(c)
			if c.Layer > videos[i].Ideal() {
				t.Fatalf("seed %d: video %d gets layer %d, deserves %d", seed, i, c.Layer, videos[i].Ideal())
			}
			videos[i].Now = c
		}
		if used > budget && !slices.Equal(got[1:], held(len(got)-1)) {
			t.Fatalf("seed %d: %d of %d used, and not by the first alone: %v", seed, used, budget, got)
		}
		// What was chosen stays chosen, while nothing changes.
		if again := allocate.Choose(videos, budget); !notBelow(again, got) {
			t.Fatalf("seed %d: %v becomes %v", seed, got, again)
		}
		// More bandwidth never makes the most important one worse.
		if more := allocate.Choose(videos, budget*2); len(more) > 0 && more[0].Layer < got[0].Layer {
			t.Fatalf("seed %d: with twice the bandwidth %v becomes %v", seed, got, more)
		}
	}
}

// held is the choice for n videos that are all held back.
func held(n int) []allocate.Choice {
	return slices.Repeat([]allocate.Choice{{Layer: allocate.None}}, n)
}

func notBelow(a, b []allocate.Choice) bool {
	for i := range a {
		if a[i].Layer < b[i].Layer {
			return false
		}
	}
	return true
}

func BenchmarkChoose(b *testing.B) {
	videos := make([]allocate.Video, 16)
	for i := range videos {
		videos[i] = tile(180 + 60*i)
	}
	b.ReportAllocs()
	for b.Loop() {
		allocate.Choose(videos, 4_000_000)
	}
}
