-- Between two records, `seq` and `pos` of messages both grow by one. So a record with the number of the messages before
-- it leads from a `pos` to the message that has it, and messages need no index by `pos`, which every send would write.
-- The trigger sets the number for every release: the previous one, which may be started again, does not know it.
ALTER TABLE conversation_changes ADD COLUMN messages_before BIGINT;

UPDATE conversation_changes
SET messages_before = coalesce(
    (SELECT m.seq FROM messages AS m
     WHERE m.conversation_id = conversation_changes.conversation_id AND m.pos < conversation_changes.pos
     ORDER BY m.pos DESC LIMIT 1),
    0);

DROP INDEX messages_by_pos;

CREATE TRIGGER change_after_messages AFTER INSERT ON conversation_changes
BEGIN
    UPDATE conversation_changes
    SET messages_before = (SELECT last_seq FROM conversations WHERE id = NEW.conversation_id)
    WHERE conversation_id = NEW.conversation_id AND pos = NEW.pos;
END;
