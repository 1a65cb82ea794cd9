-- The server follows the commits of other processes on this file (commands for operators): the number of a session's
-- end, in commit order. One writer at a time assigns the next number. A time would not work, since clocks step.
CREATE TABLE commit_counters (
    name TEXT NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL
) WITHOUT ROWID;

INSERT INTO commit_counters (name, value) VALUES ('ended_sessions', 0);

ALTER TABLE sessions ADD COLUMN ended_no BIGINT;

CREATE INDEX sessions_by_end_number ON sessions (ended_no) WHERE ended_no IS NOT NULL;

CREATE TRIGGER session_ends AFTER UPDATE OF ended_at ON sessions
WHEN OLD.ended_at IS NULL AND NEW.ended_at IS NOT NULL
BEGIN
    UPDATE commit_counters SET value = value + 1 WHERE name = 'ended_sessions';
    UPDATE sessions SET ended_no = (SELECT value FROM commit_counters WHERE name = 'ended_sessions') WHERE id = NEW.id;
END;
