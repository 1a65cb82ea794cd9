-- What a search for a part of a reserved group name compares: every suffix of the name's key, of active groups alone.
-- Free names are not here: only those who take part find such groups, and they are found among their own.
CREATE TABLE group_name_suffixes (
    suffix TEXT NOT NULL,
    conversation_id BLOB NOT NULL REFERENCES conversations (id),
    PRIMARY KEY (suffix, conversation_id)
) WITHOUT ROWID;

CREATE INDEX group_name_suffixes_by_conversation ON group_name_suffixes (conversation_id);

-- Every group has an invite code.
UPDATE conversations SET invite_code = lower(hex(randomblob(16))) WHERE is_group AND invite_code IS NULL;
