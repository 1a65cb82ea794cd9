-- The set of kinds of change becomes open: a release reads rows of kinds that only a later release knows. SQLite needs
-- a new table to remove the check of kinds. `effect` says who joins or leaves by a change, even if the kind is unknown:
-- the users in `member_ids`, 16 bytes each, or the one in `user_id` if `member_ids` is NULL.
CREATE TABLE change_records (
    conversation_id BLOB NOT NULL REFERENCES conversations (id),
    pos BIGINT NOT NULL,
    kind TEXT NOT NULL CHECK (length(kind) BETWEEN 1 AND 32),
    at BIGINT NOT NULL,
    -- The user whom the change is about, and the role that the change gives them.
    user_id BLOB REFERENCES users (id),
    role TEXT,
    member_ids BLOB CHECK (length(member_ids) <= 16000),
    effect TEXT,
    -- The user who made the change.
    actor_id BLOB,
    message_id BLOB,
    -- A JSON object.
    detail TEXT CHECK (length(CAST(detail AS BLOB)) <= 1024),
    PRIMARY KEY (conversation_id, pos)
) WITHOUT ROWID;

INSERT INTO change_records (conversation_id, pos, kind, at, user_id, role, member_ids, effect)
SELECT conversation_id, pos, kind, at, user_id, role, member_ids,
       CASE kind
           WHEN 'created' THEN 'joins'
           WHEN 'participant_added' THEN 'joins'
           WHEN 'participant_removed' THEN 'leaves'
           ELSE 'none'
       END
FROM conversation_changes;

DROP TABLE conversation_changes;
ALTER TABLE change_records RENAME TO conversation_changes;

-- The previous release, which may be started again, writes no effect.
CREATE TRIGGER change_without_effect AFTER INSERT ON conversation_changes
WHEN NEW.effect IS NULL
BEGIN
    UPDATE conversation_changes
    SET effect = CASE kind
        WHEN 'created' THEN 'joins'
        WHEN 'participant_added' THEN 'joins'
        WHEN 'participant_removed' THEN 'leaves'
        ELSE 'none'
    END
    WHERE conversation_id = NEW.conversation_id AND pos = NEW.pos;
END;
