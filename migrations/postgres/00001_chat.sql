-- Columns that end in _folded are written by the server (Unicode case folding): what is compared and searched. They
-- are COLLATE "C", so that order and equality are the same whatever locale the cluster was made with.

-- +goose Up
CREATE TABLE meta (
    key   text PRIMARY KEY,
    value text NOT NULL
);

CREATE TABLE users (
    id                  uuid PRIMARY KEY,
    email               text NOT NULL,
    email_folded        text COLLATE "C" NOT NULL,
    username            text NOT NULL,
    username_folded     text COLLATE "C" NOT NULL,
    display_name        text NOT NULL,
    name_folded         text COLLATE "C" NOT NULL,
    password_hash       text NOT NULL,
    avatar_id           uuid,
    share_read_receipts boolean NOT NULL,
    created_at          timestamptz NOT NULL,
    updated_at          timestamptz NOT NULL,
    last_seen_at        timestamptz,
    deleted_at          timestamptz
);
-- A deleted account frees its names.
CREATE UNIQUE INDEX users_email_key ON users (email_folded) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX users_username_key ON users (username_folded) WHERE deleted_at IS NULL;

CREATE TABLE sessions (
    id           uuid PRIMARY KEY,
    user_id      uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    generation   bigint NOT NULL,
    rotated_at   timestamptz NOT NULL,
    user_agent   text NOT NULL,
    address      text NOT NULL,
    created_at   timestamptz NOT NULL,
    last_used_at timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    revoked_at   timestamptz
);
CREATE INDEX sessions_user_idx ON sessions (user_id, last_used_at DESC);
CREATE INDEX sessions_expires_idx ON sessions (expires_at);
CREATE INDEX sessions_revoked_idx ON sessions (revoked_at) WHERE revoked_at IS NOT NULL;

CREATE TABLE chats (
    id          uuid PRIMARY KEY,
    type        text NOT NULL CHECK (type IN ('direct', 'group')),
    name        text NOT NULL,
    avatar_id   uuid,
    created_by  uuid REFERENCES users (id) ON DELETE SET NULL,
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL,
    activity_at timestamptz NOT NULL,
    last_seq    bigint NOT NULL CHECK (last_seq >= 0),
    last_rev    bigint NOT NULL CHECK (last_rev >= last_seq),
    -- The two people of a direct chat, smaller id first: at most one such chat may exist.
    direct_key  text COLLATE "C" UNIQUE,
    CHECK ((type = 'direct') = (direct_key IS NOT NULL))
);
CREATE INDEX chats_created_by_idx ON chats (created_by);

CREATE TABLE members (
    chat_id       uuid NOT NULL REFERENCES chats (id) ON DELETE CASCADE,
    user_id       uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role          text NOT NULL CHECK (role IN ('member', 'admin', 'owner')),
    joined_at     timestamptz NOT NULL,
    joined_seq    bigint NOT NULL,
    delivered_seq bigint NOT NULL,
    read_seq      bigint NOT NULL,
    muted_until   timestamptz,
    PRIMARY KEY (chat_id, user_id),
    CHECK (read_seq <= delivered_seq)
);
CREATE INDEX members_user_idx ON members (user_id, chat_id);

CREATE TABLE messages (
    id           uuid PRIMARY KEY,
    chat_id      uuid NOT NULL REFERENCES chats (id) ON DELETE CASCADE,
    user_id      uuid NOT NULL REFERENCES users (id),
    seq          bigint NOT NULL CHECK (seq > 0),
    rev          bigint NOT NULL CHECK (rev >= seq),
    kind         text NOT NULL CHECK (kind IN ('text', 'audio', 'file', 'call', 'system')),
    content      text NOT NULL,
    client_id    text COLLATE "C",
    payload_hash bytea,
    reply_to     uuid REFERENCES messages (id) ON DELETE SET NULL,
    meta         json,
    created_at   timestamptz NOT NULL,
    updated_at   timestamptz NOT NULL,
    edited_at    timestamptz,
    deleted_at   timestamptz,
    UNIQUE (chat_id, seq),
    UNIQUE (chat_id, rev)
);
CREATE UNIQUE INDEX messages_client_id_key ON messages (user_id, client_id) WHERE client_id IS NOT NULL;
CREATE INDEX messages_reply_idx ON messages (reply_to) WHERE reply_to IS NOT NULL;

