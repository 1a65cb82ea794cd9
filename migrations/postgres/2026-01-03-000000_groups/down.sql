DROP TABLE group_name_suffixes;
