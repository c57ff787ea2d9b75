-- +goose Up
-- What messages are found by; the server writes the words (store/fulltext). Only the index is kept, not the text again.
CREATE VIRTUAL TABLE message_words USING fts5 (
    words, content = '', contentless_delete = 1, tokenize = "unicode61 remove_diacritics 0 categories 'L* N* M* Co'"
);
-- +goose StatementBegin
CREATE TRIGGER messages_unindexed AFTER DELETE ON messages BEGIN
    DELETE FROM message_words WHERE rowid = old.n;
END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER messages_unindexed;
DROP TABLE message_words;
