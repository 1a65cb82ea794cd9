//! Who is writing. Best effort: where it fails, that is logged, and nothing else fails for it.

mod expire;
mod start;
mod stop;

use crate::core::{Core, NoMembership};
use crate::error::{Coded, store_code, store_sentence};
use chat_domain::{ErrorCode, StoreError};
use std::sync::Arc;
use thiserror::Error;

/// Who is writing. Cheap to clone.
#[derive(Clone)]
pub struct Typing(pub(crate) Arc<Core>);

/// Why somebody may not write there.
#[derive(Debug, Error)]
pub enum TypingError {
    /// No such conversation.
    #[error("There is no such conversation")]
    ConversationNotFound,
    /// The actor does not take part.
    #[error("You are not a participant of this conversation")]
    NotAParticipant,
    /// The group was deactivated.
    #[error("The group is no longer active")]
    Inactive,
    /// See [`StoreError`].
    #[error("{}", store_sentence(.0))]
    Store(#[from] StoreError),
}

impl Coded for TypingError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::ConversationNotFound => ErrorCode::ConversationNotFound,
            Self::NotAParticipant => ErrorCode::NotAParticipant,
            Self::Inactive => ErrorCode::GroupInactive,
            Self::Store(fault) => store_code(fault),
        }
    }
}

impl From<NoMembership> for TypingError {
    fn from(fault: NoMembership) -> Self {
        match fault {
            NoMembership::UnknownConversation => Self::ConversationNotFound,
            NoMembership::NotAParticipant => Self::NotAParticipant,
            NoMembership::Store(fault) => Self::Store(fault),
        }
    }
}
