-- The first change of a thread is a message: `pos` and `seq` are both 1. Not validated, since that reads all messages,
-- which meet the stricter rule from before.
ALTER TABLE messages
    DROP CONSTRAINT messages_check,
    ADD CONSTRAINT messages_check CHECK (seq >= 1 AND pos >= seq) NOT VALID;
