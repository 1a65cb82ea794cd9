//! Signalling of calls: who calls whom. No media, nothing stored.

mod start;

use crate::core::{Core, NoMembership};
use crate::error::{Coded, store_code, store_sentence};
use chat_domain::{ErrorCode, StoreError};
use std::sync::Arc;
use thiserror::Error;

/// Who calls whom. Cheap to clone.
#[derive(Clone)]
pub struct Calls(pub(crate) Arc<Core>);

/// Why somebody may not call there.
#[derive(Debug, Error)]
pub enum CallsError {
    /// The actor's own account was deleted meanwhile.
    #[error("This account no longer exists")]
    AccountGone,
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

impl Coded for CallsError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::AccountGone => ErrorCode::SessionRevoked,
            Self::ConversationNotFound => ErrorCode::ConversationNotFound,
            Self::NotAParticipant => ErrorCode::NotAParticipant,
            Self::Inactive => ErrorCode::GroupInactive,
            Self::Store(fault) => store_code(fault),
        }
    }
}

impl From<NoMembership> for CallsError {
    fn from(fault: NoMembership) -> Self {
        match fault {
            NoMembership::UnknownConversation => Self::ConversationNotFound,
            NoMembership::NotAParticipant => Self::NotAParticipant,
            NoMembership::Store(fault) => Self::Store(fault),
        }
    }
}
