DROP TABLE write_probe;
DROP TABLE schema_floor;
