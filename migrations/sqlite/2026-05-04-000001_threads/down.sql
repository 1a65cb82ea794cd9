DROP VIEW present_followers;
DROP TABLE thread_followers;
DROP TABLE threads;
ALTER TABLE conversations DROP COLUMN parent_id;
