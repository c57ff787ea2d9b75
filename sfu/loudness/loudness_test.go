package loudness_test

import (
	"slices"
	"testing"
	"time"

	"confab/sfu/loudness"
)

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// hear feeds a meter with packets of 20 ms and returns the time after the last.
func hear(m *loudness.Meter, from time.Time, d time.Duration, level uint8) time.Time {
	for ; d > 0; d -= 20 * time.Millisecond {
		m.Observe(level, from)
		from = from.Add(20 * time.Millisecond)
	}
	return from
}

func TestSpeechRisesFastAndFallsSlowly(t *testing.T) {
	t.Parallel()
	var m loudness.Meter
	now := hear(&m, start, time.Second, 127)
	if m.Level(now) != 0 {
		t.Errorf("silence is %v", m.Level(now))
	}
	now = hear(&m, now, 500*time.Millisecond, 15)
	loud := m.Level(now)
	if loud < 0.5 {
		t.Errorf("half a second of speech is %v", loud)
	}
	now = hear(&m, now, 200*time.Millisecond, 127)
	if pause := m.Level(now); pause < loud/2 {
		t.Errorf("a pause for breath drops from %v to %v", loud, pause)
	}
	now = hear(&m, now, 4*time.Second, 127)
	if end := m.Level(now); end != 0 {
		t.Errorf("four seconds later it is %v", end)
	}
}

func TestAKnockIsNoSpeech(t *testing.T) {
	t.Parallel()
	var m loudness.Meter
	now := hear(&m, start, time.Second, 127)
	now = hear(&m, now, 60*time.Millisecond, 0)
	now = hear(&m, now, 40*time.Millisecond, 127)
	if l := m.Level(now); l != 0 {
		t.Errorf("a knock is %v", l)
	}
}

func TestALevelFallsWithoutPackets(t *testing.T) {
	t.Parallel()
	var m loudness.Meter
	now := hear(&m, start, time.Second, 10)
	if m.Level(now) == 0 {
		t.Fatal("no speech")
	}
	if l := m.Level(now.Add(5 * time.Second)); l != 0 {
		t.Errorf("five seconds after the last packet it is %v", l)
	}
}

func ids(entries []loudness.Entry) []string {
	var out []string
	for _, e := range entries {
		out = append(out, e.ID)
	}
	return out
}

func TestRankHasHysteresis(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		previous []string
		now      []loudness.Entry
		want     []string
	}{
		"loudest first":             {nil, []loudness.Entry{{"a", 0.2}, {"b", 0.9}}, []string{"b", "a"}},
		"silent ones are left out":  {[]string{"a"}, []loudness.Entry{{"a", 0}, {"b", 0.5}}, []string{"b"}},
		"a little louder is no win": {[]string{"a"}, []loudness.Entry{{"a", 0.5}, {"b", 0.6}}, []string{"a", "b"}},
		"clearly louder wins":       {[]string{"a"}, []loudness.Entry{{"a", 0.3}, {"b", 0.9}}, []string{"b", "a"}},
		"neighbours do not swap":    {[]string{"a", "b"}, []loudness.Entry{{"a", 0.50}, {"b", 0.55}}, []string{"a", "b"}},
		"equals by id":              {nil, []loudness.Entry{{"b", 0.5}, {"a", 0.5}}, []string{"a", "b"}},
	} {
		if got := ids(loudness.Rank(c.previous, c.now)); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func BenchmarkObserve(b *testing.B) {
	var m loudness.Meter
	now := start
	b.ReportAllocs()
	for b.Loop() {
		now = now.Add(20 * time.Millisecond)
		m.Observe(20, now)
	}
}
