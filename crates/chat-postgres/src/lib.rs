//! The store of a cluster: every store port of `chat-domain` on `PostgreSQL`, which any number of nodes share.
//!
//! **Owns** the schema (`migrations/postgres`, embedded, run by [`PostgresStore::open`] under an advisory lock), every
//! line of SQL for this database, the pool of connections, the writers of sends, and the batches of what all clients
//! ask at once. Speaks the protocol itself (diesel-async over tokio-postgres): there is no libpq to install.
//!
//! **Must never know** HTTP, JSON bodies, sockets, other stores, or who may do what: decisions are the domain's, made
//! on what the transaction sees.
//!
//! `keys` computes anew what an earlier release computed otherwise of names and emails. Directories are features, as in
//! every crate: `users auth conversations messages receipts changes`, with the files of
//! `chat-sqlite`. In each, `mod.rs` is the port, `rows.rs` turns rows into values, and a file per verb holds functions
//! over a connection.
//!
//! # How calls run
//!
//! - *Sends* go through a bounded queue to a few writers. Each takes all that waits, up to 512, of conversations that
//!   no other writer of this node has at work, for two transactions on one conversation would take turns, disk
//!   included; and stores it in one transaction of two trips to the server: hold the conversations and read what the
//!   decisions need; insert, move the counters, commit. An answer follows its commit, which is on disk. Where a batch
//!   fails because of one send, its sends run singly. See `messages/batch.rs`.
//! - *What every client needs that comes or goes* (memberships, positions, messages at their places, changes, the user,
//!   last seen) is asked by group reads: one call goes out at once, and those that come while two queries of their kind
//!   are under way share the next. Clients that come back by the thousand cost a fraction of a statement each, and
//!   wait in a list of their own, not for a connection. See `batcher.rs` for how, `batches.rs` for which and for how
//!   much a query may cost.
//! - *Everything else* takes a connection from the pool: `query` for one statement, `read` for several that see one
//!   state, `write` for a transaction (see `store.rs` and `database.rs`).
//! - *Locks* are taken in one order: users, credentials, sessions, conversations, participants; several of a kind in
//!   the order of their ids, by a `SELECT ... ORDER BY id FOR UPDATE` where a statement writes several. Whatever takes
//!   a `seq` or a `pos`, or changes who takes part, holds the conversation's row first. So two writers wait for each
//!   other in turn, never in a circle, and numbers have no gaps, whichever node gives them. *No foreign key points at
//!   users*: its check would lock the user behind the conversation, for `PostgreSQL` checks a key again when a
//!   transaction updates a row for the second time. Keys that point at conversations are checked under the
//!   conversation's own lock. A transaction that counts how many conversations a user has takes an advisory lock of
//!   that user before any row (`conversations/own.rs`).
//! - *Unique keys* (emails, usernames, names of groups) are no locks of ours, and wait in any order: two accounts that
//!   exchange their usernames meet in a circle. The server then undoes one of the two (`40P01`; `40001` likewise), and
//!   `database.rs` repeats that transaction a few times, as `messages/writers.rs` repeats a batch of sends. So a body
//!   that is given to `query`, `read` or `write` may run more than once, each time with nothing of the run before.
//! - *Errors*: a lost connection or a server that starts, stops or does not answer is `Unavailable`; a full queue, and
//!   a statement that gave up after its time, `Overloaded`; a retry may mend either. Where the connection breaks
//!   between a commit and its answer, nobody knows whether it took place: `Unavailable` again, and a send repeated
//!   under its key is answered with the message that was stored, or stored. Connections that broke are replaced when
//!   they are next needed: nothing is restarted after a failover.
//!
//! # `sslmode` in the address
//!
//! | value | the way is | the server is |
//! | --- | --- | --- |
//! | `disable` | plain text | whoever answers |
//! | `prefer` (default) | encrypted where the server offers it | whoever answers |
//! | `require`, `verify-full` | encrypted | signed for by a trusted authority, for this host |
//! | `verify-ca` | encrypted | signed for by a trusted authority, for whatever host |
//!
//! Trusted are the machine's authorities, or with `sslrootcert=/path/to/ca.pem` those of that file alone. `require` is
//! stricter here than in libpq, where it believes any certificate: encryption to an unknown peer protects from nobody
//! who can stand in between. Across networks that are not your own, use `verify-full`.
//!
//! # For operators
//!
//! A node opens up to [`PostgresConfig::pool_size`] + [`PostgresConfig::writers`] connections. Settings that statements
//! rely on are set for each of them (`connect.rs`): isolation, timeouts, `synchronous_commit` where the server's
//! default is weaker. What a connection cannot set is checked at start, before the schema is touched (`check.rs`): the
//! encoding, the language of messages, the number of connections; `fsync` or `full_page_writes` switched off is warned
//! of. The connections keep prepared statements and, while migrating, an advisory lock: put no pooler in transaction
//! mode between. `PostgreSQL` 14 or later.
//!
//! # To add something
//!
//! **A port method**: a clause in the contract suite of `chat-testkit`, a function over a connection in the feature's
//! directory, and one line in its `mod.rs`. **A group read**: a function over a connection that finds many keys at
//! once, in the feature's `shared.rs`, and a field of `Batches`. **A column**: a new folder in `migrations/postgres`,
//! `diesel migration run` (see `diesel.toml` beside this crate's manifest), and the rows that read it. What every send
//! and every client runs is written with `cached_statement!`, since diesel prepares an `UPDATE`, and what is written as
//! SQL, anew each time. Tests need the programs of a `PostgreSQL` server: see `chat_testkit::servers`.

mod address;
mod auth;
mod batcher;
mod batches;
mod changes;
mod check;
mod config;
mod connect;
mod conversations;
mod database;
mod fault;
mod keys;
mod messages;
mod migrate;
mod open_error;
mod pool;
mod realtime;
mod receipts;
mod schema;
mod snapshot;
mod start;
mod statement;
mod status;
mod store;
mod time;
mod tls;
mod users;

pub use config::PostgresConfig;
pub use open_error::OpenError;
pub use status::{BatchStatus, PoolStatus, PostgresStatus, SendStatus};
pub use store::PostgresStore;
