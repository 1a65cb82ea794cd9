-- The epoch of the database: a random id. It changes when the database was restored, since clients' positions are valid
-- within one epoch.
CREATE TABLE database_epoch (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    epoch BLOB NOT NULL
);

INSERT INTO database_epoch (id, epoch) VALUES (1, randomblob(16));
