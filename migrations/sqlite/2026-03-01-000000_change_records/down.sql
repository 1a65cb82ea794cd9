-- Fails if there are changes of kinds that the previous release does not know.
CREATE TABLE old_changes (
    conversation_id BLOB NOT NULL REFERENCES conversations (id),
    pos BIGINT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('created', 'updated', 'participant_added', 'participant_removed')),
    at BIGINT NOT NULL,
    user_id BLOB REFERENCES users (id),
    role TEXT CHECK (role IN ('admin', 'member')),
    member_ids BLOB,
    PRIMARY KEY (conversation_id, pos)
) WITHOUT ROWID;

INSERT INTO old_changes (conversation_id, pos, kind, at, user_id, role, member_ids)
SELECT conversation_id, pos, kind, at, user_id, role, member_ids FROM conversation_changes;

DROP TABLE conversation_changes;
ALTER TABLE old_changes RENAME TO conversation_changes;
