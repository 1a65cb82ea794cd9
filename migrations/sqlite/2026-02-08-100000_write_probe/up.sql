-- Whether a whole message can be written again after a failure: one small row fits into what is left of a full disk.
ALTER TABLE write_probe ADD COLUMN ballast BLOB;
