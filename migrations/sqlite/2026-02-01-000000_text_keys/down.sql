ALTER TABLE messages DROP COLUMN fingerprint_version;
DROP INDEX groups_with_old_keys;
DROP INDEX users_with_old_keys;
ALTER TABLE conversations DROP COLUMN key_version;
ALTER TABLE users DROP COLUMN key_version;
