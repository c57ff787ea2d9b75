package attach

import (
	"context"
	"errors"
	"time"

	"confab/internal/blob"
	"confab/store"
)

// collectBatch is how many rows or blobs are looked at in one transaction: few enough that nobody waits for it.
const collectBatch = 100

// Collected tells what Collect removed.
type Collected struct {
	Rows  int // uploads that no message carries
	Blobs int // bytes that no row names
}

// Run collects at every tick until ctx is done. A failure is logged, and the next tick tries again.
func (s *Service) Run(ctx context.Context, ticks <-chan time.Time) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks:
		}
		switch done, err := s.Collect(ctx); {
		case err != nil && ctx.Err() == nil:
			s.log.Warn("attachments could not be collected", "err", err)
		case done != Collected{}:
			s.log.Info("attachments collected", "unsent", done.Rows, "orphans", done.Blobs)
		}
	}
}

// Collect removes what nobody uses and nothing is older than Grace of: uploads that were never sent, avatars that were
// replaced, files of deleted messages and chats; then blobs without a row, which a crash leaves. It may run beside
// everything else, but not beside itself.
func (s *Service) Collect(ctx context.Context) (done Collected, err error) {
	before := s.now().Add(-Grace)
	for {
		rows, err := s.collectRows(ctx, before)
		done.Rows += rows
		if err != nil {
			return done, err
		}
		if rows < collectBatch {
			break
		}
	}
	done.Blobs, err = s.collectBlobs(ctx, before)
	return done, err
}

// collectRows removes one batch of rows, and after the commit the bytes that no other row shares.
func (s *Service) collectRows(ctx context.Context, before time.Time) (int, error) {
	var rows int
	var keys []string
	err := s.store.Update(ctx, func(tx store.Tx) error {
		rows, keys = 0, nil // it may run again
		free, err := tx.FreeAttachments(ctx, before, collectBatch)
		if err != nil {
			return err
		}
		for _, a := range free {
			if err := tx.DeleteAttachment(ctx, a.ID); err != nil {
				return err
			}
			rows++
		}
		for _, a := range free {
			used, err := tx.BlobInUse(ctx, a.BlobKey)
			if err != nil {
				return err
			}
			if !used {
				keys = append(keys, a.BlobKey)
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	for _, key := range keys {
		s.deleteBlob(ctx, key)
	}
	return rows, nil
}

// collectBlobs removes old blobs that no row names.
func (s *Service) collectBlobs(ctx context.Context, before time.Time) (removed int, err error) {
	var batch []string
	flush := func() error {
		orphans, err := s.orphans(ctx, batch)
		batch = batch[:0]
		for _, key := range orphans {
			if err := s.blobs.Delete(ctx, key); err != nil {
				return err
			}
			removed++
		}
		return err
	}
	err = s.blobs.Walk(ctx, func(i blob.Info) error {
		// The store's clock, not ours, dates a blob; Grace is wide enough for both.
		if i.ModTime.Before(before) {
			batch = append(batch, i.Key)
		}
		if len(batch) == collectBatch {
			return flush()
		}
		return nil
	})
	if err != nil {
		return removed, err
	}
	err = flush()
	return removed, err
}

// orphans picks the keys that no row names.
func (s *Service) orphans(ctx context.Context, keys []string) (orphans []string, err error) {
	err = s.store.View(ctx, func(tx store.Tx) error {
		for _, key := range keys {
			used, err := tx.BlobInUse(ctx, blob.Base(key))
			if err != nil {
				return err
			}
			if !used {
				orphans = append(orphans, key)
			}
		}
		return nil
	})
	return orphans, err
}

// deleteBlob removes a picture and its thumbnail. A failure only delays it: what stays is an orphan.
func (s *Service) deleteBlob(ctx context.Context, key string) {
	if err := errors.Join(s.blobs.Delete(ctx, key), s.blobs.Delete(ctx, blob.Variant(key, thumb))); err != nil {
		s.log.Warn("a blob could not be deleted yet", "err", err)
	}
}
