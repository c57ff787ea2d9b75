package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Dir keeps blobs as files of one folder, which nobody but this user can read:
//
//	staging/upload-123     uploads that are under way
//	3f/3f0c…               blobs, sharded by the first two characters of the key
//
// 256 shards keep a folder below some thousands of files up to a million attachments. The folder belongs to one running
// server; several servers share an S3.
type Dir struct {
	root string
}

var _ Store = (*Dir)(nil)

const stagingFolder = "staging"

// OpenDir makes the folder where it is missing, and removes the uploads that a crash cut off.
func OpenDir(root string) (*Dir, error) {
	staging := filepath.Join(root, stagingFolder)
	if err := os.MkdirAll(staging, 0o700); err != nil {
		return nil, fmt.Errorf("folder for attachments: %w", err)
	}
	if err := emptyFolder(staging); err != nil {
		return nil, fmt.Errorf("folder for attachments: %w", err)
	}
	return &Dir{root: root}, nil
}

// emptyFolder removes what a crashed process left in a folder that holds nothing lasting.
func emptyFolder(folder string) error {
	left, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	for _, entry := range left {
		if err := os.Remove(filepath.Join(folder, entry.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

func (d *Dir) path(key string) string { return filepath.Join(d.root, key[:2], key) }

// Stage implements Store.
func (d *Dir) Stage(ctx context.Context, r io.Reader, limit int64) (*Staged, error) {
	s, err := stage(ctx, filepath.Join(d.root, stagingFolder), r, limit)
	if err != nil {
		return nil, err
	}
	s.commit = d.commit
	return s, nil
}

// commit puts the file in its place. The order matters: first its bytes reach the disk, then its name does, so that
// after a crash the name is either missing or stands for the whole file.
func (d *Dir) commit(_ context.Context, key string, file *os.File) error {
	if err := file.Sync(); err != nil {
		return err
	}
	final := d.path(key)
	shard := filepath.Dir(final)
	switch err := os.Mkdir(shard, 0o700); {
	case err == nil:
		if err := syncFolder(d.root); err != nil {
			return err
		}
	case !errors.Is(err, fs.ErrExist):
		return err
	}
	if err := os.Rename(file.Name(), final); err != nil {
		return err
	}
	return syncFolder(shard)
}

// syncFolder makes the names in a folder durable.
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// Open implements Store.
func (d *Dir) Open(_ context.Context, key string) (Reader, error) {
	if !ValidKey(key) {
		return nil, ErrNotFound
	}
	file, err := os.Open(d.path(key))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("open blob: %w", err)
	}
	info, err := file.Stat()
	if err != nil {
		return nil, fmt.Errorf("open blob: %w", errors.Join(err, file.Close()))
	}
	return &openFile{File: file, size: info.Size()}, nil
}

// openFile is a file of known size.
type openFile struct {
	*os.File
	size int64
}

func (f *openFile) Size() int64 { return f.size }

// Delete implements Store. The name may come back after a crash of the machine, as an orphan that is collected again.
func (d *Dir) Delete(_ context.Context, key string) error {
	if !ValidKey(key) {
		return nil
	}
	if err := os.Remove(d.path(key)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("delete blob: %w", err)
	}
	return nil
}

// Walk implements Store.
func (d *Dir) Walk(ctx context.Context, fn func(Info) error) error {
	shards, err := os.ReadDir(d.root)
	if err != nil {
		return fmt.Errorf("walk blobs: %w", err)
	}
	for _, shard := range shards {
		if !shard.IsDir() || shard.Name() == stagingFolder {
			continue
		}
		if err := d.walkShard(ctx, shard.Name(), fn); err != nil {
			return err
		}
	}
	return nil
}

func (d *Dir) walkShard(ctx context.Context, shard string, fn func(Info) error) error {
	entries, err := os.ReadDir(filepath.Join(d.root, shard))
	if err != nil {
		return fmt.Errorf("walk blobs: %w", err)
	}
	for _, entry := range entries {
		if err := ctx.Err(); err != nil {
			return err
		}
		key := entry.Name()
		if !ValidKey(key) || key[:2] != shard || !entry.Type().IsRegular() {
			continue
		}
		info, err := entry.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue // deleted since
		}
		if err != nil {
			return fmt.Errorf("walk blobs: %w", err)
		}
		if err := fn(Info{Key: key, Size: info.Size(), ModTime: info.ModTime()}); err != nil {
			return err
		}
	}
	return nil
}
