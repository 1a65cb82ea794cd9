-- The oldest schema version that a chat-server must know to work on this database, as diesel writes versions. A
-- chat-server that does not know it refuses to start. A migration after which older releases would do harm raises it; a
-- migration that only adds leaves it.
CREATE TABLE schema_floor (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    version TEXT NOT NULL
);

INSERT INTO schema_floor (id, version) VALUES (1, '20260103000000');

-- One row that is written to find out whether the disk takes writes again.
CREATE TABLE write_probe (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    writes BIGINT NOT NULL
);

INSERT INTO write_probe (id, writes) VALUES (1, 0);
