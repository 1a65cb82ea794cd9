ALTER TABLE write_probe DROP COLUMN ballast;
