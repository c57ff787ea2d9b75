-- +goose Up
-- Who wrote first, and when, what was passed on in this message. Accounts never go, so that nothing need be referred to.
ALTER TABLE messages ADD COLUMN forwarded_user uuid, ADD COLUMN forwarded_at timestamptz;

-- What forwarded files share counts once toward a quota.
DROP INDEX attachments_owner_idx;
CREATE INDEX attachments_owner_idx ON attachments (owner_id, blob_key, size);

-- +goose Down
DROP INDEX attachments_owner_idx;
CREATE INDEX attachments_owner_idx ON attachments (owner_id, size);
ALTER TABLE messages DROP COLUMN forwarded_user, DROP COLUMN forwarded_at;
