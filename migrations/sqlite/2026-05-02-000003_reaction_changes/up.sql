-- Finds what the log says about the reactions to a message, which is erased with the message.
CREATE INDEX reaction_changes ON conversation_changes (message_id)
    WHERE kind IN ('reaction_added', 'reaction_removed');
