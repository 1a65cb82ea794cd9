DROP TABLE message_versions;
DROP TABLE changed_messages;
ALTER TABLE messages DROP COLUMN deleted_by;
ALTER TABLE messages DROP COLUMN changed_pos;
