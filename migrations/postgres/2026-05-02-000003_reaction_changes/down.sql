DROP INDEX reaction_changes;
