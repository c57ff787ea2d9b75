package sfu

import (
	"testing"
	"time"
)

func TestAPacketIsSentAgainNowAndThenAndNotForEver(t *testing.T) {
	t.Parallel()
	const rtt = 80 * time.Millisecond
	var a answered
	now := time.Unix(1e9, 0)
	sent := 0
	for range 100 { // a second and a half of requests, as often as some clients make them
		if a.due(7, now, rtt) {
			sent++
		}
		now = now.Add(15 * time.Millisecond)
	}
	if sent != maxAnswers {
		t.Errorf("sent %d times, want %d", sent, maxAnswers)
	}
	if !a.due(8, now, rtt) {
		t.Error("another packet waits for it")
	}
	if now = now.Add(answeredFor); !a.due(7, now, rtt) {
		t.Error("the next packet of that number is taken for it")
	}
}
