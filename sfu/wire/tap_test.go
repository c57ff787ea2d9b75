package wire

import (
	"bytes"
	"net/netip"
	"testing"
	"time"
)

// TestMediaIsTaken wants SRTP, and nothing else, to go to who takes it, and back to the conn what is refused or comes later.
func TestMediaIsTaken(t *testing.T) {
	t.Parallel()
	m := listen(t)
	c := candidate(t, m, "a", "127.0.0.1:1")
	const from = "127.0.0.1:5000"
	m.ice.learn(c, netip.MustParseAddrPort(from))
	srtp, refused, report := make([]byte, 40), make([]byte, 50), make([]byte, 40)
	for _, p := range [][]byte{srtp, refused, report} {
		p[0] = 0x80
	}
	srtp[1], refused[1], report[1] = 0x80|111, 96, 200
	taken := make(chan []byte, 10)
	stop := m.TakeMedia("a", func(p []byte, came time.Time) bool {
		taken <- bytes.Clone(p)
		return len(p) == len(srtp)
	})
	for _, p := range [][]byte{srtp, refused, report} {
		arrive(m, p, from, "")
	}
	for _, want := range [][]byte{srtp, refused} {
		if got := <-taken; !bytes.Equal(got, want) {
			t.Fatalf("taken: % x", got)
		}
	}
	stop()
	arrive(m, srtp, from, "")
	if len(taken) != 0 {
		t.Error("something was taken after the end")
	}
	left := map[int]bool{}
	for range 3 { // the refused one may be in any place
		p, _ := next(t, c)
		left[len(p)<<8|int(p[1])] = true
	}
	for _, p := range [][]byte{srtp, refused, report} {
		if !left[len(p)<<8|int(p[1])] {
			t.Errorf("% x did not come to the conn", p[:2])
		}
	}
	if again := m.TakeMedia("nobody", func([]byte, time.Time) bool { return true }); again == nil {
		t.Error("no way to stop")
	}
}

// TestTakingEndsWithTheLeg closes the last candidate and wants the goroutine to be gone, which TestMain checks.
func TestTakingEndsWithTheLeg(t *testing.T) {
	t.Parallel()
	m := listen(t)
	c := candidate(t, m, "a", "127.0.0.1:1")
	stop := m.TakeMedia("a", func([]byte, time.Time) bool { return true })
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	stop()
}
