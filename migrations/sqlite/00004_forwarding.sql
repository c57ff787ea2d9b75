-- +goose Up
-- Who wrote first, and when, what was passed on in this message. Accounts never go, so that nothing need be referred to.
ALTER TABLE messages ADD COLUMN forwarded_user TEXT;
ALTER TABLE messages ADD COLUMN forwarded_at INTEGER;

-- +goose Down
ALTER TABLE messages DROP COLUMN forwarded_at;
ALTER TABLE messages DROP COLUMN forwarded_user;
