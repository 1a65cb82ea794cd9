//! The store of a cluster: every store port of `chat-domain` on `PostgreSQL`, shared by any number of nodes.
//!
//! **Owns** the schema (`migrations/postgres`, embedded, run by [`PostgresStore::open`] under an advisory lock), all
//! SQL for this database, the pool of connections, the writers of sends, and the shared queries of many clients. Speaks
//! the protocol itself (diesel-async over tokio-postgres), without libpq.
//!
//! **Must never know** HTTP, JSON bodies, sockets, other stores, or authorisation: the domain decides, from the rows
//! that the transaction sees.
//!
//! `keys` recomputes keys of names and emails that an earlier release computed by other rules. Directories are
//! subjects, as in every crate: `users auth conversations messages threads receipts changes`, with the same files as in
//! `chat-sqlite`. In each, `mod.rs` is the port, `rows.rs` turns rows into values, and each verb has a file with
//! functions over a connection.
//!
//! # How calls run
//!
//! - *Sends* go through a bounded queue to a few writers. Each writer takes all waiting sends, up to 512, of
//!   conversations that no other writer of this node is working on, since two transactions on one conversation would
//!   wait for each other, disk writes included. It stores them in one transaction of two round trips: lock the
//!   conversations and read what the decisions need; then insert, move the counters and commit. For threads, one more
//!   in between locks their parents and the senders' memberships in these. A send is answered after the commit, which
//!   is then on disk. If a batch fails because of one send, its sends run one by one. See `messages/batch.rs`.
//! - *Calls that every connecting or disconnecting client causes* (memberships, positions, messages at their places,
//!   changes, the user, last seen) use group reads. One call runs at once; calls that arrive while two queries of their
//!   kind are running share the next query. Thousands of reconnecting clients cost a fraction of a statement each, and
//!   wait in a queue of their own, not for a connection. `batcher.rs` shows how; `batches.rs` lists the calls and the
//!   cost limits of a query.
//! - *All other calls* take a connection from the pool: `query` for one statement, `read` for several that see one
//!   state, `write` for a transaction (see `store.rs` and `database.rs`).
//! - *Locks* are taken in one order: users, credentials, sessions, conversations, participants; several of a kind in
//!   the order of their ids, with `SELECT ... ORDER BY id FOR UPDATE` before a statement that writes several. Code that
//!   takes a `seq` or a `pos`, or changes the participants, first locks the conversation's row. So two writers wait for
//!   each other in turn, never in a circle, and numbers have no gaps on any node. A write in a thread locks the thread,
//!   then the parent and the writer's membership in it (both `FOR KEY SHARE`), which excludes only the deactivation of
//!   the one and the end of the other (`FOR UPDATE`): what else is written there takes weaker locks, and neither waits
//!   for the other. *No foreign key points
//!   at users*: its check would lock the user after the conversation, since `PostgreSQL` checks a key again when a
//!   transaction updates a row for the second time. Keys that point at conversations are checked under the
//!   conversation's own lock. A transaction that counts a user's conversations takes an advisory lock of that user
//!   before any row (`conversations/own.rs`).
//! - *Unique keys* (emails, usernames, names of groups) are not our locks, and wait in any order: two accounts that
//!   exchange their usernames wait for each other. The server then aborts one of the two (`40P01`; `40001` likewise),
//!   and `database.rs` repeats that transaction a few times, as `messages/writers.rs` repeats a batch of sends. So a
//!   body passed to `query`, `read` or `write` may run more than once, each time without the effects of the run before.
//! - *Errors*: a lost connection, or a server that starts, stops or does not answer, is `Unavailable`. A full queue, or
//!   a statement over its timeout, is `Overloaded`. In both cases a retry may succeed. If the connection breaks between
//!   a commit and its answer, the result is unknown: `Unavailable` again. A send repeated with the same key then
//!   returns the stored message, or stores it. Broken connections are replaced when they are next needed: a failover
//!   needs no restart.
//!
//! # `sslmode` in the address
//!
//! | value | connection | server |
//! | --- | --- | --- |
//! | `disable` | plain text | not checked |
//! | `prefer` (default) | encrypted if the server supports it | not checked |
//! | `require`, `verify-full` | encrypted | certificate by a trusted authority, for this host |
//! | `verify-ca` | encrypted | certificate by a trusted authority, for any host |
//!
//! The machine's authorities are trusted, or with `sslrootcert=/path/to/ca.pem` only those in that file. `require` is
//! stricter here than in libpq, which accepts any certificate with it: encryption to an unknown server does not protect
//! against a man in the middle. Use `verify-full` across networks that are not your own.
//!
//! # For operators
//!
//! A node opens up to [`PostgresConfig::pool_size`] + [`PostgresConfig::writers`] connections. Each connection sets
//! what the statements rely on (`connect.rs`): isolation, timeouts, and `synchronous_commit` if the server's default is
//! weaker. What a connection cannot set is checked at start, before the schema is changed (`check.rs`): the encoding,
//! the language of messages, the number of connections. A warning is logged if `fsync` or `full_page_writes` is off.
//! The connections keep prepared statements and, while migrating, an advisory lock, so do not use a pooler in
//! transaction mode. `PostgreSQL` 14 or later is required.
//!
//! # To add something
//!
//! **A port method**: a clause in the contract suite of `chat-testkit`, a function over a connection in the subject's
//! directory, and one line in its `mod.rs`. **A group read**: a function over a connection that finds many keys at
//! once, in the subject's `shared.rs`, and a field of `Batches`. **A column**: a new folder in `migrations/postgres`,
//! `diesel migration run` (see `diesel.toml` beside this crate's manifest), and the rows that read it. Write statements
//! that every send or every client runs with `cached_statement!`, since diesel prepares an `UPDATE`, and everything
//! written as SQL, again each time. Tests need the programs of a `PostgreSQL` server: see `chat_testkit::servers`.

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
mod epoch;
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
mod threads;
mod time;
mod tls;
mod users;

pub use config::PostgresConfig;
pub use open_error::OpenError;
pub use status::{BatchStatus, PoolStatus, PostgresStatus, SendStatus};
pub use store::PostgresStore;
