package media

import (
	"testing"
	"time"
)

func TestOpusDuration(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		packet []byte
		want   time.Duration
	}{
		"SILK 60 ms":            {[]byte{3 << 3}, 60 * time.Millisecond},
		"hybrid 20 ms":          {[]byte{15 << 3}, 20 * time.Millisecond},
		"CELT 2.5 ms":           {[]byte{16 << 3}, 2500 * time.Microsecond},
		"CELT 20 ms, twice":     {[]byte{31<<3 | 1}, 40 * time.Millisecond},
		"CELT 20 ms, six times": {[]byte{31<<3 | 3, 6}, 120 * time.Millisecond},
		"beyond 120 ms":         {[]byte{31<<3 | 3, 7}, 0},
		"count is missing":      {[]byte{31<<3 | 3}, 0},
		"empty":                 {nil, 0},
	} {
		if got := opusDuration(c.packet); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
