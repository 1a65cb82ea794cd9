ALTER TABLE participants DROP COLUMN removed_by_admin;
ALTER TABLE participants DROP COLUMN has_written;
