-- +goose Up
-- Who was removed from a group by somebody else. No invitation lets them in until they are added again.
CREATE TABLE removals (
    chat_id uuid NOT NULL REFERENCES chats (id) ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    at      timestamptz NOT NULL,
    PRIMARY KEY (chat_id, user_id)
);

-- +goose Down
DROP TABLE removals;
