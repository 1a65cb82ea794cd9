use chat_domain::BoxError;
use thiserror::Error;

/// Why the database could not be opened. None of them shows the password.
#[derive(Debug, Error)]
pub enum OpenError {
    /// The address cannot be read.
    #[error("the address of the database is not valid: {0}")]
    Address(String),
    /// The certificates to trust cannot be read, or there are none.
    #[error("cannot prepare encrypted connections to the database")]
    Tls(#[source] BoxError),
    /// The server refuses this user, password or database, or is not the one it claims to be.
    #[error("the database refuses this user, or is not what it claims to be")]
    Refused(#[source] BoxError),
    /// The server did not answer in the time given for it to start.
    #[error("the database cannot be reached")]
    Unreachable(#[source] BoxError),
    /// Too old a server.
    #[error("the database's version number is {found}; at least 140000 (PostgreSQL 14) is needed")]
    Version {
        /// The server's `server_version_num`.
        found: i64,
    },
    /// A setting on which durability rests did not take.
    #[error("the database runs with {setting}={found} instead of {wanted}")]
    Setting {
        /// The setting's name.
        setting: &'static str,
        /// What it must be.
        wanted: &'static str,
        /// What it is.
        found: String,
    },
    /// A database that cannot hold every message.
    #[error(
        "the database stores text in the encoding {found}, which cannot hold every character of a message: \
         create it with ENCODING 'UTF8' TEMPLATE template0"
    )]
    Encoding {
        /// The database's `server_encoding`.
        found: String,
    },
    /// The server's messages, by which passing faults are known, are not in English, and this user may not change that.
    #[error(
        "the database writes its messages in {found}, and this user may not change that: \
         set lc_messages to 'C' for the server or this user"
    )]
    Messages {
        /// The server's `lc_messages`.
        found: String,
    },
    /// The server allows fewer connections than this node may open.
    #[error(
        "{limit} allows {allowed} connections, and this node opens up to {needed} \
         (DATABASE_POOL_SIZE + DATABASE_WRITERS): raise the one or lower the others"
    )]
    Connections {
        /// What sets the limit.
        limit: &'static str,
        /// How many connections it leaves to this user.
        allowed: i64,
        /// How many this node opens.
        needed: i64,
    },
    /// The database was changed by a newer release, with which this one cannot work side by side.
    #[error(
        "this chat-server is too old for the database: it knows schema version {known}, and the database needs \
         {needed} or later; run a newer chat-server, or restore a backup"
    )]
    TooOld {
        /// The newest schema version that this release knows.
        known: String,
        /// The oldest schema version that the database asks for.
        needed: String,
    },
    /// A migration failed; the schema is as the last one before it left it.
    #[error("cannot migrate the database")]
    Migration(#[source] BoxError),
}
