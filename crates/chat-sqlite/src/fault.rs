use chat_domain::conversations::{CreateConversationError, ParticipantError};
use chat_domain::messages::{AppendError, HistoryError};
use chat_domain::receipts::AdvanceError;
use chat_domain::users::{CreateUserError, UpdateProfileError};
use chat_domain::{BoxError, InvalidValue, StoreError};
use diesel::result::{DatabaseErrorKind, Error};
use thiserror::Error as ThisError;

/// Why a query did not give what it should. Every port's error can hold it, so that closures say `?`.
#[derive(Debug, ThisError)]
pub(crate) enum Fault {
    #[error("the database refused a statement")]
    Database(#[from] diesel::result::Error),
    #[error("a row holds a {column} that is not valid")]
    Value {
        column: &'static str,
        #[source]
        fault: InvalidValue,
    },
    #[error("a row holds the unknown {column} {found:?}")]
    Name { column: &'static str, found: String },
}

/// What helpers return that run queries and refuse nothing.
pub(crate) type Stored<T> = Result<T, Fault>;

/// Reads a text column by what some release has accepted, not by the rule for input now.
pub(crate) fn parsed<T>(
    column: &'static str,
    text: &str,
    parse: impl FnOnce(&str) -> Result<T, InvalidValue>,
) -> Stored<T> {
    parse(text).map_err(|fault| Fault::Value { column, fault })
}

/// The same for a column that may be empty.
pub(crate) fn parsed_option<T>(
    column: &'static str,
    text: Option<&str>,
    parse: impl FnOnce(&str) -> Result<T, InvalidValue>,
) -> Stored<Option<T>> {
    text.map(|text| parsed(column, text, parse)).transpose()
}

/// What `SQLite` says where the machine does not do what is asked of it for now: the disk is full, fails, or takes no
/// writes, a lock or a file handle is not to be had. The same call may succeed later. Diesel keeps an error's
/// message and
/// drops its code.
const PASSING: [&str; 7] = [
    "database or disk is full",
    "disk I/O error",
    READ_ONLY,
    "unable to open database file",
    "database is locked",
    "locking protocol",
    "out of memory",
];

/// What `SQLite` says of a file that may not be written.
pub(crate) const READ_ONLY: &str = "attempt to write a readonly database";

/// Whether the machine is at fault, for now, and not the statement.
pub(crate) fn is_of_machine(error: &Error) -> bool {
    matches!(error, Error::DatabaseError(DatabaseErrorKind::Unknown, told) if PASSING.contains(&told.message()))
}

/// The error for callers whose calls a transaction held that the database did not begin or commit.
pub(crate) fn undone(error: &Error) -> StoreError {
    // Many callers get it, in words.
    let told = BoxError::from(error.to_string());
    if is_of_machine(error) { StoreError::Unavailable(told) } else { StoreError::Failed(told) }
}

/// Errors of a call, which tell whether the machine is at fault.
pub(crate) trait MayBeOfMachine {
    /// Whether the same call may succeed once the machine does its part again.
    fn is_of_machine(&self) -> bool;
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

macro_rules! held_by {
    ($($error:ident)*) => {$(
        impl MayBeOfMachine for $error {
            fn is_of_machine(&self) -> bool {
                matches!(self, Self::Store(error) if error.is_of_machine())
            }
        }

        impl From<Fault> for $error {
            fn from(fault: Fault) -> Self {
                Self::Store(fault.into())
            }
        }
    )*};
}

held_by! {
    AdvanceError AppendError CreateConversationError CreateUserError HistoryError ParticipantError UpdateProfileError
}
