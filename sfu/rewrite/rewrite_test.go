package rewrite_test

import (
	"math/rand/v2"
	"testing"

	"confab/sfu/rewrite"
)

// feed is a source whose counters begin anywhere.
type feed struct {
	seq, picture uint16
	ts           uint32
	tl0          uint8
}

func newFeed(r *rand.Rand) *feed {
	return &feed{seq: uint16(r.Uint32()), picture: uint16(r.Uint32()), ts: r.Uint32(), tl0: uint8(r.Uint32())}
}

// frame returns the packets of the next frame.
func (f *feed) frame(packets int) []rewrite.In {
	f.picture++
	f.tl0++
	f.ts += 3000
	out := make([]rewrite.In, packets)
	for i := range out {
		f.seq++
		out[i] = rewrite.In{Sequence: f.seq, Picture: f.picture, Timestamp: f.ts, TL0: f.tl0}
	}
	return out
}

// TestContinuityOverRandomSwitches feeds one stream from sources that change all the time, leave frames out, lose and
// reorder packets, and wants what a decoder wants.
func TestContinuityOverRandomSwitches(t *testing.T) {
	t.Parallel()
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, 1))
		var w rewrite.Rewriter
		var last rewrite.Out
		f := newFeed(r)
		first := true
		tag := uint32(0)
		for step := range 5000 {
			if step == 0 || r.IntN(20) == 0 { // another source
				f = newFeed(r)
				tag++
				first = true
			}
			packets := f.frame(1 + r.IntN(4))
			if !first && r.IntN(3) == 0 { // a frame is left out
				for _, in := range packets {
					w.Skip(in, true)
				}
				continue
			}
			for i, in := range packets {
				var out rewrite.Out
				if first {
					out = w.Start(in, 3000, tag)
					first = false
				} else {
					var ok bool
					if out, ok = w.Map(in); !ok {
						t.Fatalf("seed %d step %d: packet of the source refused", seed, step)
					}
				}
				if step > 0 {
					if out.Sequence-last.Sequence != 1 {
						t.Fatalf("seed %d step %d: sequence %d after %d", seed, step, out.Sequence, last.Sequence)
					}
					wantPicture := uint16(0)
					if i == 0 {
						wantPicture = 1
					}
					if out.Picture-last.Picture != wantPicture {
						t.Fatalf("seed %d step %d: picture %d after %d", seed, step, out.Picture, last.Picture)
					}
					if int32(out.Timestamp-last.Timestamp) < 0 {
						t.Fatalf("seed %d step %d: time runs backwards", seed, step)
					}
				}
				last = out
				if from, ok := w.Find(out.Sequence); !ok || from.Sequence != in.Sequence || from.Tag != tag || from.Apply(in) != out {
					t.Fatalf("seed %d step %d: %d traced to %+v", seed, step, out.Sequence, from)
				}
			}
		}
	}
}

// TestLateAndLostPackets wants numbers to be kept for packets that the network lost, and late ones to get them.
func TestLateAndLostPackets(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 2))
		var w rewrite.Rewriter
		f := newFeed(r)
		given := map[uint16]uint16{} // out → in
		start := f.frame(1)[0]
		out := w.Start(start, 0, 1)
		given[out.Sequence] = start.Sequence
		var late []rewrite.In
		for range 300 {
			packets := f.frame(1 + r.IntN(3))
			switch r.IntN(6) {
			case 0:
				late = append(late, packets...)
				continue
			case 1:
				for _, in := range packets {
					w.Skip(in, true)
				}
				continue
			}
			for _, in := range packets {
				out, ok := w.Map(in)
				if !ok {
					t.Fatalf("seed %d: refused", seed)
				}
				if other, taken := given[out.Sequence]; taken {
					t.Fatalf("seed %d: %d given to %d and %d", seed, out.Sequence, other, in.Sequence)
				}
				given[out.Sequence] = in.Sequence
			}
			if len(late) > 0 && r.IntN(2) == 0 {
				in := late[0]
				late = late[1:]
				out, ok := w.Map(in)
				if !ok {
					continue // too long ago
				}
				if other, taken := given[out.Sequence]; taken {
					t.Fatalf("seed %d: late %d takes %d's number %d", seed, in.Sequence, other, out.Sequence)
				}
				given[out.Sequence] = in.Sequence
			}
		}
	}
}

func TestPicturesAreRenumberedOnlyWhereAsked(t *testing.T) {
	t.Parallel()
	for closes, want := range map[bool]uint16{true: 11, false: 12} {
		var w rewrite.Rewriter
		w.Start(rewrite.In{Sequence: 1, Picture: 10}, 0, 1)
		w.Skip(rewrite.In{Sequence: 2, Picture: 11}, closes)
		out, ok := w.Map(rewrite.In{Sequence: 3, Picture: 12})
		if !ok || out.Sequence != 2 || out.Picture != want {
			t.Errorf("closing %v: %+v", closes, out)
		}
	}
}

