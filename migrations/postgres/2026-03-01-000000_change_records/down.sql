-- Fails if there are changes of kinds that the previous release does not know.
DROP TRIGGER change_without_effect ON conversation_changes;
DROP FUNCTION fill_in_effect();
ALTER TABLE conversation_changes
    DROP COLUMN detail,
    DROP COLUMN message_id,
    DROP COLUMN actor_id,
    DROP COLUMN effect,
    ADD CONSTRAINT conversation_changes_role_check CHECK (role IN ('admin', 'member')),
    ADD CONSTRAINT conversation_changes_kind_check
        CHECK (kind IN ('created', 'updated', 'participant_added', 'participant_removed'));
