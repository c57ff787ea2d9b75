package quality_test

import (
	"testing"
	"time"

	"confab/sfu/quality"
)

func TestScore(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		facts    quality.Facts
		low, top float64
	}{
		"perfect":            {quality.Facts{RTT: 20 * time.Millisecond}, 5, 5},
		"across an ocean":    {quality.Facts{RTT: 180 * time.Millisecond}, 4.5, 4.9},
		"by satellite":       {quality.Facts{RTT: 650 * time.Millisecond}, 2.5, 3.5},
		"a little loss":      {quality.Facts{Loss: 0.01}, 4.3, 4.7},
		"much loss":          {quality.Facts{Loss: 0.10}, 2.2, 2.6},
		"mostly loss":        {quality.Facts{Loss: 0.8}, 0, 0.5},
		"shaky":              {quality.Facts{Jitter: 90 * time.Millisecond}, 3.8, 4.2},
		"starved of picture": {quality.Facts{Starved: true}, 4, 4.5},
		"gone":               {quality.Facts{Lost: true}, 0, 0},
	} {
		if got := quality.Score(c.facts); got < c.low || got > c.top {
			t.Errorf("%s: %.2f, want %v to %v", name, got, c.low, c.top)
		}
	}
}

func TestMoreLossIsNeverBetter(t *testing.T) {
	t.Parallel()
	last := 5.0
	for loss := 0.0; loss <= 1; loss += 0.001 {
		score := quality.Score(quality.Facts{Loss: loss})
		if score > last || last-score > 0.1 {
			t.Fatalf("at %.3f: %.2f after %.2f", loss, score, last)
		}
		last = score
	}
}

func TestPoorDoesNotFlap(t *testing.T) {
	t.Parallel()
	if quality.Poor(3, false) || !quality.Poor(3, true) || !quality.Poor(2, false) || quality.Poor(4, true) {
		t.Error("a score of 3 does not keep what was before")
	}
}
