use chat_domain::BoxError;
use thiserror::Error;

/// Why the database could not be opened. No error shows the password.
#[derive(Debug, Error)]
pub enum OpenError {
    /// The address is not valid.
    #[error("the address of the database is not valid: {0}")]
    Address(String),
    /// The certificates to trust cannot be read, or there are none.
    #[error("cannot prepare encrypted connections to the database")]
    Tls(#[source] BoxError),
    /// The server rejects the user, password or database, or its certificate is not trusted.
    #[error("the database rejects this user, or its certificate is not trusted")]
    Refused(#[source] BoxError),
    /// The server did not answer within the start timeout.
    #[error("cannot reach the database")]
    Unreachable(#[source] BoxError),
    /// The server is too old.
    #[error("the database has version number {found}, but at least 140000 (PostgreSQL 14) is required")]
    Version {
        /// The server's `server_version_num`.
        found: i64,
    },
    /// A setting required for durability could not be set.
    #[error("the database has {setting}={found}, but {wanted} is required")]
    Setting {
        /// The setting's name.
        setting: &'static str,
        /// The required value.
        wanted: &'static str,
        /// The actual value.
        found: String,
    },
    /// The database's encoding cannot represent every message.
    #[error(
        "the database has the encoding {found}, which cannot represent every character of a message: \
         create it with ENCODING 'UTF8' TEMPLATE template0"
    )]
    Encoding {
        /// The database's `server_encoding`.
        found: String,
    },
    /// The server's messages are not in English, and this user may not change that. Passing failures are recognised by
    /// their messages.
    #[error(
        "the database's messages are in {found}, and this user may not change that: \
         set lc_messages to 'C' for the server or this user"
    )]
    Messages {
        /// The server's `lc_messages`.
        found: String,
    },
    /// The server allows fewer connections than this node may open.
    #[error(
        "{limit} allows {allowed} connections, but this node opens up to {needed} \
         (DATABASE_POOL_SIZE + DATABASE_WRITERS): raise the limit or lower these settings"
    )]
    Connections {
        /// The source of the limit.
        limit: &'static str,
        /// How many connections it leaves to this user.
        allowed: i64,
        /// How many connections this node opens.
        needed: i64,
    },
    /// A newer release has changed the database in a way that this release does not support.
    #[error(
        "this chat-server is too old for the database: it knows schema version {known}, but the database requires \
         {needed} or later. Run a newer chat-server, or restore a backup"
    )]
    TooOld {
        /// The newest schema version that this release knows.
        known: String,
        /// The oldest schema version that the database requires.
        needed: String,
    },
    /// A migration failed; the schema is as the migration before it left it.
    #[error("cannot migrate the database")]
    Migration(#[source] BoxError),
}
