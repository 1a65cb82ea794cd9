DROP TABLE pinned_messages;
ALTER TABLE messages DROP COLUMN pinned_at;
