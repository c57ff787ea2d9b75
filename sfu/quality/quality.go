// Package quality sums up how well a connection does in one number, and tells good connections from poor ones.
//
// The number is in the manner of a mean opinion score: 5 is perfect, 4 is what people call good, below 2.5 they complain, 0 is
// unusable. The penalties are fitted by eye to the E-model (ITU-T G.107) for Opus with retransmission of video.
package quality

import "time"

// Facts are what the score is made of.
type Facts struct {
	Loss    float64 // share of packets, 0 to 1, before retransmission
	RTT     time.Duration
	Jitter  time.Duration
	Starved bool // some picture is smaller than asked for, or held back, for want of bandwidth
	Lost    bool // nothing is heard at all
}

const (
	// shortRTT is a round trip that nobody notices; each further rttPerPoint costs a point.
	shortRTT    = 150 * time.Millisecond
	rttPerPoint = 250 * time.Millisecond
	// smallJitter is absorbed by every receiver; each further jitterPerPoint costs a point.
	smallJitter    = 30 * time.Millisecond
	jitterPerPoint = 60 * time.Millisecond
	// starvation is what a smaller picture costs.
	starvation = 0.7
	// poorBelow and goodAbove are the scores at which a connection changes its name; apart, so that it does not flap.
	poorBelow = 2.5
	goodAbove = 3.2
)

// Score returns 0 to 5.
func Score(f Facts) float64 {
	if f.Lost {
		return 0
	}
	score := 5.0
	score -= lossPenalty(f.Loss)
	score -= max(0, float64(f.RTT-shortRTT)/float64(rttPerPoint))
	score -= max(0, float64(f.Jitter-smallJitter)/float64(jitterPerPoint))
	if f.Starved {
		score -= starvation
	}
	return min(5, max(0, score))
}

// lossPenalty rises steeply at first and flattens: one percent is heard, whether it is thirty or forty is not.
func lossPenalty(loss float64) float64 {
	for _, piece := range []struct{ from, penalty, slope float64 }{
		{0.20, 3.5, 5}, {0.10, 2.5, 10}, {0.03, 1.1, 20}, {0.01, 0.4, 35}, {0, 0, 40},
	} {
		if loss >= piece.from {
			return piece.penalty + (loss-piece.from)*piece.slope
		}
	}
	return 0
}

// Poor tells whether a connection counts as poor, given whether it did before.
func Poor(score float64, before bool) bool {
	if before {
		return score < goodAbove
	}
	return score < poorBelow
}
