DROP TABLE database_epoch;
