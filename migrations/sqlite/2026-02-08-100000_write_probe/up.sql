-- Tests whether a whole message can be written again after a failure: one small row still fits on a full disk.
ALTER TABLE write_probe ADD COLUMN ballast BLOB;
