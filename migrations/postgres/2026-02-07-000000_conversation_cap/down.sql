DROP INDEX joins_by_code;
DROP INDEX active_conversations_by_creator;
ALTER TABLE participants DROP COLUMN joined_by_code;
