-- +goose Up
-- Who wrote first, and when, what was passed on in this message. Accounts never go, so that nothing need be referred to.
ALTER TABLE messages ADD COLUMN forwarded_user uuid, ADD COLUMN forwarded_at timestamptz;

-- +goose Down
ALTER TABLE messages DROP COLUMN forwarded_user, DROP COLUMN forwarded_at;
