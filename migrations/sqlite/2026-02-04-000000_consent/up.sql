-- Presence is visible in a direct conversation once both users have written there. The value is set in groups too,
-- where no code reads it.
ALTER TABLE participants ADD COLUMN has_written BOOLEAN NOT NULL DEFAULT FALSE;
-- An admin removed this user from the group, and no admin has added them since: an invite code does not admit them.
-- Earlier releases did not store which admin removed which user, so earlier removals do not count.
ALTER TABLE participants ADD COLUMN removed_by_admin BOOLEAN NOT NULL DEFAULT FALSE;

UPDATE participants SET has_written = TRUE
WHERE conversation_id IN (SELECT id FROM conversations WHERE NOT is_group)
  AND EXISTS (SELECT 1 FROM messages AS m
              WHERE m.conversation_id = participants.conversation_id AND m.sender_id = participants.user_id);
