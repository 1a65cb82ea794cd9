//! Transactions of sends that failed.

use super::batch::BatchFault;
use crate::fault::{Fault, Trouble};
use chat_domain::{BoxError, StoreError};

/// Why a transaction has no outcomes, for all of its sends.
pub(super) struct Failure {
    pub(super) words: String,
    /// `Overloaded` instead of `Unavailable` or `Failed`.
    pub(super) trouble: Trouble,
    /// One of the sends is to blame, and the others may do without it.
    pub(super) concerns_one: bool,
    /// Nothing is stored, and a new connection may do better.
    pub(super) may_repeat: bool,
    /// The connection still answers.
    pub(super) is_connected: bool,
}

impl Failure {
    pub(super) fn of(fault: &BatchFault) -> Self {
        let (BatchFault::Undone(cause) | BatchFault::Unknown(cause)) = fault;
        let trouble = match cause {
            Fault::Database(error) => Trouble::of(error),
            Fault::Value { .. } | Fault::Name { .. } => Trouble::Refused,
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
