-- The reactions to a message, as JSON: each kind with its count and its first users. Derived from `message_reactions`
-- by every transaction that changes those, so that reading messages needs no other query. NULL: there are none.
ALTER TABLE messages ADD COLUMN reactions TEXT;

-- One row for each user and kind. `pos` is that of the change that added it. No foreign keys: they would lock rows
-- after the conversation's.
CREATE TABLE message_reactions (
    message_id UUID NOT NULL,
    emoji TEXT COLLATE "C" NOT NULL,
    pos BIGINT NOT NULL,
    user_id UUID NOT NULL,
    PRIMARY KEY (message_id, emoji, pos)
);

CREATE UNIQUE INDEX message_reactions_by_user ON message_reactions (message_id, user_id, emoji);
