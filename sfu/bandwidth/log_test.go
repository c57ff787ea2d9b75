package bandwidth

import (
	"testing"
	"time"
)

// TestSendLogGrowsWithTheRate wants what was sent within two seconds to be remembered, whatever the rate, up to the limit.
func TestSendLogGrowsWithTheRate(t *testing.T) {
	t.Parallel()
	for rate, most := range map[int]int{20: least, 50: 128, 250: 512, 900: history, 5000: history} {
		var l SendLog
		now := time.Unix(1000, 0)
		for n := range rate * 5 {
			sequence := l.Add(n%1000, now)
			now = now.Add(time.Second / time.Duration(rate))
			back := min(n, rate*2-1, len(l.entries)-1)
			if rate*2 < history && back < min(n, rate*2-1) {
				t.Fatalf("%d packets/s: only %d of %d are remembered", rate, back, n)
			}
			if r, ok := l.Result(sequence-uint16(back), 0, false); !ok || r.Bytes != (n-back)%1000 {
				t.Fatalf("%d packets/s: packet %d, %d before the newest: %v %v", rate, n, back, r, ok)
			}
		}
		if len(l.entries) != most {
			t.Errorf("%d packets/s: room for %d packets, want %d", rate, len(l.entries), most)
		}
	}
	// Packets that feedback has told of need no room.
	var l SendLog
	for range 10_000 {
		l.Result(l.Add(1200, time.Unix(1000, 0)), 0, true)
	}
	if len(l.entries) != least {
		t.Errorf("room for %d packets that were told of", len(l.entries))
	}
}
