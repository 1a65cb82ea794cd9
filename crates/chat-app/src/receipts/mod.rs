//! Delivery and read positions.

mod advance;

use crate::core::Core;
use crate::error::{Coded, store_code, store_sentence};
use chat_domain::receipts::AdvanceError;
use chat_domain::{ErrorCode, StoreError};
use std::sync::Arc;
use thiserror::Error;

/// Moving one's positions. Cheap to clone.
#[derive(Clone)]
pub struct Receipts(pub(crate) Arc<Core>);

/// Why positions were not moved.
#[derive(Debug, Error)]
pub enum ReceiptsError {
    /// No such conversation.
    #[error("There is no such conversation")]
    ConversationNotFound,
    /// The actor does not take part.
    #[error("You are not a participant of this conversation")]
    NotAParticipant,
    /// No such message in this conversation.
    #[error("There is no such message in this conversation")]
    MessageNotFound,
    /// See [`StoreError`].
    #[error("{}", store_sentence(.0))]
    Store(#[from] StoreError),
}

impl Coded for ReceiptsError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::ConversationNotFound => ErrorCode::ConversationNotFound,
            Self::NotAParticipant => ErrorCode::NotAParticipant,
            Self::MessageNotFound => ErrorCode::MessageNotFound,
            Self::Store(fault) => store_code(fault),
        }
    }
}

impl From<AdvanceError> for ReceiptsError {
    fn from(fault: AdvanceError) -> Self {
        match fault {
            AdvanceError::UnknownConversation => Self::ConversationNotFound,
            AdvanceError::NotAParticipant => Self::NotAParticipant,
            AdvanceError::UnknownMessage => Self::MessageNotFound,
            AdvanceError::Store(fault) => Self::Store(fault),
        }
    }
}
