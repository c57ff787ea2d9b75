package repair

import "time"

const (
	// lossy is the share of packets lost from which a hop counts as one on which pictures have to wait for repairs. Less
	// is an accident now and then, for which nobody should have to wait always.
	lossy = 0.015
	// lossMemory is the time over which a hop's loss is smoothed.
	lossMemory = 3 * time.Second
	// MaxDelay bounds the delay: beyond, people begin to talk at the same time (ITU-T G.114), and a picture that stands
	// still now and then is the lesser evil.
	MaxDelay = 500 * time.Millisecond
	// delayStep is the least change that is worth one.
	delayStep = 20 * time.Millisecond
	// delayHold is how long less has to be enough before the delay is made shorter.
	delayHold = 10 * time.Second
)

// Hop is one of the ways that a picture takes: up to the server, down from it.
type Hop struct {
	Loss float64 // share of packets lost lately, 0 to 1, before repair
	RTT  time.Duration
}

// Delay says how long a receiver should hold pictures back before it shows them, so that what is lost on the way is there
// again in time. Decoders raise their delay by themselves only by what they have seen, which for repairs is too late, and
// they know nothing of the hop before the server. On a lossy hop, a packet takes a round trip more, and one in twenty
// repairs is lost as well: two round trips are room for the next ones. (One and a half were not quite: at 5 % loss and 100 ms on
// both hops a picture of 110 packets a second stood still for 0.2 s in every 20 s, and with two it did not.) The zero value is ready.
type Delay struct {
	loss    [2]float64
	value   time.Duration
	enough  time.Time // since when the value is more than enough; zero if it is not
	updated time.Time
}

// Update takes the present state of both hops and returns the delay, 0 where there is no need for one.
func (d *Delay) Update(up, down Hop, now time.Time) time.Duration {
	share := min(1, float64(now.Sub(d.updated))/float64(lossMemory))
	if d.updated.IsZero() {
		share = 0
	}
	d.updated = now
	want := time.Duration(0)
	for i, hop := range []Hop{up, down} {
		d.loss[i] += (hop.Loss - d.loss[i]) * share
		if d.loss[i] >= lossy {
			want += 2 * hop.RTT
		}
	}
	want = min(want, MaxDelay)
	switch {
	case want > d.value+delayStep:
		d.value, d.enough = want, time.Time{}
	case want >= d.value-delayStep:
		d.enough = time.Time{}
	case d.enough.IsZero():
		d.enough = now
	case now.Sub(d.enough) >= delayHold:
		d.value, d.enough = want, time.Time{}
	}
	return d.value
}
