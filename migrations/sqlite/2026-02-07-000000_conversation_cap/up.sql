-- The user joined this group by an invite code, and did not create it: it counts towards the user's limit of
-- conversations. Earlier releases did not store which members joined by a code, so earlier joins do not count.
ALTER TABLE participants ADD COLUMN joined_by_code BOOLEAN NOT NULL DEFAULT FALSE;

CREATE INDEX active_conversations_by_creator ON conversations (created_by) WHERE is_active;
CREATE INDEX joins_by_code ON participants (user_id) WHERE joined_by_code AND left_at IS NULL;
