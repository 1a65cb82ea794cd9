DROP INDEX participants_by_joining;
