DROP TABLE message_reactions;
ALTER TABLE messages DROP COLUMN reactions;
