-- +goose Up
-- Messages whose words are to be written anew, which the server does when it starts. Now it is those with files, which
-- are found by their names from here on.
CREATE TABLE words_due (
    message_id uuid PRIMARY KEY REFERENCES messages (id) ON DELETE CASCADE
);
INSERT INTO words_due SELECT DISTINCT message_id FROM attachments WHERE message_id IS NOT NULL;

-- +goose Down
DROP TABLE words_due;
