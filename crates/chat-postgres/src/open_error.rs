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
    /// A migration failed; the schema is as the last one before it left it.
    #[error("cannot migrate the database")]
    Migration(#[source] BoxError),
}
