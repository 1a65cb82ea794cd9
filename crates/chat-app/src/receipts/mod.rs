//! Delivery and read positions.

mod advance;

use crate::core::{Core, NoMembership};
use crate::error::{Coded, store_code, store_sentence};
use chat_domain::messages::{HistoryError, Message};
use chat_domain::receipts::{AdvanceError, AdvancePositions, ParticipantPositions, ReceiptTarget};
use chat_domain::{ErrorCode, StoreError};
use std::sync::Arc;
use thiserror::Error;

/// Moving delivery and read positions. Cheap to clone.
#[derive(Clone)]
pub struct Receipts(pub(crate) Arc<Core>);

/// A new status of messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Receipt {
    /// The messages have arrived.
    Delivered,
    /// The messages have been read, and so have arrived.
    Read,
}

impl Receipt {
    /// For every message up to the target.
    const fn up_to(self, target: ReceiptTarget) -> AdvancePositions {
        match self {
            Self::Delivered => AdvancePositions::Delivered(target),
            Self::Read => AdvancePositions::Read(target),
        }
    }
}

/// A message with the data for its status and readers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrackedMessage {
    /// The message.
    pub message: Message,
    /// The positions of all participants.
    pub participants: Vec<ParticipantPositions>,
}

/// Why positions were not moved.
#[derive(Debug, Error)]
pub enum ReceiptsError {
    /// The conversation does not exist.
    #[error("There is no such conversation")]
    ConversationNotFound,
    /// The actor is not a participant.
    #[error("You are not a participant of this conversation")]
    NotAParticipant,
    /// The group was deactivated.
    #[error("The group is no longer active")]
    Inactive,
    /// The conversation has no such message.
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
            Self::Inactive => ErrorCode::GroupInactive,
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
            AdvanceError::Inactive => Self::Inactive,
            AdvanceError::UnknownMessage => Self::MessageNotFound,
            AdvanceError::Store(fault) => Self::Store(fault),
        }
    }
}

impl From<NoMembership> for ReceiptsError {
    fn from(fault: NoMembership) -> Self {
        match fault {
            NoMembership::UnknownConversation => Self::ConversationNotFound,
            NoMembership::NotAParticipant => Self::NotAParticipant,
            NoMembership::Store(fault) => Self::Store(fault),
        }
    }
}

impl From<HistoryError> for ReceiptsError {
    fn from(fault: HistoryError) -> Self {
        match fault {
            HistoryError::UnknownConversation => Self::ConversationNotFound,
            HistoryError::NotAParticipant => Self::NotAParticipant,
            HistoryError::UnknownMessage => Self::MessageNotFound,
            HistoryError::Store(fault) => Self::Store(fault),
        }
    }
}
