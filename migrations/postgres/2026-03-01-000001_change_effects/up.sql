-- Sets the effect of changes from before effects were stored. Nodes serve meanwhile, so it commits in batches. It may
-- be repeated after an interruption.
DO $$
DECLARE
    done UUID := '00000000-0000-0000-0000-000000000000';
    batch UUID[];
BEGIN
    LOOP
        batch := ARRAY(SELECT id FROM conversations WHERE id > done ORDER BY id LIMIT 200);
        EXIT WHEN cardinality(batch) = 0;
        UPDATE conversation_changes
        SET effect = CASE kind
            WHEN 'created' THEN 'joins'
            WHEN 'participant_added' THEN 'joins'
            WHEN 'participant_removed' THEN 'leaves'
            ELSE 'none'
        END
        WHERE conversation_id = ANY (batch) AND effect IS NULL;
        COMMIT;
        done := batch[cardinality(batch)];
    END LOOP;
END
$$;
