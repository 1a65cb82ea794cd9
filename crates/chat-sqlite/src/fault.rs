use chat_domain::columns::UnreadableColumn;
use chat_domain::{ActionError, BoxError, StoreError};
use diesel::result::{DatabaseErrorKind, Error};
use thiserror::Error as ThisError;

/// Why a query failed. Every port's error can contain it, so that closures can use `?`.
#[derive(Debug, ThisError)]
pub(crate) enum Fault {
    #[error("the database refused a statement")]
    Database(#[from] diesel::result::Error),
    #[error(transparent)]
    Value(#[from] UnreadableColumn),
}

/// The result of helpers that run queries but make no decisions.
pub(crate) type Stored<T> = Result<T, Fault>;

/// `SQLite`'s messages for passing failures of the machine: the disk is full, fails or rejects writes; a lock or a file
/// handle is not available. The same call may succeed later. Diesel keeps an error's message but drops its code.
const PASSING: [&str; 7] = [
    "database or disk is full",
    "disk I/O error",
    READ_ONLY,
    "unable to open database file",
    LOCKED,
    "locking protocol",
    "out of memory",
];

/// `SQLite`'s message for a file that may not be written.
pub(crate) const READ_ONLY: &str = "attempt to write a readonly database";

/// `SQLite`'s message if another connection holds a lock for longer than the timeout.
pub(crate) const LOCKED: &str = "database is locked";

/// Whether the machine failed, for now, and not the statement.
pub(crate) fn is_of_machine(error: &Error) -> bool {
    matches!(error, Error::DatabaseError(DatabaseErrorKind::Unknown, told) if PASSING.contains(&told.message()))
}

/// The error for the callers of a transaction that the database could not begin or commit.
pub(crate) fn undone(error: &Error) -> StoreError {
    // Many callers get the same error, so each gets its text.
    let told = BoxError::from(error.to_string());
    if is_of_machine(error) { StoreError::Unavailable(told) } else { StoreError::Failed(told) }
}

/// Errors of a call that may come from the machine.
pub(crate) trait MayBeOfMachine {
    /// Whether the machine failed, so that the same call may succeed later.
    fn is_of_machine(&self) -> bool;

    /// Whether a call that decides before it writes has written nothing: a decision refused it, or it has read a row
    /// that this release cannot read.
    fn precedes_writes(&self) -> bool {
        false
    }
}

impl MayBeOfMachine for Fault {
    fn is_of_machine(&self) -> bool {
        matches!(self, Self::Database(error) if is_of_machine(error))
    }
}

impl MayBeOfMachine for StoreError {
    fn is_of_machine(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}

impl From<Fault> for StoreError {
    fn from(fault: Fault) -> Self {
        if fault.is_of_machine() { Self::Unavailable(Box::new(fault)) } else { Self::Failed(Box::new(fault)) }
    }
}

impl MayBeOfMachine for ActionError {
    fn is_of_machine(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_of_machine())
    }

    fn precedes_writes(&self) -> bool {
        match self {
            Self::Refused(_) => true,
            Self::Store(StoreError::Failed(cause)) => matches!(cause.downcast_ref(), Some(Fault::Value(_))),
            Self::Store(_) | Self::Hash(_) | Self::Presence(_) => false,
        }
    }
}

impl From<Fault> for ActionError {
    fn from(fault: Fault) -> Self {
        Self::Store(fault.into())
    }
}
