use chat_domain::conversations::{CreateConversationError, ParticipantError};
use chat_domain::messages::{AppendError, HistoryError};
use chat_domain::receipts::AdvanceError;
use chat_domain::users::{CreateUserError, UpdateProfileError};
use chat_domain::{InvalidValue, StoreError};
use diesel::result::{DatabaseErrorKind, Error};
use thiserror::Error as ThisError;

/// Why a query did not give what it should. Every port's error can hold it, so that queries say `?`.
#[derive(Debug, ThisError)]
pub(crate) enum Fault {
    #[error("the database refused a statement: {0}")]
    Database(#[from] Error),
    #[error("a row holds a {column} that is not valid")]
    Value {
        column: &'static str,
        #[source]
        fault: InvalidValue,
    },
    #[error("a row holds the unknown {column} {found:?}")]
    Name { column: &'static str, found: String },
}

impl Fault {
    /// Whether the connection is gone, or goes, so that another may do better.
    pub(crate) fn is_of_connection(&self) -> bool {
        matches!(self, Self::Database(error) if Trouble::of(error) == Trouble::Gone)
    }
}

/// What helpers return that run queries and refuse nothing.
pub(crate) type Stored<T> = Result<T, Fault>;

/// Reads a text column by the parser that let it in.
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

/// What an error of the database asks of the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The server or the connection is gone, or goes; whether a commit under way took place is unknown.
    Gone,
    /// The statement took, or waited for, too long, and was undone.
    Slow,
    /// The statement itself is refused.
    Refused,
}

/// The beginnings of messages that name a passing trouble. Diesel keeps an error's message and drops its code, so that
/// messages are what tells; connections ask for them in English.
const PASSING: [(&str, Trouble); 12] = [
    ("canceling statement due to statement timeout", Trouble::Slow),
    ("canceling statement due to lock timeout", Trouble::Slow),
    ("canceling statement due to user request", Trouble::Slow),
    ("deadlock detected", Trouble::Slow),
    ("terminating connection", Trouble::Gone),
    ("terminating walreceiver", Trouble::Gone),
    ("canceling statement due to conflict with recovery", Trouble::Gone),
    ("the database system is", Trouble::Gone),
    ("sorry, too many clients", Trouble::Gone),
    ("remaining connection slots", Trouble::Gone),
    ("too many connections", Trouble::Gone),
    ("could not extend file", Trouble::Gone),
];

impl Trouble {
    pub(crate) fn of(error: &Error) -> Self {
        match error {
            Error::BrokenTransactionManager => Self::Gone,
            Error::DatabaseError(kind, information) => match kind {
                DatabaseErrorKind::UnableToSendCommand
                | DatabaseErrorKind::ClosedConnection
                // A failover left this connection with what is a standby now.
                | DatabaseErrorKind::ReadOnlyTransaction => Self::Gone,
                DatabaseErrorKind::SerializationFailure => Self::Slow,
                DatabaseErrorKind::Unknown => Self::named_by(information.message()),
                _ => Self::Refused,
            },
            _ => Self::Refused,
        }
    }

    fn named_by(message: &str) -> Self {
        PASSING.iter().find(|(start, _)| message.starts_with(start)).map_or(Self::Refused, |(_, trouble)| *trouble)
    }
}

impl From<Fault> for StoreError {
    fn from(fault: Fault) -> Self {
        match &fault {
            Fault::Database(error) => match Trouble::of(error) {
                Trouble::Gone => Self::Unavailable(Box::new(fault)),
                Trouble::Slow => {
                    tracing::warn!(%error, "the database took too long");
                    Self::Overloaded
                }
                Trouble::Refused => Self::Failed(Box::new(fault)),
            },
            Fault::Value { .. } | Fault::Name { .. } => Self::Failed(Box::new(fault)),
        }
    }
}

macro_rules! held_by {
    ($($error:ident)*) => {$(
        impl From<Fault> for $error {
            fn from(fault: Fault) -> Self {
                Self::Store(fault.into())
            }
        }
    )*};
}

held_by! { AdvanceError AppendError CreateConversationError CreateUserError HistoryError ParticipantError UpdateProfileError }

#[cfg(test)]
mod tests {
    use super::*;

    fn error(kind: DatabaseErrorKind, message: &str) -> Fault {
        Fault::Database(Error::DatabaseError(kind, Box::new(message.to_owned())))
    }

    #[test]
    fn what_passes_may_be_tried_again_and_what_does_not_is_a_failure() {
        let answer = |kind, message| StoreError::from(error(kind, message));
        let unknown = DatabaseErrorKind::Unknown;
        assert!(matches!(answer(DatabaseErrorKind::UnableToSendCommand, "closed"), StoreError::Unavailable(_)));
        assert!(matches!(
            answer(unknown, "terminating connection due to administrator command"),
            StoreError::Unavailable(_)
        ));
        assert!(matches!(
            answer(DatabaseErrorKind::ReadOnlyTransaction, "cannot execute INSERT"),
            StoreError::Unavailable(_)
        ));
        assert!(matches!(answer(unknown, "canceling statement due to statement timeout"), StoreError::Overloaded));
        assert!(matches!(answer(unknown, "column does not exist"), StoreError::Failed(_)));
        assert!(matches!(answer(DatabaseErrorKind::CheckViolation, "new row violates"), StoreError::Failed(_)));
    }
}
