-- A search for a part of a reserved group name compares every suffix of the name's key, for active groups only. Names
-- that are not reserved are not here: only their participants can find such groups, in their own list.
CREATE TABLE group_name_suffixes (
    suffix TEXT NOT NULL,
    conversation_id BLOB NOT NULL REFERENCES conversations (id),
    PRIMARY KEY (suffix, conversation_id)
) WITHOUT ROWID;

CREATE INDEX group_name_suffixes_by_conversation ON group_name_suffixes (conversation_id);

-- Every group has an invite code.
UPDATE conversations SET invite_code = lower(hex(randomblob(16))) WHERE is_group AND invite_code IS NULL;
