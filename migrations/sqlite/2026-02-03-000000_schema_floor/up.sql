-- The oldest schema version that a chat-server must know to use this database, in diesel's form of versions. A
-- chat-server that does not know it does not start. A migration raises it if older releases would do harm afterwards; a
-- migration that only adds leaves it.
CREATE TABLE schema_floor (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    version TEXT NOT NULL
);

INSERT INTO schema_floor (id, version) VALUES (1, '20260103000000');

-- One row that the server writes to find out whether the disk accepts writes again.
CREATE TABLE write_probe (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    writes BIGINT NOT NULL
);

INSERT INTO write_probe (id, writes) VALUES (1, 0);
