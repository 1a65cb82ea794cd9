-- When the message was pinned. NULL: it is not.
ALTER TABLE messages ADD COLUMN pinned_at BIGINT;

-- Finds the pinned messages of a conversation: one row for each message with a `pinned_at`. A table and not an index,
-- because building an index reads all messages.
CREATE TABLE pinned_messages (
    conversation_id BLOB NOT NULL REFERENCES conversations (id),
    seq BIGINT NOT NULL,
    PRIMARY KEY (conversation_id, seq)
) WITHOUT ROWID;
