-- The reactions to a message, as JSON: each kind with its count and its first users. Derived from `message_reactions`
-- by every transaction that changes those, so that reading messages needs no other query. NULL: there are none.
ALTER TABLE messages ADD COLUMN reactions TEXT;

-- One row for each user and kind. `pos` is that of the change that added it.
CREATE TABLE message_reactions (
    message_id BLOB NOT NULL,
    emoji TEXT NOT NULL,
    pos BIGINT NOT NULL,
    user_id BLOB NOT NULL,
    PRIMARY KEY (message_id, emoji, pos)
) WITHOUT ROWID;

CREATE UNIQUE INDEX message_reactions_by_user ON message_reactions (message_id, user_id, emoji);
