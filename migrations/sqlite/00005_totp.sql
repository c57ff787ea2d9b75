-- +goose Up
-- When the second factor was turned on; NULL: it is off, and a row of totp is one that waits to be confirmed.
ALTER TABLE users ADD COLUMN totp_at INTEGER;

CREATE TABLE totp (
    user_id    TEXT PRIMARY KEY NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    secret     BLOB NOT NULL,
    last_step  INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE recovery_codes (
    user_id   TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    code_hash BLOB NOT NULL,
    PRIMARY KEY (user_id, code_hash)
) STRICT, WITHOUT ROWID;

-- +goose Down
DROP TABLE recovery_codes;
DROP TABLE totp;
ALTER TABLE users DROP COLUMN totp_at;
