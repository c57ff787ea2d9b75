-- +goose Up
ALTER TABLE chats ADD COLUMN description TEXT NOT NULL DEFAULT '';
ALTER TABLE members ADD COLUMN archived_at INTEGER;

-- Who is named in a message. The chat and place are the message's, so that unread ones are a range.
CREATE TABLE mentions (
    message_id TEXT NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    user_id    TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    chat_id    TEXT NOT NULL,
    seq        INTEGER NOT NULL,
    PRIMARY KEY (message_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX mentions_user_idx ON mentions (user_id, chat_id, seq);

CREATE TABLE pins (
    message_id TEXT PRIMARY KEY NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    chat_id    TEXT NOT NULL,
    pinned_by  TEXT NOT NULL REFERENCES users (id),
    pinned_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX pins_chat_idx ON pins (chat_id, pinned_at DESC);

CREATE TABLE blocks (
    user_id    TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    blocked_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    at         INTEGER NOT NULL,
    PRIMARY KEY (user_id, blocked_id),
    CHECK (user_id <> blocked_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX blocks_blocked_idx ON blocks (blocked_id);

CREATE TABLE invitations (
    id         TEXT PRIMARY KEY NOT NULL,
    chat_id    TEXT NOT NULL REFERENCES chats (id) ON DELETE CASCADE,
    token_hash BLOB NOT NULL UNIQUE,
    created_by TEXT NOT NULL REFERENCES users (id),
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    revoked_at INTEGER,
    max_uses   INTEGER NOT NULL CHECK (max_uses >= 0),
    uses       INTEGER NOT NULL CHECK (uses >= 0)
) STRICT;
CREATE INDEX invitations_chat_idx ON invitations (chat_id, created_at DESC);

-- +goose Down
DROP TABLE invitations;
DROP TABLE blocks;
DROP TABLE pins;
DROP TABLE mentions;
ALTER TABLE members DROP COLUMN archived_at;
ALTER TABLE chats DROP COLUMN description;
