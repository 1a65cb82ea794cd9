-- The `pos` of a message's last change. NULL: it has not changed since it was sent, so that sends do not write it.
ALTER TABLE messages
    ADD COLUMN changed_pos BIGINT,
    ADD COLUMN deleted_by UUID;

-- Finds the messages that changed after a `pos`: one row for each message with a `changed_pos`. A table and not an
-- index, because building an index reads all messages. No foreign keys: they would lock rows after the conversation's.
CREATE TABLE changed_messages (
    conversation_id UUID NOT NULL,
    changed_pos BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    PRIMARY KEY (conversation_id, changed_pos)
);

-- The content that an edit replaced, with the time and the `pos` of that edit.
CREATE TABLE message_versions (
    message_id UUID NOT NULL,
    version BIGINT NOT NULL CHECK (version >= 1),
    body TEXT NOT NULL,
    attachment TEXT,
    edited_at BIGINT NOT NULL,
    pos BIGINT NOT NULL,
    PRIMARY KEY (message_id, version)
);
