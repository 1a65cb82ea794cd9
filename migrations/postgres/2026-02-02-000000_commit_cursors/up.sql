-- Nodes follow the commits of other nodes: ended sessions, and users who joined a conversation. They can follow neither
-- a time (clocks differ) nor a sequence (a lower number may commit after a higher one was read). These columns store
-- the transaction that wrote the row; a reader queries rows that its last snapshot did not see. The database sets them
-- itself, so that nodes of the previous release are followed too. Only that release needs the index
-- participants_by_joining; a later migration drops it.
ALTER TABLE sessions ADD COLUMN ended_xid xid8;
ALTER TABLE participants ADD COLUMN joined_xid xid8;
ALTER TABLE participants ALTER COLUMN joined_xid SET DEFAULT pg_current_xact_id();

CREATE INDEX sessions_by_ending_transaction ON sessions (ended_xid) WHERE ended_xid IS NOT NULL;
CREATE INDEX participants_by_joining_transaction ON participants (joined_xid, conversation_id, user_id)
    WHERE joined_xid IS NOT NULL AND left_at IS NULL;

CREATE FUNCTION stamp_session_end() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.ended_xid := pg_current_xact_id();
    RETURN NEW;
END
$$;

CREATE TRIGGER session_ends BEFORE UPDATE OF ended_at ON sessions
    FOR EACH ROW WHEN (OLD.ended_at IS NULL AND NEW.ended_at IS NOT NULL)
    EXECUTE FUNCTION stamp_session_end();

CREATE FUNCTION stamp_joining() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.joined_xid := pg_current_xact_id();
    RETURN NEW;
END
$$;

CREATE TRIGGER participant_joins_again BEFORE UPDATE OF left_at ON participants
    FOR EACH ROW WHEN (OLD.left_at IS NOT NULL AND NEW.left_at IS NULL)
    EXECUTE FUNCTION stamp_joining();
