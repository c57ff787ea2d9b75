package repair_test

import (
	"testing"
	"time"

	"confab/sfu/repair"
)

func TestDelayFollowsLossyHops(t *testing.T) {
	t.Parallel()
	const rtt = 100 * time.Millisecond
	clean, bad := repair.Hop{RTT: rtt}, repair.Hop{Loss: 0.05, RTT: rtt}
	for name, c := range map[string]struct {
		up, down repair.Hop
		want     time.Duration
	}{
		"clean":           {clean, clean, 0},
		"lossy down":      {clean, bad, 200 * time.Millisecond},
		"lossy both ways": {bad, bad, 400 * time.Millisecond},
		"far and lossy":   {repair.Hop{Loss: 0.05, RTT: time.Second}, clean, repair.MaxDelay},
		"an accident":     {clean, repair.Hop{Loss: 0.01, RTT: rtt}, 0},
	} {
		var d repair.Delay
		got := time.Duration(-1)
		for at := time.Duration(0); at < 10*time.Second; at += 100 * time.Millisecond {
			got = d.Update(c.up, c.down, start.Add(at))
		}
		if got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestDelayRisesSoonAndFallsLate(t *testing.T) {
	t.Parallel()
	clean, bad := repair.Hop{RTT: 80 * time.Millisecond}, repair.Hop{Loss: 0.05, RTT: 80 * time.Millisecond}
	var d repair.Delay
	at := start
	// last returns how long it takes until the delay is as wanted.
	until := func(down repair.Hop, want time.Duration) time.Duration {
		began := at
		for d.Update(clean, down, at) != want {
			if at = at.Add(100 * time.Millisecond); at.Sub(began) > time.Minute {
				t.Fatalf("never %v", want)
			}
		}
		return at.Sub(began)
	}
	until(clean, 0)
	if took := until(bad, 160*time.Millisecond); took > 2*time.Second {
		t.Errorf("rose after %v", took)
	}
	if took := until(clean, 0); took < 10*time.Second || took > 20*time.Second {
		t.Errorf("fell after %v", took)
	}
	if got := d.Update(clean, repair.Hop{Loss: 1, RTT: time.Second}, at.Add(100*time.Millisecond)); got != repair.MaxDelay {
		t.Errorf("when everything is lost: %v", got)
	}
}
