use chat_domain::columns::UnreadableColumn;
use chat_domain::{ActionError, StoreError};
use diesel::result::{DatabaseErrorKind, Error};
use thiserror::Error as ThisError;

/// Why a query failed. Every port's error can contain it, so that queries can use `?`.
#[derive(Debug, ThisError)]
pub(crate) enum Fault {
    #[error("the database refused a statement: {0}")]
    Database(#[from] Error),
    #[error(transparent)]
    Value(#[from] UnreadableColumn),
}

impl Fault {
    /// Whether the connection is lost or closing, so that another may succeed.
    pub(crate) fn is_of_connection(&self) -> bool {
        matches!(self, Self::Database(error) if Trouble::of(error) == Trouble::Gone)
    }

    fn is_of_another_transaction(&self) -> bool {
        matches!(self, Self::Database(error) if Trouble::of(error) == Trouble::Conflict)
    }
}

/// The result of helpers that run queries but make no decisions.
pub(crate) type Stored<T> = Result<T, Fault>;

/// How the caller must treat a database error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The server or the connection is gone or closing; whether a pending commit took place is unknown.
    Gone,
    /// The statement ran or waited too long, and was cancelled.
    Slow,
    /// The server aborted the transaction because of another one (`deadlock_detected`, `serialization_failure`);
    /// repeated, it succeeds.
    Conflict,
    /// The server rejects the statement itself.
    Refused,
}

/// The beginnings of messages of passing failures. Diesel keeps an error's message and drops its code, so only the
/// message tells; connections ask for messages in English.
const PASSING: [(&str, Trouble); 15] = [
    ("canceling statement due to statement timeout", Trouble::Slow),
    ("canceling statement due to lock timeout", Trouble::Slow),
    ("canceling statement due to user request", Trouble::Slow),
    ("deadlock detected", Trouble::Conflict),
    ("could not serialize access", Trouble::Conflict),
    ("terminating connection", Trouble::Gone),
    ("terminating walreceiver", Trouble::Gone),
    ("canceling statement due to conflict with recovery", Trouble::Gone),
    ("the database system is", Trouble::Gone),
    ("sorry, too many clients", Trouble::Gone),
    ("remaining connection slots", Trouble::Gone),
    ("too many connections", Trouble::Gone),
    ("could not extend file", Trouble::Gone),
    ("could not write", Trouble::Gone),
    ("disk full", Trouble::Gone),
];

/// The operating system's message for a full disk, at the end of messages that begin with what was to be written.
const NO_SPACE: &str = "No space left on device";

impl Trouble {
    pub(crate) fn of(error: &Error) -> Self {
        match error {
            Error::BrokenTransactionManager => Self::Gone,
            Error::DatabaseError(kind, information) => match kind {
                DatabaseErrorKind::UnableToSendCommand
                | DatabaseErrorKind::ClosedConnection
                // A failover left this connection with a server that is now a standby.
                | DatabaseErrorKind::ReadOnlyTransaction => Self::Gone,
                DatabaseErrorKind::SerializationFailure => Self::Conflict,
                DatabaseErrorKind::Unknown => Self::named_by(information.message()),
                _ => Self::Refused,
            },
            _ => Self::Refused,
        }
    }

    fn named_by(message: &str) -> Self {
        if message.ends_with(NO_SPACE) {
            return Self::Gone;
        }
        PASSING.iter().find(|(start, _)| message.starts_with(start)).map_or(Self::Refused, |(_, trouble)| *trouble)
    }
}

/// Whether a statement lost to other transactions that hold, or wait for, the same locks: repeated after them, it
/// succeeds. Checks the end of the message, since diesel's migration error is private and starts with the migration's
/// name.
pub(crate) fn lost_to_locks(message: &str) -> bool {
    ["deadlock detected", "canceling statement due to lock timeout"].iter().any(|end| message.ends_with(end))
}

impl From<Fault> for StoreError {
    fn from(fault: Fault) -> Self {
        match &fault {
            Fault::Database(error) => match Trouble::of(error) {
                Trouble::Gone | Trouble::Conflict => Self::Unavailable(Box::new(fault)),
                Trouble::Slow => {
                    tracing::warn!(%error, "the database took too long to answer");
                    Self::Overloaded
                }
                Trouble::Refused => Self::Failed(Box::new(fault)),
            },
            Fault::Value(_) => Self::Failed(Box::new(fault)),
        }
    }
}

/// Errors of a transaction that may come from a conflict.
pub(crate) trait MayConflict {
    /// Whether the server aborted the transaction because of another one.
    fn is_conflict(&self) -> bool;
}

impl MayConflict for Fault {
    fn is_conflict(&self) -> bool {
        self.is_of_another_transaction()
    }
}

impl MayConflict for StoreError {
    fn is_conflict(&self) -> bool {
        let Self::Unavailable(cause) = self else { return false };
        cause.downcast_ref().is_some_and(Fault::is_of_another_transaction)
    }
}

impl MayConflict for ActionError {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_conflict())
    }
}

impl From<Fault> for ActionError {
    fn from(fault: Fault) -> Self {
        Self::Store(fault.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chat_domain::Refusal;

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
        assert!(matches!(
            answer(unknown, "could not write to file \"base/1/2\": No space left on device"),
            StoreError::Unavailable(_)
        ));
        assert!(matches!(answer(unknown, "column does not exist"), StoreError::Failed(_)));
        assert!(matches!(answer(DatabaseErrorKind::CheckViolation, "new row violates"), StoreError::Failed(_)));
    }

    #[test]
    fn a_transaction_that_met_another_one_is_known_by_every_error_that_holds_its_fault() {
        let conflicts = [
            (DatabaseErrorKind::Unknown, "deadlock detected"),
            (DatabaseErrorKind::SerializationFailure, "could not serialize access due to concurrent update"),
        ];
        for (kind, message) in conflicts {
            assert!(error(kind, message).is_conflict(), "{message}");
            assert!(StoreError::from(error(kind, message)).is_conflict(), "{message}");
            assert!(ActionError::from(error(kind, message)).is_conflict(), "{message}");
        }
        let slow = error(DatabaseErrorKind::Unknown, "canceling statement due to statement timeout");
        assert!(!ActionError::from(slow).is_conflict());
        assert!(!ActionError::Refused(Refusal::UnknownConversation).is_conflict());
    }
}
