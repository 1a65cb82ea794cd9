-- Each node queries recent joins every few seconds, in case the bus between nodes has lost one.
CREATE INDEX participants_by_joining ON participants (joined_at) WHERE left_at IS NULL;
