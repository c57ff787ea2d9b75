// Package allocate chooses which quality of each video a receiver gets: a pure function of the size in which it shows the
// video, the layers that there are and what they cost, the bandwidth at hand, and the choice before.
//
// A video's options are its simulcast (or spatial) layers and, below the cheapest, its temporal layers. Nothing larger than
// the tile is chosen. When bandwidth does not suffice for all, the first videos are served first: every one gets its
// cheapest option in order of importance, then the steps up are taken in turns, again the most important first. Steps up
// want some bandwidth to spare, so that a choice at the edge does not flip back and forth; steps down are taken at once.
//
// For example, two tiles of 360 lines, layers of 180, 360 and 720 lines at 150, 500 and 1,700 kbit/s, 800 kbit/s at hand:
// both get 180 lines (300), the first goes up to 360 (650), the second cannot (1,000).
package allocate

// Layer is one simulcast or spatial layer.
type Layer struct {
	Height     int   // lines of the picture; 0 if unknown
	BitsPerSec int64 // what it costs; 0 if unknown, as for a layer that is switched off
}

// Video is what one slot could show.
type Video struct {
	Height   int // of the tile, in lines; 0 if unknown, which is taken for large
	Layers   []Layer
	Temporal int // number of temporal layers in each; 0 and 1 mean none that can be left out
	Now      Choice
}

// Choice is what a slot shall carry.
type Choice struct {
	Layer    int // index; None if there is no bandwidth for the video at all
	Temporal int // highest temporal layer to send
}

// None is the layer of a video that is held back.
const None = -1

// AllTemporal is a temporal layer above all.
const AllTemporal = 7

const (
	// spare is the share of bandwidth that has to be left over after a step up.
	spare = 0.10
	// enough is the share of the tile's lines that a layer must have to be good enough: a little upscaling is not seen,
	// but costs a third of the bits.
	enough = 0.75
	// defaultRate is what a line of picture is taken to cost while nothing is measured: 720 lines at 1.8 Mbit/s,
	// falling with the square as the area does.
	defaultRate = 3.5
	// defaultHeight is the largest layer's while unknown; each below has half.
	defaultHeight = 720
)

// Cost returns what a choice for a video costs, in bits per second.
func (v Video) Cost(c Choice) int64 {
	if c.Layer == None {
		return 0
	}
	return int64(float64(v.rate(c.Layer)) * share(c.Temporal, v.Temporal))
}

// share is the part of a layer's bits that its temporal layers up to one take; after libwebrtc's default patterns.
func share(temporal, of int) float64 {
	switch {
	case of <= 1 || temporal >= of-1:
		return 1
	case of == 2:
		return 0.6
	case temporal == 0:
		return 0.4
	}
	return 0.6
}

func (v Video) height(layer int) int {
	if h := v.Layers[layer].Height; h > 0 {
		return h
	}
	return defaultHeight >> (len(v.Layers) - 1 - layer)
}

// rate is what a layer costs, which is never more than a larger one does: what is known of a layer that is switched off may be
// of livelier times, and must not bar the way to one beyond it.
func (v Video) rate(layer int) int64 {
	rate := v.Layers[layer].BitsPerSec
	if rate == 0 {
		h := int64(v.height(layer))
		rate = int64(float64(h*h) * defaultRate)
	}
	for _, larger := range v.Layers[layer+1:] {
		if larger.BitsPerSec > 0 {
			rate = min(rate, larger.BitsPerSec)
		}
	}
	return rate
}

// Ideal returns the layer that a tile deserves: the smallest that has enough lines for it, or the largest of all.
func (v Video) Ideal() int {
	for i := range v.Layers {
		if v.Height > 0 && float64(v.height(i)) >= enough*float64(v.Height) {
			return i
		}
	}
	return len(v.Layers) - 1
}

// Choose decides for all videos of a receiver, the most important first. The budget is in bits per second; 0 means that
// nothing is known of the bandwidth, and every video gets what its tile deserves.
func Choose(videos []Video, budget int64) []Choice {
	out := make([]Choice, len(videos))
	if budget <= 0 {
		for i, v := range videos {
			out[i] = Choice{v.Ideal(), AllTemporal}
		}
		return out
	}
	used := int64(0)
	for i, v := range videos {
		out[i] = Choice{Layer: None}
		used += step(v, &out[i], budget-used)
		if cheapest, ok := better(v, out[i]); ok && i == 0 && out[i].Layer == None {
			out[i] = cheapest
			used += v.Cost(cheapest)
		}
	}
	for raised := true; raised; {
		raised = false
		for i, v := range videos {
			if out[i].Layer == None {
				continue // who comes after might still fit, but importance goes first
			}
			if cost := step(v, &out[i], budget-used); cost > 0 {
				used += cost
				raised = true
			}
		}
	}
	return out
}

// step takes the next better option if it can be afforded, and returns what it costs in addition.
func step(v Video, c *Choice, left int64) int64 {
	next, ok := better(v, *c)
	if !ok {
		return 0
	}
	cost := v.Cost(next) - v.Cost(*c)
	allowance := left
	if above(next, v.Now) {
		allowance = int64(float64(left) - spare*float64(v.Cost(next)))
	}
	if cost > allowance {
		return 0
	}
	*c = next
	return max(cost, 1)
}

// better returns the next better option: temporal layers within the smallest picture first, then larger pictures.
func better(v Video, c Choice) (Choice, bool) {
	if len(v.Layers) == 0 {
		return c, false
	}
	top := AllTemporal
	switch {
	case c.Layer == None && v.Temporal > 1:
		return Choice{0, 0}, true
	case c.Layer == None:
		return Choice{0, top}, true
	case c.Temporal < v.Temporal-2:
		return Choice{c.Layer, c.Temporal + 1}, true
	case c.Temporal < top:
		return Choice{c.Layer, top}, true
	case c.Layer < v.Ideal():
		return Choice{c.Layer + 1, top}, true
	}
	return c, false
}

func above(a, b Choice) bool {
	return a.Layer > b.Layer || a.Layer == b.Layer && a.Temporal > b.Temporal
}
