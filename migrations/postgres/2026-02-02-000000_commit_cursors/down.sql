DROP TRIGGER participant_joins_again ON participants;
DROP TRIGGER session_ends ON sessions;
DROP FUNCTION stamp_joining();
DROP FUNCTION stamp_session_end();
ALTER TABLE participants DROP COLUMN joined_xid;
ALTER TABLE sessions DROP COLUMN ended_xid;
