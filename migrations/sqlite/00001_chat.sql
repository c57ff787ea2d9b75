-- Ids are UUIDs in their 36-character text form; times are INTEGER milliseconds since 1970 in UTC. Columns that end in
-- _folded are written by the server (Unicode case folding): what is compared and searched.

-- +goose Up
CREATE TABLE meta (
    key   TEXT PRIMARY KEY NOT NULL,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE users (
    id                  TEXT PRIMARY KEY NOT NULL,
    email               TEXT NOT NULL,
    email_folded        TEXT NOT NULL,
    username            TEXT NOT NULL,
    username_folded     TEXT NOT NULL,
    display_name        TEXT NOT NULL,
    name_folded         TEXT NOT NULL,
    password_hash       TEXT NOT NULL,
    avatar_id           TEXT REFERENCES attachments (id) ON DELETE SET NULL,
    share_read_receipts INTEGER NOT NULL CHECK (share_read_receipts IN (0, 1)),
    created_at          INTEGER NOT NULL,
    updated_at          INTEGER NOT NULL,
    last_seen_at        INTEGER,
    deleted_at          INTEGER
) STRICT;
-- A deleted account frees its names.
CREATE UNIQUE INDEX users_email_key ON users (email_folded) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX users_username_key ON users (username_folded) WHERE deleted_at IS NULL;
CREATE INDEX users_avatar_idx ON users (avatar_id) WHERE avatar_id IS NOT NULL;

CREATE TABLE sessions (
    id           TEXT PRIMARY KEY NOT NULL,
    user_id      TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    generation   INTEGER NOT NULL,
    rotated_at   INTEGER NOT NULL,
    user_agent   TEXT NOT NULL,
    address      TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    last_used_at INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL,
    revoked_at   INTEGER
) STRICT;
CREATE INDEX sessions_user_idx ON sessions (user_id, last_used_at DESC);
CREATE INDEX sessions_expires_idx ON sessions (expires_at);
CREATE INDEX sessions_revoked_idx ON sessions (revoked_at) WHERE revoked_at IS NOT NULL;

CREATE TABLE chats (
    id          TEXT PRIMARY KEY NOT NULL,
    type        TEXT NOT NULL CHECK (type IN ('direct', 'group')),
    name        TEXT NOT NULL,
    avatar_id   TEXT REFERENCES attachments (id) ON DELETE SET NULL,
    created_by  TEXT REFERENCES users (id) ON DELETE SET NULL,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    activity_at INTEGER NOT NULL,
    last_seq    INTEGER NOT NULL CHECK (last_seq >= 0),
    last_rev    INTEGER NOT NULL CHECK (last_rev >= last_seq),
    -- The two people of a direct chat, smaller id first: at most one such chat may exist.
    direct_key  TEXT UNIQUE,
    CHECK ((type = 'direct') = (direct_key IS NOT NULL))
) STRICT;
CREATE INDEX chats_created_by_idx ON chats (created_by);
CREATE INDEX chats_avatar_idx ON chats (avatar_id) WHERE avatar_id IS NOT NULL;

CREATE TABLE members (
    chat_id       TEXT NOT NULL REFERENCES chats (id) ON DELETE CASCADE,
    user_id       TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role          TEXT NOT NULL CHECK (role IN ('member', 'admin', 'owner')),
    joined_at     INTEGER NOT NULL,
    joined_seq    INTEGER NOT NULL,
    delivered_seq INTEGER NOT NULL,
    read_seq      INTEGER NOT NULL,
    muted_until   INTEGER,
    PRIMARY KEY (chat_id, user_id),
    CHECK (read_seq <= delivered_seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX members_user_idx ON members (user_id, chat_id);

CREATE TABLE messages (
    -- An explicit number for the row, which VACUUM keeps: full-text indexes refer to it.
    n            INTEGER PRIMARY KEY,
    id           TEXT NOT NULL UNIQUE,
    chat_id      TEXT NOT NULL REFERENCES chats (id) ON DELETE CASCADE,
    user_id      TEXT NOT NULL REFERENCES users (id),
    seq          INTEGER NOT NULL CHECK (seq > 0),
    rev          INTEGER NOT NULL CHECK (rev >= seq),
    kind         TEXT NOT NULL CHECK (kind IN ('text', 'audio', 'file', 'call', 'system')),
    content      TEXT NOT NULL,
    client_id    TEXT,
    payload_hash BLOB,
    reply_to     TEXT REFERENCES messages (id) ON DELETE SET NULL,
    meta         TEXT CHECK (meta IS NULL OR json_valid(meta)),
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    edited_at    INTEGER,
    deleted_at   INTEGER,
    UNIQUE (chat_id, seq),
    UNIQUE (chat_id, rev)
) STRICT;
CREATE UNIQUE INDEX messages_client_id_key ON messages (user_id, client_id) WHERE client_id IS NOT NULL;
CREATE INDEX messages_reply_idx ON messages (reply_to) WHERE reply_to IS NOT NULL;

CREATE TABLE reactions (
    n          INTEGER PRIMARY KEY AUTOINCREMENT,
    message_id TEXT NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    user_id    TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    emoji      TEXT NOT NULL,
    at         INTEGER NOT NULL,
    UNIQUE (message_id, emoji, user_id)
) STRICT;

CREATE TABLE receipt_marks (
    chat_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    kind    TEXT NOT NULL CHECK (kind IN ('delivered', 'read')),
    seq     INTEGER NOT NULL,
    at      INTEGER NOT NULL,
    PRIMARY KEY (chat_id, user_id, kind, seq),
    FOREIGN KEY (chat_id, user_id) REFERENCES members (chat_id, user_id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE TABLE attachments (
    id          TEXT PRIMARY KEY NOT NULL,
    owner_id    TEXT NOT NULL REFERENCES users (id),
    -- A deleted chat takes its attachments along (sqlstore.DeleteChat); their bytes are collected.
    message_id  TEXT REFERENCES messages (id) ON DELETE SET NULL,
    place       INTEGER NOT NULL,
    name        TEXT NOT NULL,
    mime        TEXT NOT NULL,
    size        INTEGER NOT NULL,
    width       INTEGER NOT NULL,
    height      INTEGER NOT NULL,
    duration_ms INTEGER NOT NULL,
    waveform    BLOB,
    blob_key    TEXT NOT NULL,
    created_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX attachments_message_idx ON attachments (message_id, place) WHERE message_id IS NOT NULL;
CREATE INDEX attachments_free_idx ON attachments (created_at, id) WHERE message_id IS NULL;
CREATE INDEX attachments_owner_idx ON attachments (owner_id, size);
CREATE INDEX attachments_blob_idx ON attachments (blob_key);

CREATE TABLE calls (
    id          TEXT PRIMARY KEY NOT NULL,
    chat_id     TEXT NOT NULL REFERENCES chats (id) ON DELETE CASCADE,
    started_by  TEXT NOT NULL REFERENCES users (id),
    started_at  INTEGER NOT NULL,
    answered_at INTEGER,
    ended_at    INTEGER,
    end_reason  TEXT NOT NULL
) STRICT;
CREATE INDEX calls_chat_idx ON calls (chat_id, started_at DESC, id DESC);
CREATE INDEX calls_open_idx ON calls (started_at) WHERE ended_at IS NULL;

CREATE TABLE call_participants (
    id        TEXT PRIMARY KEY NOT NULL,
    call_id   TEXT NOT NULL REFERENCES calls (id) ON DELETE CASCADE,
    user_id   TEXT NOT NULL REFERENCES users (id),
    joined_at INTEGER NOT NULL,
    left_at   INTEGER
) STRICT;
CREATE INDEX call_participants_call_idx ON call_participants (call_id, joined_at, id);

-- +goose Down
DROP TABLE call_participants;
DROP TABLE calls;
DROP TABLE receipt_marks;
DROP TABLE reactions;
PRAGMA defer_foreign_keys = ON;
UPDATE users SET avatar_id = NULL;
UPDATE chats SET avatar_id = NULL;
DROP TABLE attachments;
DROP TABLE messages;
DROP TABLE members;
DROP TABLE chats;
DROP TABLE sessions;
DROP TABLE users;
DROP TABLE meta;
