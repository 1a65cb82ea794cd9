-- The `pos` of a message's last change. NULL: it has not changed since it was sent, so that sends do not write it.
ALTER TABLE messages ADD COLUMN changed_pos BIGINT;
ALTER TABLE messages ADD COLUMN deleted_by BLOB;

-- Finds the messages that changed after a `pos`: one row for each message with a `changed_pos`. A table and not an
-- index, because building an index reads all messages.
CREATE TABLE changed_messages (
    conversation_id BLOB NOT NULL REFERENCES conversations (id),
    changed_pos BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    PRIMARY KEY (conversation_id, changed_pos)
) WITHOUT ROWID;

-- The content that an edit replaced, with the time and the `pos` of that edit.
CREATE TABLE message_versions (
    message_id BLOB NOT NULL,
    version BIGINT NOT NULL CHECK (version >= 1),
    body TEXT NOT NULL,
    attachment TEXT,
    edited_at BIGINT NOT NULL,
    pos BIGINT NOT NULL,
    PRIMARY KEY (message_id, version)
) WITHOUT ROWID;
