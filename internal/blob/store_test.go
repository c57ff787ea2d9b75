package blob_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"confab/internal/blob"
)

// forEachStore runs one test against both stores.
func forEachStore(t *testing.T, test func(t *testing.T, s blob.Store)) {
	t.Run("folder", func(t *testing.T) {
		t.Parallel()
		s, err := blob.OpenDir(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		test(t, s)
	})
	t.Run("s3", func(t *testing.T) {
		t.Parallel()
		test(t, openS3(t, service.NewBucket(t), "confab/"))
	})
}

// put stores bytes under a fresh key.
func put(t *testing.T, s blob.Store, content []byte) string {
	t.Helper()
	staged, err := s.Stage(t.Context(), bytes.NewReader(content), int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	defer staged.Discard()
	key := blob.NewKey()
	if err := staged.Commit(t.Context(), key); err != nil {
		t.Fatal(err)
	}
	return key
}

// keys lists what a store holds.
func keys(t *testing.T, s blob.Store) map[string]blob.Info {
	t.Helper()
	found := map[string]blob.Info{}
	if err := s.Walk(t.Context(), func(i blob.Info) error { found[i.Key] = i; return nil }); err != nil {
		t.Fatal(err)
	}
	return found
}

// noise is content that no compression or deduplication can pretend to have stored.
func noise(n int) []byte {
	b := make([]byte, n)
	source := rand.NewChaCha8([32]byte{byte(n), byte(n >> 8), byte(n >> 16)})
	source.Read(b)
	return b
}

func TestWhatIsCommittedIsReadBack(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, s blob.Store) {
		for _, size := range []int{0, 1, 4096, 1<<20 + 7} {
			want := noise(size)
			r, err := s.Open(t.Context(), put(t, s, want))
			if err != nil {
				t.Fatalf("%d bytes: %v", size, err)
			}
			if r.Size() != int64(size) {
				t.Errorf("%d bytes: the size is told as %d", size, r.Size())
			}
			got, err := io.ReadAll(r)
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("%d bytes: read back %d other bytes, %v", size, len(got), err)
			}
			if err := r.Close(); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestAReaderSeeksAsRangesNeed(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, s blob.Store) {
		want := noise(300_000)
		r, err := s.Open(t.Context(), put(t, s, want))
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		for _, part := range []struct{ from, to int }{{250_000, 300_000}, {0, 10}, {100_000, 100_001}, {5, 200_000}} {
			if _, err := r.Seek(int64(part.from), io.SeekStart); err != nil {
				t.Fatal(err)
			}
			got := make([]byte, part.to-part.from)
			if _, err := io.ReadFull(r, got); err != nil || !bytes.Equal(got, want[part.from:part.to]) {
				t.Errorf("bytes %d to %d are not those that were stored (%v)", part.from, part.to, err)
			}
		}
		at := make([]byte, 100)
		if n, err := r.ReadAt(at, int64(len(want)-50)); n != 50 || err != io.EOF || !bytes.Equal(at[:n], want[len(want)-50:]) {
			t.Errorf("reading over the end gave %d bytes and %v", n, err)
		}
	})
}

func TestAReaderOutlivesTheRequestThatOpenedIt(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, s blob.Store) {
		want := noise(3 << 20)
		key := put(t, s, want)
		ctx, cancel := context.WithCancel(t.Context())
		r, err := s.Open(ctx, key)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		cancel()
		if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, want) {
			t.Errorf("read %d bytes, %v", len(got), err)
		}
	})
}

func TestAStagedUploadIsKnownBeforeItIsVisible(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, s blob.Store) {
		content := noise(10_000)
		staged, err := s.Stage(t.Context(), bytes.NewReader(content), 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		if staged.Size() != 10_000 || staged.SHA256() != sha256.Sum256(content) {
			t.Errorf("staged %d bytes with digest %x", staged.Size(), staged.SHA256())
		}
		got := make([]byte, 100)
		if _, err := staged.ReadAt(got, 5000); err != nil || !bytes.Equal(got, content[5000:5100]) {
			t.Errorf("a staged upload cannot be looked into: %v", err)
		}
		if n := len(keys(t, s)); n != 0 {
			t.Errorf("%d blobs are visible before the commit", n)
		}
		staged.Discard()
		staged.Discard()
		if err := staged.Commit(t.Context(), blob.NewKey()); err == nil {
			t.Error("a discarded upload was committed")
		}
		if n := len(keys(t, s)); n != 0 {
			t.Errorf("%d blobs after a discard", n)
		}
	})
}

