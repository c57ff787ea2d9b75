-- +goose Up
-- When the second factor was turned on; NULL: it is off, and a row of totp is one that waits to be confirmed.
ALTER TABLE users ADD COLUMN totp_at timestamptz;

CREATE TABLE totp (
    user_id    uuid PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    secret     bytea NOT NULL,
    last_step  bigint NOT NULL,
    created_at timestamptz NOT NULL
);

CREATE TABLE recovery_codes (
    user_id   uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    code_hash bytea NOT NULL,
    PRIMARY KEY (user_id, code_hash)
);

-- +goose Down
DROP TABLE recovery_codes, totp;
ALTER TABLE users DROP COLUMN totp_at;
