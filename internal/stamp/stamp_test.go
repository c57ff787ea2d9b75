package stamp

import (
	"encoding/json"
	"testing"
	"time"
)

func TestTimeKeepsItsMilliseconds(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		at   time.Time
		want string
	}{
		"whole second":     {time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), `"2026-01-02T03:04:05.000Z"`},
		"one digit":        {time.Date(2026, 1, 2, 3, 4, 5, 100e6, time.UTC), `"2026-01-02T03:04:05.100Z"`},
		"another zone":     {time.Date(2026, 1, 2, 5, 4, 5, 0, time.FixedZone("", 7200)), `"2026-01-02T03:04:05.000Z"`},
		"finer than milli": {time.Date(2026, 1, 2, 3, 4, 5, 1999999, time.UTC), `"2026-01-02T03:04:05.001Z"`},
	} {
		b, err := json.Marshal(Of(c.at))
		if err != nil || string(b) != c.want {
			t.Errorf("%s: %s, %v; want %s", name, b, err, c.want)
		}
		var back Time
		if err := json.Unmarshal(b, &back); err != nil || !back.Equal(c.at.Truncate(time.Millisecond)) {
			t.Errorf("%s: read back %v, %v", name, back, err)
		}
	}
	var bad Time
	for _, in := range []string{`5`, `"yesterday"`, `{}`} {
		if json.Unmarshal([]byte(in), &bad) == nil {
			t.Errorf("%s was taken for a time", in)
		}
	}
}
