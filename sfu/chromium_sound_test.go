package sfu_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"confab/sfu"
)

// TestSilenceOfChromium has Chromium send Opus with discontinuous transmission, silent for seconds between words: hardly anything
// is sent meanwhile, and what comes has numbers without a gap and timestamps that tell of the pauses. Who is silent so is not
// taken for a speaker now and then, and who speaks stays one.
func TestSilenceOfChromium(t *testing.T) {
	speakers := make(chan []sfu.Speaker, 1000)
	room, err := newServerOn(t, newWire(t)).NewRoom(speakerHandler(speakers))
	must(t, err)
	b := openBrowser(t)
	ear := newClient(t, clientOptions{recvAudio: 1})
	ear.join(room, "ear")
	var answer string
	b.join(room, "quiet", part{Voice: true}, func(a string) string { answer = a; return a })
	b.join(room, "talker", part{Voice: true}, nil)
	for _, want := range []string{"useinbandfec=1", "usedtx=1", "red/48000/2"} {
		if !strings.Contains(answer, want) {
			t.Errorf("the answer has no %q:\n%s", want, answer)
		}
	}
	b.do(nil, "speak(%v, %v)", "talker", true)
	b.do(nil, "speak(%v, %v)", "quiet", true)
	sounds := func() []got { return ear.on(ear.slotOf("quiet", sfu.SourceMicrophone)) }
	ear.wait("sound", func() bool { return len(sounds()) > 50 })
	count := func() (n int) {
		ear.wait("the count", func() bool { n = len(sounds()); return true })
		return n
	}
	const silence = 2 * time.Second
	for range 2 {
		for len(speakers) > 0 {
			<-speakers
		}
		b.do(nil, "speak(%v, %v)", "quiet", false)
		// Silence has begun when a packet comes long after the one before.
		ear.wait("a pause", func() bool {
			p := sounds()
			return p[len(p)-1].at.Sub(p[len(p)-2].at) > 200*time.Millisecond
		})
		for alone := false; !alone; {
			select {
			case s := <-speakers:
				alone = len(s) == 1 && s[0].Leg == "talker"
			case <-time.After(patience):
				t.Fatal("who is silent is still said to speak")
			}
		}
		before := count()
		<-time.After(silence)
		if n := count() - before; n < 3 || n > 30 {
			t.Errorf("%d packets in %v of silence", n, silence)
		}
		for len(speakers) > 0 {
			if s := <-speakers; len(s) != 1 || s[0].Leg != "talker" {
				t.Errorf("of one who speaks and one who is silent, those speak: %+v", s)
			}
		}
		b.do(nil, "speak(%v, %v)", "quiet", true)
		before = count()
		ear.wait("the next word", func() bool { return len(sounds()) > before+50 })
	}
	ear.mu.Lock()
	defer ear.mu.Unlock()
	packets := sounds()
	pauses := 0
	slices.SortStableFunc(packets, func(a, b got) int { return int(int16(a.header.SequenceNumber - b.header.SequenceNumber)) })
	for i := 1; i < len(packets); i++ {
		was, is := packets[i-1], packets[i]
		if step := is.header.SequenceNumber - was.header.SequenceNumber; step != 1 {
			t.Fatalf("sequence goes from %d to %d", was.header.SequenceNumber, is.header.SequenceNumber)
		}
		told := time.Duration(int32(is.header.Timestamp-was.header.Timestamp)) * time.Second / 48000
		if told <= 0 {
			t.Fatalf("time goes from %d to %d", was.header.Timestamp, is.header.Timestamp)
		}
		if told > 200*time.Millisecond {
			pauses++
		}
	}
	first, last := packets[0], packets[len(packets)-1]
	told, took := time.Duration(last.header.Timestamp-first.header.Timestamp)*time.Second/48000, last.at.Sub(first.at)
	if off := took - told; off < -time.Second || off > time.Second {
		t.Errorf("what took %v is told as %v", took, told)
	}
	t.Logf("%d packets, %d pauses", len(packets), pauses)
	if pauses < 10 {
		t.Errorf("only %d pauses in %d packets", pauses, len(packets))
	}
}
