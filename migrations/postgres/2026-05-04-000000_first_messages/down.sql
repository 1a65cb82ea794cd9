ALTER TABLE messages
    DROP CONSTRAINT messages_check,
    ADD CONSTRAINT messages_check CHECK (seq >= 1 AND pos > seq) NOT VALID;
