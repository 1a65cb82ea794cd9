UPDATE conversations SET updated_at = changed_at WHERE changed_at > updated_at;
ALTER TABLE conversations DROP COLUMN changed_at;
