//! Failed transactions of sends.

use super::batch::BatchFault;
use crate::fault::{Fault, Trouble};
use chat_domain::{BoxError, StoreError};

/// Why a transaction has no outcomes for any of its sends.
pub(super) struct Failure {
    pub(super) words: String,
    /// Decides whether the sends get `Overloaded`, `Unavailable` or `Failed`.
    pub(super) trouble: Trouble,
    /// Whether one send may have caused the failure, so that the others can succeed without it.
    pub(super) concerns_one: bool,
    /// Whether nothing is stored and a new connection may succeed.
    pub(super) may_repeat: bool,
    /// Whether the connection still works.
    pub(super) is_connected: bool,
}

impl Failure {
    pub(super) fn of(fault: &BatchFault) -> Self {
        let (BatchFault::Undone(cause) | BatchFault::Unknown(cause)) = fault;
        let trouble = match cause {
            Fault::Database(error) => Trouble::of(error),
            Fault::Value(_) => Trouble::Refused,
        };
        let is_undone = matches!(fault, BatchFault::Undone(_));
        Self {
            words: cause.to_string(),
            trouble,
            concerns_one: is_undone && trouble == Trouble::Refused,
            may_repeat: is_undone && trouble == Trouble::Gone,
            is_connected: is_undone && trouble != Trouble::Gone,
        }
    }

    pub(super) fn unreachable(error: &StoreError) -> Self {
        let words = std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string);
        Self { words, trouble: Trouble::Gone, concerns_one: false, may_repeat: false, is_connected: false }
    }

    pub(super) fn silent() -> Self {
        let words = "the database does not answer".to_owned();
        Self { words, trouble: Trouble::Gone, concerns_one: false, may_repeat: false, is_connected: false }
    }

    pub(super) fn error(&self) -> StoreError {
        match self.trouble {
            Trouble::Gone | Trouble::Conflict => StoreError::Unavailable(BoxError::from(self.words.clone())),
            Trouble::Slow => StoreError::Overloaded,
            Trouble::Refused => StoreError::Failed(BoxError::from(self.words.clone())),
        }
    }
}
