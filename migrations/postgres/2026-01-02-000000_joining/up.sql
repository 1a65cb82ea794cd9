-- Each node asks every few seconds who has joined anything lately, should the bus between nodes have lost it.
CREATE INDEX participants_by_joining ON participants (joined_at) WHERE left_at IS NULL;
