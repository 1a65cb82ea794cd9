-- Presence passes in a direct conversation once both have written there. The value is set in groups too, where nothing reads it.
ALTER TABLE participants ADD COLUMN has_written BOOLEAN NOT NULL DEFAULT FALSE;
-- An admin removed this user from the group, and no admin has added them since: an invite code does not let them in. Who removed
-- whom was not stored before, so earlier removals do not count.
ALTER TABLE participants ADD COLUMN removed_by_admin BOOLEAN NOT NULL DEFAULT FALSE;

UPDATE participants AS p SET has_written = TRUE
FROM conversations AS c
WHERE c.id = p.conversation_id AND NOT c.is_group
  AND EXISTS (SELECT 1 FROM messages AS m WHERE m.conversation_id = p.conversation_id AND m.sender_id = p.user_id);
