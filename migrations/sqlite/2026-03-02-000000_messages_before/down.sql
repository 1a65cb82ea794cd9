DROP TRIGGER change_after_messages;
CREATE UNIQUE INDEX messages_by_pos ON messages (conversation_id, pos);
ALTER TABLE conversation_changes DROP COLUMN messages_before;
