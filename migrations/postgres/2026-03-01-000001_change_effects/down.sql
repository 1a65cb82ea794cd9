-- The migration before drops the column.
SELECT 1;
