-- The application case-folds and normalises the keys. When it opens the database, it recomputes the keys of rows with
-- an older version (`keys.rs`). Earlier releases wrote no version, which is 0.
ALTER TABLE users ADD COLUMN key_version SMALLINT NOT NULL DEFAULT 0;
ALTER TABLE conversations ADD COLUMN key_version SMALLINT NOT NULL DEFAULT 0;

CREATE INDEX users_with_old_keys ON users (id) WHERE key_version < 1 AND deleted_at IS NULL;
CREATE INDEX groups_with_old_keys ON conversations (id)
    WHERE key_version < 1 AND is_active AND group_name_key IS NOT NULL;

-- The text that `fingerprint` digests: 0 the body as sent, 1 its Normalization Form C.
ALTER TABLE messages ADD COLUMN fingerprint_version SMALLINT NOT NULL DEFAULT 0;
