package cache_test

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"sync"
	"testing"

	"confab/sfu/cache"
)

func content(seq uint16, n int) []byte {
	return append(binary.BigEndian.AppendUint16(nil, seq), bytes.Repeat([]byte{byte(seq)}, n)...)
}

// TestRingIsAMapOfTheRecent compares the ring with a map over random loss, reordering, wrapping and growth.
func TestRingIsAMapOfTheRecent(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 3))
		ring := cache.New()
		stored := map[uint16][]byte{}
		seq := uint16(r.Uint32())
		dst := make([]byte, 1500)
		for step := range 5000 {
			seq += uint16(1 + r.IntN(2))
			raw := content(seq, r.IntN(1400))
			ring.Store(seq, raw, false)
			stored[seq] = raw
			delete(stored, seq-4096)
			delete(stored, seq-4097)
			if step == 2000 {
				ring.Grow(500)
				if ring.Len() != 512 {
					t.Fatalf("grew to %d", ring.Len())
				}
			}
			back := uint16(r.IntN(ring.Len()))
			if step < 2000+512 && back >= 60 {
				back %= 60 // what was lost before it grew stays lost
			}
			got := dst[:ring.Get(seq-back, dst)]
			if want := stored[seq-back]; step > 600 && !bytes.Equal(got, want) {
				t.Fatalf("seed %d step %d: %d back is %d bytes, want %d", seed, step, back, len(got), len(want))
			}
		}
	}
}

func TestSinceKey(t *testing.T) {
	t.Parallel()
	ring := cache.New()
	store := func(seq uint16, key bool) { ring.Store(seq, content(seq, 10), key) }
	check := func(what string, first uint16, count int, ok bool) {
		t.Helper()
		if f, c, o := ring.SinceKey(); f != first || c != count || o != ok {
			t.Errorf("%s: %d, %d, %v", what, f, c, o)
		}
	}
	check("empty", 0, 0, false)
	store(65534, false)
	check("no key frame", 0, 0, false)
	store(65535, true)
	store(0, false)
	store(1, false)
	check("over the wrap", 65535, 3, true)
	store(3, false)
	check("with a hole", 0, 0, false)
	store(2, false)
	check("hole filled", 65535, 5, true)
	for q := range uint16(100) {
		store(4+q, false)
	}
	check("key frame fallen out", 0, 0, false)
	ring.Close()
	ring.Close()
	store(200, true)
	check("closed", 0, 0, false)
}

func TestOddPackets(t *testing.T) {
	t.Parallel()
	ring := cache.New()
	dst := make([]byte, 1500)
	if ring.Get(0, dst) != 0 {
		t.Error("an empty ring has a packet")
	}
	ring.Store(5, make([]byte, 5000), false)
	if ring.Get(5, dst) != 0 {
		t.Error("a giant was kept")
	}
	ring.Store(0, content(0, 5), false)
	ring.Store(65535, content(65535, 5), false) // late, before the first
	if ring.Get(65535, dst) == 0 {
		t.Error("an early packet that came late is not there")
	}
	if ring.Get(0, dst[:3]) != 0 {
		t.Error("a packet was copied into too small a buffer")
	}
	ring.Grow(1 << 20)
	if ring.Len() != cache.MaxPackets {
		t.Errorf("grew to %d", ring.Len())
	}
}

func TestOneWriterManyReaders(t *testing.T) {
	t.Parallel()
	ring := cache.New()
	var wait sync.WaitGroup
	stop := make(chan struct{})
	for range 4 {
		wait.Go(func() {
			dst := make([]byte, 1500)
			for {
				select {
				case <-stop:
					return
				default:
				}
				seq := uint16(rand.Uint32())
				if n := ring.Get(seq, dst); n != 0 && (binary.BigEndian.Uint16(dst) != seq || dst[n-1] != byte(seq)) {
					t.Errorf("asked for %d, got %d", seq, binary.BigEndian.Uint16(dst))
				}
				ring.SinceKey()
			}
		})
	}
	for seq := range 50_000 {
		ring.Store(uint16(seq), content(uint16(seq), 100), seq%300 == 0)
		if seq == 10_000 {
			ring.Grow(1024)
		}
	}
	close(stop)
	wait.Wait()
	ring.Close()
}

func BenchmarkStore(b *testing.B) {
	ring := cache.New()
	raw := make([]byte, 1200)
	b.ReportAllocs()
	seq := uint16(0)
	for b.Loop() {
		ring.Store(seq, raw, false)
		seq++
	}
}
