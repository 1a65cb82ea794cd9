//! The embedded store: every store port on SQLite, one writer with group commit.
