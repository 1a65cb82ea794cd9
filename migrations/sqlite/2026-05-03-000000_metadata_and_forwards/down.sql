ALTER TABLE messages DROP COLUMN forwarded_at;
ALTER TABLE messages DROP COLUMN forwarded_sender_id;
ALTER TABLE users DROP COLUMN metadata;
ALTER TABLE conversations DROP COLUMN metadata;
ALTER TABLE message_versions DROP COLUMN metadata;
ALTER TABLE messages DROP COLUMN metadata;