func TestBeforeTheSourceBegan(t *testing.T) {
	t.Parallel()
	var w rewrite.Rewriter
	if _, ok := w.Map(rewrite.In{Sequence: 5}); ok {
		t.Error("a stream that has not begun maps")
	}
	if _, ok := w.Find(5); ok {
		t.Error("a stream that has not begun finds")
	}
	w.Skip(rewrite.In{Sequence: 5}, true)
	w.Start(rewrite.In{Sequence: 100}, 0, 1)
	if _, ok := w.Map(rewrite.In{Sequence: 99}); ok {
		t.Error("a packet from before the beginning maps")
	}
	if _, ok := w.Find(101); ok {
		t.Error("a packet that was not sent is found")
	}
	w.Start(rewrite.In{Sequence: 7}, 3000, 2)
	if _, ok := w.Map(rewrite.In{Sequence: 6}); ok {
		t.Error("a packet from before the second source's beginning maps")
	}
	if from, ok := w.Find(100); !ok || from.Tag != 1 || from.Sequence != 100 {
		t.Errorf("the packet of the source before is traced to %+v", from)
	}
}

// TestAStreamDoesNotBeginNearTheWrap: who misses the first packets up to it would count wraps wrong.
func TestAStreamDoesNotBeginNearTheWrap(t *testing.T) {
	t.Parallel()
	var w rewrite.Rewriter
	if out := w.Start(rewrite.In{Sequence: 65530}, 0, 1); out.Sequence != 65530-1<<15 {
		t.Errorf("it begins with %d", out.Sequence)
	}
	if from, ok := w.Find(65530 - 1<<15); !ok || from.Sequence != 65530 {
		t.Errorf("its first packet is traced to %+v", from)
	}
}

// TestNoNumberTwiceWhenWhatIsLateComesAfterWhatIsLeftOut: a late packet takes the number that was kept for it, and another
// source must not begin with it.
func TestNoNumberTwiceWhenWhatIsLateComesAfterWhatIsLeftOut(t *testing.T) {
	t.Parallel()
	var w rewrite.Rewriter
	w.Start(rewrite.In{Sequence: 10}, 1, 1)
	w.Skip(rewrite.In{Sequence: 12}, false)
	late, ok := w.Map(rewrite.In{Sequence: 11})
	next := w.Start(rewrite.In{Sequence: 500}, 1, 2)
	if !ok || late.Sequence != 11 || next.Sequence != 12 {
		t.Errorf("late as %d, and the next source begins with %d", late.Sequence, next.Sequence)
	}
}

func FuzzRewriter(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 250, 7, 1, 1, 2, 0, 9})
	f.Fuzz(func(t *testing.T, script []byte) {
		var w rewrite.Rewriter
		var seq, picture uint16
		sent := map[uint16]uint64{} // which packet had a number
		once := func(out rewrite.Out, tag uint32, seq uint16) {
			packet := uint64(tag)<<16 | uint64(seq)
			if was, twice := sent[out.Sequence]; twice && was != packet {
				t.Fatalf("the number %d twice", out.Sequence)
			}
			sent[out.Sequence] = packet
		}
		tag := uint32(0)
		for i := 0; i+1 < len(script) && i < 1000; i += 2 {
			seq += uint16(int8(script[i+1]))
			picture += uint16(script[i+1] & 1)
			in := rewrite.In{Sequence: seq, Picture: picture}
			switch script[i] % 4 {
			case 0:
				tag = uint32(i)
				out := w.Start(in, 1, tag)
				once(out, tag, seq)
				if from, ok := w.Find(out.Sequence); !ok || from.Sequence != seq {
					t.Fatal("the beginning of a source is not found")
				}
			case 1:
				w.Skip(in, true)
			default:
				if out, ok := w.Map(in); ok {
					once(out, tag, seq)
					if from, found := w.Find(out.Sequence); found && from.Apply(in) != out {
						t.Fatalf("mapped to %+v, again to %+v", out, from.Apply(in))
					}
				}
			}
		}
	})
}

func BenchmarkMap(b *testing.B) {
	var w rewrite.Rewriter
	w.Start(rewrite.In{}, 0, 1)
	b.ReportAllocs()
	seq := uint16(0)
	for b.Loop() {
		seq++
		if _, ok := w.Map(rewrite.In{Sequence: seq}); !ok {
			b.Fatal("refused")
		}
	}
}
