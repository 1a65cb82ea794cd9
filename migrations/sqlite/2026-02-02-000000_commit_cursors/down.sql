DROP TRIGGER session_ends;
DROP INDEX sessions_by_end_number;
ALTER TABLE sessions DROP COLUMN ended_no;
DROP TABLE commit_counters;
