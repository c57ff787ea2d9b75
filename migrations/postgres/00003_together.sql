-- +goose Up
ALTER TABLE chats ADD COLUMN description text NOT NULL DEFAULT '';
ALTER TABLE members ADD COLUMN archived_at timestamptz;

-- Who is named in a message. The chat and place are the message's, so that unread ones are a range.
CREATE TABLE mentions (
    message_id uuid NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    user_id    uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    chat_id    uuid NOT NULL,
    seq        bigint NOT NULL,
    PRIMARY KEY (message_id, user_id)
);
CREATE INDEX mentions_user_idx ON mentions (user_id, chat_id, seq);

CREATE TABLE pins (
    message_id uuid PRIMARY KEY REFERENCES messages (id) ON DELETE CASCADE,
    chat_id    uuid NOT NULL,
    pinned_by  uuid NOT NULL REFERENCES users (id),
    pinned_at  timestamptz NOT NULL
);
CREATE INDEX pins_chat_idx ON pins (chat_id, pinned_at DESC);

CREATE TABLE blocks (
    user_id    uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    blocked_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    at         timestamptz NOT NULL,
    PRIMARY KEY (user_id, blocked_id),
    CHECK (user_id <> blocked_id)
);
CREATE INDEX blocks_blocked_idx ON blocks (blocked_id);

CREATE TABLE invitations (
    id         uuid PRIMARY KEY,
    chat_id    uuid NOT NULL REFERENCES chats (id) ON DELETE CASCADE,
    token_hash bytea NOT NULL UNIQUE,
    created_by uuid NOT NULL REFERENCES users (id),
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    revoked_at timestamptz,
    max_uses   bigint NOT NULL CHECK (max_uses >= 0),
    uses       bigint NOT NULL CHECK (uses >= 0)
);
CREATE INDEX invitations_chat_idx ON invitations (chat_id, created_at DESC);

-- +goose Down
DROP TABLE invitations, blocks, pins, mentions;
ALTER TABLE members DROP COLUMN archived_at;
ALTER TABLE chats DROP COLUMN description;
