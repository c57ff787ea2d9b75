package sqlstore

import (
	"context"
	"time"

	"confab/store"
)

// unshown is the condition that an upload is nobody's avatar and no group's picture.
const unshown = `NOT EXISTS (SELECT 1 FROM users u WHERE u.avatar_id = a.id)
			AND NOT EXISTS (SELECT 1 FROM chats c WHERE c.avatar_id = a.id)`

const attachmentColumns = `a.id, a.owner_id, a.message_id, a.name, a.mime, a.size, a.width, a.height, a.duration_ms,
	a.waveform, a.blob_key, a.created_at`

func scanAttachment(r Row) (a store.Attachment, err error) {
	err = r.Scan(toID{&a.ID}, toID{&a.OwnerID}, toID{&a.MessageID}, &a.Name, &a.Mime, &a.Size, &a.Width, &a.Height,
		&a.DurationMs, &a.Waveform, &a.BlobKey, toTime{&a.CreatedAt})
	return a, err
}

// CreateAttachment implements store.Attachments.
func (t *Tx) CreateAttachment(ctx context.Context, a store.Attachment) error {
	_, err := t.exec(ctx, "create attachment", `INSERT INTO attachments (id, owner_id, message_id, place, name, mime, size,
			width, height, duration_ms, waveform, blob_key, created_at)
		VALUES ($1, $2, $3, 0, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		id(a.ID), id(a.OwnerID), id(a.MessageID), a.Name, a.Mime, a.Size, a.Width, a.Height, a.DurationMs, blobOrNull(a.Waveform),
		a.BlobKey, t.at(a.CreatedAt))
	return err
}

// Attachment implements store.Attachments.
func (t *Tx) Attachment(ctx context.Context, attachmentID store.ID) (store.Attachment, error) {
	return one(ctx, t, "find attachment", scanAttachment,
		`SELECT `+attachmentColumns+` FROM attachments a WHERE a.id = $1`, id(attachmentID))
}

// AttachToMessage implements store.Attachments.
func (t *Tx) AttachToMessage(ctx context.Context, messageID, owner store.ID, attachmentIDs []store.ID) error {
	const what = "attach to message"
	free, err := many(ctx, t, what, scanID, `SELECT a.id FROM attachments a
		WHERE a.id IN {$1} AND a.owner_id = $2 AND a.message_id IS NULL AND `+unshown+`
		ORDER BY a.id {lock}`,
		t.ids(attachmentIDs), id(owner))
	if err != nil {
		return err
	}
	// An id that is named twice is not free for the second time, and makes the counts differ too.
	if len(free) != len(attachmentIDs) {
		return failed(what, store.ErrNotFound)
	}
	for place, a := range attachmentIDs {
		if err := t.execOne(ctx, what, `UPDATE attachments SET message_id = $2, place = $3 WHERE id = $1`,
			id(a), id(messageID), place); err != nil {
			return err
		}
	}
	if len(attachmentIDs) == 0 {
		return nil
	}
	return t.indexAgain(ctx, messageID)
}

// DeleteAttachment implements store.Attachments.
func (t *Tx) DeleteAttachment(ctx context.Context, attachmentID store.ID) error {
	return t.execOne(ctx, "delete attachment", `DELETE FROM attachments WHERE id = $1`, id(attachmentID))
}

// DeleteAttachmentsOf implements store.Attachments.
func (t *Tx) DeleteAttachmentsOf(ctx context.Context, messageID store.ID) error {
	n, err := t.exec(ctx, "delete attachments", `DELETE FROM attachments WHERE message_id = $1`, id(messageID))
	if err != nil || n == 0 {
		return err
	}
	return t.indexAgain(ctx, messageID)
}

// FreeAttachments implements store.Attachments.
func (t *Tx) FreeAttachments(ctx context.Context, before time.Time, limit int) ([]store.Attachment, error) {
	return many(ctx, t, "list free attachments", scanAttachment, `SELECT `+attachmentColumns+` FROM attachments a
		WHERE a.message_id IS NULL AND a.created_at < $1
			AND `+unshown+`
		ORDER BY a.created_at, a.id LIMIT $2 {lock}`, t.at(before), limit)
}

// AttachmentsOf implements store.Attachments.
func (t *Tx) AttachmentsOf(ctx context.Context, owner, after store.ID, limit int) ([]store.Attachment, error) {
	if after == "" {
		after = nobody
	}
	return many(ctx, t, "list attachments of an owner", scanAttachment, `SELECT `+attachmentColumns+` FROM attachments a
		WHERE a.owner_id = $1 AND a.id > $2 ORDER BY a.id LIMIT $3`, id(owner), id(after), limit)
}

// AttachmentBytes implements store.Attachments.
func (t *Tx) AttachmentBytes(ctx context.Context, owner store.ID) (int64, error) {
	return one(ctx, t, "add up attachments", scanInt,
		`SELECT CAST(COALESCE(SUM(b.size), 0) AS bigint)
			FROM (SELECT DISTINCT blob_key, size FROM attachments WHERE owner_id = $1) AS b`, id(owner))
}

// BlobInUse implements store.Attachments.
func (t *Tx) BlobInUse(ctx context.Context, key string) (bool, error) {
	n, err := one(ctx, t, "find blob", scanInt,
		`SELECT CAST(COUNT(*) AS bigint) FROM (SELECT 1 FROM attachments WHERE blob_key = $1 LIMIT 1) AS found`, key)
	return n > 0, err
}

func scanInt(r Row) (n int64, err error) {
	err = r.Scan(&n)
	return n, err
}
