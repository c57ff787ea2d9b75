package blob

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
)

// Staged is an upload that arrived whole and is not a blob yet. Exactly one Commit or any number of Discards end it;
// Discard after Commit does nothing, so it can be deferred.
type Staged struct {
	file   *os.File // nil once committed or discarded
	commit func(ctx context.Context, key string, file *os.File) error

	size int64
	sum  [sha256.Size]byte
}

// Size is the length in bytes.
func (s *Staged) Size() int64 { return s.size }

// SHA256 is the digest of the bytes.
func (s *Staged) SHA256() [sha256.Size]byte { return s.sum }

// ReadAt implements io.ReaderAt, until Commit or Discard.
func (s *Staged) ReadAt(p []byte, off int64) (int, error) {
	if s.file == nil {
		return 0, os.ErrClosed
	}
	return s.file.ReadAt(p, off)
}

// Commit makes the bytes a blob. When it returns nil they survive a crash of the machine; when it fails (ErrNoSpace,
// ErrBadKey, or what the service said) there is no blob, and the Staged still wants to be discarded.
func (s *Staged) Commit(ctx context.Context, key string) error {
	if !ValidKey(key) {
		return ErrBadKey
	}
	if s.file == nil {
		return fmt.Errorf("commit blob: %w", os.ErrClosed)
	}
	if err := s.commit(ctx, key, s.file); err != nil {
		return fmt.Errorf("commit blob: %w", spaceError(err))
	}
	s.Discard()
	return nil
}

// Discard forgets what was not committed.
func (s *Staged) Discard() {
	if s.file == nil {
		return
	}
	s.file.Close()
	os.Remove(s.file.Name()) // gone already when it was renamed into its place
	s.file = nil
}

// stage copies r into a fresh file of folder.
func stage(ctx context.Context, folder string, r io.Reader, limit int64) (*Staged, error) {
	file, err := os.CreateTemp(folder, "upload-*") // mode 0600
	if err != nil {
		return nil, fmt.Errorf("stage upload: %w", spaceError(err))
	}
	s := &Staged{file: file}
	hash := sha256.New()
	// One byte over the limit is enough to know.
	s.size, err = io.Copy(io.MultiWriter(file, hash), io.LimitReader(&readerUntilDone{ctx, r}, limit+1))
	if err == nil && s.size > limit {
		err = ErrTooLarge
	}
	if err != nil {
		s.Discard()
		return nil, fmt.Errorf("stage upload: %w", spaceError(err))
	}
	hash.Sum(s.sum[:0])
	return s, nil
}

// readerUntilDone ends a copy between two reads once its context is done.
type readerUntilDone struct {
	ctx context.Context
	r   io.Reader
}

func (r *readerUntilDone) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(p)
}

// spaceError marks the system's ways to say "full" as ErrNoSpace.
func spaceError(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fmt.Errorf("%w: %w", ErrNoSpace, err)
	}
	return err
}
