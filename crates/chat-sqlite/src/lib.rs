//! The embedded store: every store port of `chat-domain` on one `SQLite` file. It needs no other software.
//!
//! **Owns** the schema (`migrations/sqlite`, embedded and run by [`SqliteStore::open`]), all SQL for this database, and
//! the threads that run it: *one writer*, which commits all waiting calls in one transaction (group commit), and a few
//! readers. A port call is one closure that runs on one of these threads. Its result is returned after its own commit,
//! which is then on disk (`WAL` with `synchronous=FULL`, checked at start).
//!
//! *If the disk is full, fails or rejects writes*, every call of the transaction gets `Unavailable`, and the
//! transaction is rolled back. When the disk accepts writes again, the store continues without a restart
//! ([`SqliteStore::check_writes`]). *One server* uses a database at a time: see [`Claim`]. Backups are made beside it
//! ([`SqliteStore::backup`]).
//!
//! **Must never know** HTTP, JSON bodies, sockets, other stores, or authorisation: the domain decides, from the rows
//! that the transaction sees.
//!
//! `keys` recomputes keys of names and emails that an earlier release computed by other rules.
//!
//! Directories are subjects, as in every crate: `users auth conversations messages receipts changes`. In each, `mod.rs`
//! is the port, `rows.rs` turns rows into values, and each verb has a file with its closures.
//!
//! **To add a port method**: a clause in the contract suite of `chat-testkit`, a function over a connection in the
//! subject's directory, and one line in its `mod.rs` that passes the function to [`SqliteStore`]'s writer (which may
//! run it twice, the first time rolled back) or to its readers (which reject writes). **To add a column**: a new folder
//! in `migrations/sqlite`, `diesel migration run`, and the rows that read it. Statements that every send runs must stay
//! prepared: write an `UPDATE` with `cached_statement!`, since diesel prepares its own again each time, and read a row
//! with `get_result`, not with `first`, since `SQLite` plans again whenever a `LIMIT` is bound.

mod auth;
mod backup;
mod changes;
mod claim;
mod config;
mod connection;
mod conversations;
mod epoch;
mod fault;
mod health;
mod id;
mod keys;
mod messages;
mod queue;
mod readers;
mod realtime;
mod receipts;
mod schema;
mod statement;
mod status;
mod store;
mod threads;
mod users;
mod writer;

pub use backup::BackupError;
pub use claim::Claim;
pub use config::SqliteConfig;
pub use connection::OpenError;
pub use status::{CallStatus, SqliteStatus};
pub use store::SqliteStore;

/// The example of the README, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