CREATE TABLE reactions (
    n          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    message_id uuid NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    user_id    uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    emoji      text COLLATE "C" NOT NULL,
    at         timestamptz NOT NULL,
    UNIQUE (message_id, emoji, user_id)
);

CREATE TABLE receipt_marks (
    chat_id uuid NOT NULL,
    user_id uuid NOT NULL,
    kind    text COLLATE "C" NOT NULL CHECK (kind IN ('delivered', 'read')),
    seq     bigint NOT NULL,
    at      timestamptz NOT NULL,
    PRIMARY KEY (chat_id, user_id, kind, seq),
    FOREIGN KEY (chat_id, user_id) REFERENCES members (chat_id, user_id) ON DELETE CASCADE
);

CREATE TABLE attachments (
    id          uuid PRIMARY KEY,
    owner_id    uuid NOT NULL REFERENCES users (id),
    -- A deleted chat takes its attachments along (sqlstore.DeleteChat); their bytes are collected.
    message_id  uuid REFERENCES messages (id) ON DELETE SET NULL,
    place       integer NOT NULL,
    name        text NOT NULL,
    mime        text NOT NULL,
    size        bigint NOT NULL,
    width       integer NOT NULL,
    height      integer NOT NULL,
    duration_ms bigint NOT NULL,
    waveform    bytea,
    blob_key    text NOT NULL,
    created_at  timestamptz NOT NULL
);
CREATE INDEX attachments_message_idx ON attachments (message_id, place) WHERE message_id IS NOT NULL;
CREATE INDEX attachments_free_idx ON attachments (created_at, id) WHERE message_id IS NULL;
CREATE INDEX attachments_owner_idx ON attachments (owner_id, size);
CREATE INDEX attachments_blob_idx ON attachments (blob_key);

ALTER TABLE users ADD FOREIGN KEY (avatar_id) REFERENCES attachments (id) ON DELETE SET NULL;
ALTER TABLE chats ADD FOREIGN KEY (avatar_id) REFERENCES attachments (id) ON DELETE SET NULL;
CREATE INDEX users_avatar_idx ON users (avatar_id) WHERE avatar_id IS NOT NULL;
CREATE INDEX chats_avatar_idx ON chats (avatar_id) WHERE avatar_id IS NOT NULL;

CREATE TABLE calls (
    id          uuid PRIMARY KEY,
    chat_id     uuid NOT NULL REFERENCES chats (id) ON DELETE CASCADE,
    started_by  uuid NOT NULL REFERENCES users (id),
    started_at  timestamptz NOT NULL,
    answered_at timestamptz,
    ended_at    timestamptz,
    end_reason  text NOT NULL
);
CREATE INDEX calls_chat_idx ON calls (chat_id, started_at DESC, id DESC);
CREATE INDEX calls_open_idx ON calls (started_at) WHERE ended_at IS NULL;

CREATE TABLE call_participants (
    id        uuid PRIMARY KEY,
    call_id   uuid NOT NULL REFERENCES calls (id) ON DELETE CASCADE,
    user_id   uuid NOT NULL REFERENCES users (id),
    joined_at timestamptz NOT NULL,
    left_at   timestamptz
);
CREATE INDEX call_participants_call_idx ON call_participants (call_id, joined_at, id);

-- +goose Down
ALTER TABLE users DROP COLUMN avatar_id;
ALTER TABLE chats DROP COLUMN avatar_id;
DROP TABLE call_participants, calls, attachments, receipt_marks, reactions, messages, members, chats, sessions, users, meta;
