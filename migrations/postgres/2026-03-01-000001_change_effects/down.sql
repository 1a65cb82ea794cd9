-- The previous migration drops the column.
SELECT 1;
