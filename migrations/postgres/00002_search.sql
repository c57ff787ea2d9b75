-- +goose Up
-- What messages are found by; the server writes the words (store/fulltext).
CREATE TABLE message_words (
    message_id uuid PRIMARY KEY REFERENCES messages (id) ON DELETE CASCADE,
    words      tsvector NOT NULL
);
CREATE INDEX message_words_idx ON message_words USING gin (words);

-- +goose Down
DROP TABLE message_words;
