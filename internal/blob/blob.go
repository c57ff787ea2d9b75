// Package blob keeps the bytes of attachments under opaque keys, in one of two places behind the same seam: a folder
// (Dir) or an S3-compatible service (S3). It knows nothing of names, types or owners; those are rows of the database.
//
// Lifecycle of a blob. Stage copies an upload to a local file, counting and hashing it, so that it can be looked into
// before anybody can see it; Commit then makes it durable and visible under its key in one step; Discard forgets it.
// An upload that is cut off, refused or interrupted by a crash therefore never becomes a blob. A blob is never changed
// afterwards: a key means the same bytes for as long as it exists.
//
// Concurrency. Stores are safe for concurrent use; a Staged or a Reader belongs to one goroutine, but for a Reader's
// ReadAt, which may be called from several.
package blob

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// The errors that callers tell apart, with errors.Is.
var (
	ErrNotFound = errors.New("no such blob")
	ErrTooLarge = errors.New("larger than allowed")
	ErrNoSpace  = errors.New("no space left to store it")
	ErrBadKey   = errors.New("not a blob key")
)

// Store is a place for blobs.
type Store interface {
	// Stage copies r to its end into a local file. It fails with ErrTooLarge once more than limit bytes came, with
	// ErrNoSpace on a full disk, and otherwise with what r or ctx failed with; nothing is left behind then.
	Stage(ctx context.Context, r io.Reader, limit int64) (*Staged, error)
	// Open gives access to a blob, or fails with ErrNotFound. ctx bounds the opening only: an answer's bytes are often
	// sent after its handler, and the handler's context, have ended. Closing the Reader ends reading.
	Open(ctx context.Context, key string) (Reader, error)
	// Delete removes a blob for good. One that is not there is no error.
	Delete(ctx context.Context, key string) error
	// Walk calls fn for each blob, in no particular order, and stops at fn's first error, which it returns. Blobs that
	// come or go meanwhile may be missed. Things under names that are no keys are not ours and are left out.
	Walk(ctx context.Context, fn func(Info) error) error
}

// Reader reads a blob. Reads outside of it end with io.EOF.
type Reader interface {
	io.ReadSeekCloser
	io.ReaderAt
	// Size is the length in bytes.
	Size() int64
}

// Info describes a blob in a Walk.
type Info struct {
	Key     string
	Size    int64     // bytes
	ModTime time.Time // when it was committed, by the clock of the store
}

// Check stores a few bytes, reads them back and removes them: whoever has the right to look into a store need not have
// the right to write to it.
func Check(ctx context.Context, s Store) error {
	const trial = "confab was here"
	staged, err := s.Stage(ctx, strings.NewReader(trial), int64(len(trial)))
	if err != nil {
		return err
	}
	defer staged.Discard()
	key := NewKey()
	if err := staged.Commit(ctx, key); err != nil {
		return err
	}
	return errors.Join(readBack(ctx, s, key, trial), s.Delete(ctx, key))
}

func readBack(ctx context.Context, s Store, key, want string) error {
	r, err := s.Open(ctx, key)
	if err != nil {
		return err
	}
	defer r.Close() // it was only read
	if got, err := io.ReadAll(r); err != nil || string(got) != want {
		return fmt.Errorf("what was stored is not read back: %d bytes, %w", len(got), err)
	}
	return nil
}

// NewKey makes a fresh key: 128 random bits, so that nobody can guess one and folders fill evenly.
func NewKey() string {
	var b [keyLen / 2]byte
	rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// Variant is the key of something made from the blob under key, such as a thumbnail: name is a word of lower-case
// letters.
func Variant(key, name string) string { return key + "." + name }

// Base is the key that a variant was made from; a key that is no variant is its own base.
func Base(key string) string {
	base, _, _ := strings.Cut(key, ".")
	return base
}

// The lengths of a key without its variant, and of the variant's name.
const (
	keyLen     = 32
	maxVariant = 16
)

// ValidKey tells whether key has a form that NewKey or Variant gives. Everything else is refused before it can become
// part of a path or a URL.
func ValidKey(key string) bool {
	base, variant, isVariant := strings.Cut(key, ".")
	if len(base) != keyLen || strings.Trim(base, "0123456789abcdef") != "" {
		return false
	}
	return !isVariant || variant != "" && len(variant) <= maxVariant && strings.Trim(variant, "abcdefghijklmnopqrstuvwxyz") == ""
}