func TestAnUploadOverTheLimitIsRefused(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, s blob.Store) {
		if _, err := s.Stage(t.Context(), bytes.NewReader(noise(1001)), 1000); !errors.Is(err, blob.ErrTooLarge) {
			t.Errorf("one byte too many: %v", err)
		}
		staged, err := s.Stage(t.Context(), bytes.NewReader(noise(1000)), 1000)
		if err != nil {
			t.Fatalf("exactly the limit: %v", err)
		}
		staged.Discard()
	})
}

func TestAnUploadCutOffHalfWayIsReported(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, s blob.Store) {
		gone := errors.New("connection reset")
		half := io.MultiReader(bytes.NewReader(noise(50_000)), iotest.ErrReader(gone))
		if _, err := s.Stage(t.Context(), half, 1<<20); !errors.Is(err, gone) {
			t.Errorf("got %v", err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := s.Stage(ctx, strings.NewReader("x"), 10); !errors.Is(err, context.Canceled) {
			t.Errorf("a request that ended was staged: %v", err)
		}
	})
}

func TestAKeyThatIsNoneNeverReachesTheStore(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, s blob.Store) {
		for _, key := range []string{"", "../../../../etc/passwd", "..", "staging", strings.Repeat("A", 32),
			strings.Repeat("a", 31), strings.Repeat("a", 33), strings.Repeat("a", 30) + "/a", strings.Repeat("\x00", 32),
			blob.NewKey() + ".", blob.NewKey() + "./x", blob.NewKey() + ".a.b", blob.NewKey() + "." + strings.Repeat("a", 17)} {
			if _, err := s.Open(t.Context(), key); !errors.Is(err, blob.ErrNotFound) {
				t.Errorf("Open(%q): %v", key, err)
			}
			if err := s.Delete(t.Context(), key); err != nil {
				t.Errorf("Delete(%q): %v", key, err)
			}
			staged, err := s.Stage(t.Context(), strings.NewReader("x"), 10)
			if err != nil {
				t.Fatal(err)
			}
			if err := staged.Commit(t.Context(), key); !errors.Is(err, blob.ErrBadKey) {
				t.Errorf("Commit(%q): %v", key, err)
			}
			staged.Discard()
		}
	})
}

func TestADeletedBlobIsGone(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, s blob.Store) {
		gone, stays := put(t, s, []byte("gone")), put(t, s, []byte("stays"))
		for range 2 {
			if err := s.Delete(t.Context(), gone); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := s.Open(t.Context(), gone); !errors.Is(err, blob.ErrNotFound) {
			t.Errorf("a deleted blob opens: %v", err)
		}
		if left := keys(t, s); len(left) != 1 || left[stays].Size != 5 {
			t.Errorf("left are %v", left)
		}
	})
}

func TestAVariantStandsBesideItsBlob(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, s blob.Store) {
		key := put(t, s, []byte("the picture"))
		small := blob.Variant(key, "thumb")
		staged, err := s.Stage(t.Context(), strings.NewReader("small"), 10)
		if err != nil {
			t.Fatal(err)
		}
		if err := staged.Commit(t.Context(), small); err != nil {
			t.Fatal(err)
		}
		found := keys(t, s)
		if found[key].Size != 11 || found[small].Size != 5 || len(found) != 2 || blob.Base(small) != key || blob.Base(key) != key {
			t.Errorf("found %v", found)
		}
	})
}

func TestWalkFindsEveryBlobOnce(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, s blob.Store) {
		want := map[string]bool{}
		for range 30 {
			want[put(t, s, []byte("hello"))] = true
		}
		seen := map[string]int{}
		err := s.Walk(t.Context(), func(i blob.Info) error {
			seen[i.Key]++
			if i.Size != 5 || time.Since(i.ModTime).Abs() > time.Minute {
				t.Errorf("described as %+v", i)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for key := range want {
			if seen[key] != 1 {
				t.Errorf("%s was seen %d times", key, seen[key])
			}
		}
		if len(seen) != len(want) {
			t.Errorf("%d blobs, walked over %d", len(want), len(seen))
		}
		enough, calls := errors.New("enough"), 0
		if err := s.Walk(t.Context(), func(blob.Info) error { calls++; return enough }); err != enough || calls != 1 {
			t.Errorf("stopped after %d calls with %v", calls, err)
		}
	})
}

func TestManyUploadAtOnce(t *testing.T) {
	t.Parallel()
	forEachStore(t, func(t *testing.T, s blob.Store) {
		var wg sync.WaitGroup
		for n := range 8 {
			wg.Go(func() {
				want := noise(100_000 + n)
				r, err := s.Open(t.Context(), put(t, s, want))
				if err != nil {
					t.Error(err)
					return
				}
				defer r.Close()
				if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, want) {
					t.Errorf("upload %d came back different: %v", n, err)
				}
			})
		}
		wg.Wait()
	})
}
