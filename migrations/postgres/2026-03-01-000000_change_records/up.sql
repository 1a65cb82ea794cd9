-- The set of kinds of change becomes open: a release reads rows of kinds that only a later release knows. `effect`
-- says who joins or leaves by a change, even if the kind is unknown: the users in `member_ids`, or the one in
-- `user_id` if `member_ids` is NULL. The next migration sets it for earlier rows, without holding the lock of this one.
ALTER TABLE conversation_changes
    DROP CONSTRAINT IF EXISTS conversation_changes_kind_check,
    DROP CONSTRAINT IF EXISTS conversation_changes_role_check,
    ADD COLUMN effect TEXT,
    -- The user who made the change. No foreign keys: they would lock rows after the conversation's.
    ADD COLUMN actor_id UUID,
    ADD COLUMN message_id UUID,
    -- A JSON object.
    ADD COLUMN detail TEXT,
    -- New columns are empty: there is nothing to scan for under the lock.
    ADD CONSTRAINT conversation_changes_detail_check CHECK (octet_length(detail) <= 1024) NOT VALID;

-- Nodes of the previous release write no effect.
CREATE FUNCTION fill_in_effect() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.effect := CASE NEW.kind
        WHEN 'created' THEN 'joins'
        WHEN 'participant_added' THEN 'joins'
        WHEN 'participant_removed' THEN 'leaves'
        ELSE 'none'
    END;
    RETURN NEW;
END
$$;

CREATE TRIGGER change_without_effect BEFORE INSERT ON conversation_changes
    FOR EACH ROW WHEN (NEW.effect IS NULL)
    EXECUTE FUNCTION fill_in_effect();
