//! The embedded store: every store port of `chat-domain` on one `SQLite` file, with nothing to install.
//!
//! **Owns** the schema (`migrations/sqlite`, embedded and run by [`SqliteStore::open`]), every line of SQL for this
//! database, and the threads that run it: *one writer*, which commits whatever is waiting in one transaction (group
//! commit), and a few readers. A port call is one closure that runs on one of these threads; an answer follows its own
//! commit, which has reached the disk (`WAL` with `synchronous=FULL`, checked at start).
//!
//! *A disk that is full, fails or takes no writes* is `Unavailable` to every call of the transaction, which is undone
//! as a whole; nothing has to be restarted when it takes writes again ([`SqliteStore::check_writes`]). *One server* has
//! a database at a time: see [`Claim`].
//!
//! **Must never know** HTTP, JSON bodies, sockets, other stores, or who may do what: decisions are the domain's, made
//! on what the transaction sees.
//!
//! `keys` computes anew what an earlier release computed otherwise of names and emails.
//!
//! Directories are features, as in every crate: `users auth conversations messages receipts changes`. In each, `mod.rs`
//! is the port, `rows.rs` turns rows into values, and a file per verb holds the closures.
//!
//! **To add a port method**: a clause in the contract suite of `chat-testkit`, a function over a connection in the
//! feature's directory, and one line in its `mod.rs` that hands the function to [`SqliteStore`]'s writer (which may run
//! it twice, the first time rolled back) or to its readers (which refuse to write). **To add a column**: a new folder
//! in `migrations/sqlite`, `diesel migration run`, and the rows that read it. What every send runs must
//! stay prepared: an `UPDATE` is written with `cached_statement!`, since diesel prepares its own anew each time, and a
//! row is read by `get_result`, not by `first`, since `SQLite` plans anew whenever a bound `LIMIT` is bound again.

mod auth;
mod changes;
mod claim;
mod config;
mod connection;
mod conversations;
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
mod users;
mod writer;

pub use claim::Claim;
pub use config::SqliteConfig;
pub use connection::OpenError;
pub use status::{CallStatus, SqliteStatus};
pub use store::SqliteStore;

/// The example of the README, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
