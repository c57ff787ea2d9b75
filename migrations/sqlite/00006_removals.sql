-- +goose Up
-- Who was removed from a group by somebody else. No invitation lets them in until they are added again.
CREATE TABLE removals (
    chat_id TEXT NOT NULL REFERENCES chats (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    at      INTEGER NOT NULL,
    PRIMARY KEY (chat_id, user_id)
) STRICT, WITHOUT ROWID;

-- +goose Down
DROP TABLE removals;
