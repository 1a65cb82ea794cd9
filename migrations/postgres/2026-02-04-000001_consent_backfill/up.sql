-- Marks the users who wrote in a direct conversation before the server stored this. Nodes serve meanwhile, so it
-- commits in batches: a send waits for the rows of one batch at most. Repeating it after an interruption does no harm.
-- The subquery stays one, so that each participant costs one lookup in the index of the conversation's messages,
-- whatever the statistics say.
DO $$
DECLARE
    done UUID := '00000000-0000-0000-0000-000000000000';
    batch UUID[];
BEGIN
    LOOP
        batch := ARRAY(SELECT id FROM conversations WHERE id > done AND NOT is_group ORDER BY id LIMIT 200);
        EXIT WHEN cardinality(batch) = 0;
        UPDATE participants AS p SET has_written = TRUE
        WHERE p.conversation_id = ANY (batch) AND NOT p.has_written
          AND (SELECT TRUE FROM messages AS m
               WHERE m.conversation_id = p.conversation_id AND m.sender_id = p.user_id LIMIT 1);
        COMMIT;
        done := batch[cardinality(batch)];
    END LOOP;
END
$$;
