-- All at once, and in the order in which every transaction locks rows: the statements below lock these tables one after
-- another, in another order than transactions that run meanwhile.
LOCK TABLE users, conversations, messages, message_versions IN ACCESS EXCLUSIVE MODE;

-- JSON objects of the product's own, as text: their keys keep their order.
ALTER TABLE messages ADD COLUMN metadata TEXT;
ALTER TABLE message_versions ADD COLUMN metadata TEXT;
ALTER TABLE conversations ADD COLUMN metadata TEXT;
ALTER TABLE users ADD COLUMN metadata TEXT;

-- Who wrote the message that a forwarded message copies, and when.
ALTER TABLE messages ADD COLUMN forwarded_sender_id UUID;
ALTER TABLE messages ADD COLUMN forwarded_at BIGINT;
