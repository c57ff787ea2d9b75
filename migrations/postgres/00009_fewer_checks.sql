-- +goose Up
-- Each of these references was looked up, and the row that it names locked, with every message. Who writes a message has the
-- chat's row locked and is a member of it, and accounts never go; what is left of a reference is that a message goes with its
-- chat, and its words with the message.
ALTER TABLE messages DROP CONSTRAINT messages_chat_id_fkey, DROP CONSTRAINT messages_user_id_fkey;
ALTER TABLE message_words DROP CONSTRAINT message_words_message_id_fkey;

-- +goose StatementBegin
CREATE FUNCTION forget_messages() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM messages WHERE chat_id = old.id;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER chats_messages AFTER DELETE ON chats FOR EACH ROW EXECUTE FUNCTION forget_messages();

-- +goose StatementBegin
CREATE FUNCTION forget_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM message_words WHERE message_id = old.id;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER messages_unindexed AFTER DELETE ON messages FOR EACH ROW EXECUTE FUNCTION forget_words();

-- +goose Down
DROP TRIGGER messages_unindexed ON messages;
DROP FUNCTION forget_words;
DROP TRIGGER chats_messages ON chats;
DROP FUNCTION forget_messages;
ALTER TABLE message_words ADD FOREIGN KEY (message_id) REFERENCES messages (id) ON DELETE CASCADE;
ALTER TABLE messages ADD FOREIGN KEY (chat_id) REFERENCES chats (id) ON DELETE CASCADE,
    ADD FOREIGN KEY (user_id) REFERENCES users (id);
