//! Messages: sending them, and reading them back.

mod history;
mod send;

use crate::core::Core;
use crate::error::{Coded, store_code, store_sentence};
use chat_domain::messages::{AppendError, HistoryError};
use chat_domain::{ErrorCode, StoreError};
use std::sync::Arc;
use thiserror::Error;

/// Sending and reading messages. Cheap to clone.
#[derive(Clone)]
pub struct Messages(pub(crate) Arc<Core>);

/// Why a message was not sent, or a history not read.
#[derive(Debug, Error)]
pub enum MessagesError {
    /// No such conversation.
    #[error("There is no such conversation")]
    ConversationNotFound,
    /// The actor does not take part.
    #[error("You are not a participant of this conversation")]
    NotAParticipant,
    /// The group was deactivated.
    #[error("The group is no longer active")]
    Inactive,
    /// The client's key stands for another message.
    #[error("This key was used for another message")]
    KeyReused,
    /// No such message in this conversation: to answer to, or to read around.
    #[error("There is no such message in this conversation")]
    MessageNotFound,
    /// See [`StoreError`].
    #[error("{}", store_sentence(.0))]
    Store(#[from] StoreError),
}

impl Coded for MessagesError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::ConversationNotFound => ErrorCode::ConversationNotFound,
            Self::NotAParticipant => ErrorCode::NotAParticipant,
            Self::Inactive => ErrorCode::GroupInactive,
            Self::KeyReused => ErrorCode::IdempotencyKeyReused,
            Self::MessageNotFound => ErrorCode::MessageNotFound,
            Self::Store(fault) => store_code(fault),
        }
    }
}

impl From<AppendError> for MessagesError {
    fn from(fault: AppendError) -> Self {
        match fault {
            AppendError::UnknownConversation => Self::ConversationNotFound,
            AppendError::NotAParticipant => Self::NotAParticipant,
            AppendError::Inactive => Self::Inactive,
            AppendError::KeyReused => Self::KeyReused,
            AppendError::UnknownReply => Self::MessageNotFound,
            AppendError::Store(fault) => Self::Store(fault),
        }
    }
}

impl From<HistoryError> for MessagesError {
    fn from(fault: HistoryError) -> Self {
        match fault {
            HistoryError::UnknownConversation => Self::ConversationNotFound,
            HistoryError::NotAParticipant => Self::NotAParticipant,
            HistoryError::UnknownMessage => Self::MessageNotFound,
            HistoryError::Store(fault) => Self::Store(fault),
        }
    }
}
