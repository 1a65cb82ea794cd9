use chat_domain::conversations::{CreateConversationError, ParticipantError};
use chat_domain::messages::{AppendError, HistoryError};
use chat_domain::receipts::AdvanceError;
use chat_domain::users::{CreateUserError, UpdateProfileError};
use chat_domain::{InvalidValue, StoreError};
use thiserror::Error;

/// Why a query did not give what it should. Every port's error can hold it, so that closures say `?`.
#[derive(Debug, Error)]
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

impl From<Fault> for StoreError {
    fn from(fault: Fault) -> Self {
        Self::Failed(Box::new(fault))
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
