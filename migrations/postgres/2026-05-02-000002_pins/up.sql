-- When the message was pinned. NULL: it is not.
ALTER TABLE messages ADD COLUMN pinned_at BIGINT;

-- Finds the pinned messages of a conversation: one row for each message with a `pinned_at`. A table and not an index,
-- because building an index reads all messages. No foreign keys: they would lock rows after the conversation's.
CREATE TABLE pinned_messages (
    conversation_id UUID NOT NULL,
    seq BIGINT NOT NULL,
    PRIMARY KEY (conversation_id, seq)
);
