//! Messages: sending and reading them.

mod history;
mod send;

use crate::conversations::{NoDirect, NoTarget, refusal_code, refusal_sentence};
use crate::core::{Core, NoMembership};
use crate::error::{Coded, store_code, store_sentence};
use chat_domain::conversations::Refusal;
use chat_domain::messages::{AppendError, HistoryError, HistoryPage, MessageContent};
use chat_domain::receipts::AdvanceError;
use chat_domain::{ClientMessageId, ConversationId, ErrorCode, StoreError, UserId};
use std::sync::Arc;
use thiserror::Error;

/// Sending and reading messages. Cheap to clone.
#[derive(Clone)]
pub struct Messages(pub(crate) Arc<Core>);

/// The command to send a message to a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendDirect {
    /// The receiver.
    pub receiver: UserId,
    /// What the sender wrote.
    pub content: MessageContent,
    /// The sender's own key, if any: sending again under it makes no second message.
    pub client_message_id: Option<ClientMessageId>,
}

/// A page of a chat, for a participant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchedChat {
    /// `None` if a pair has no conversation yet.
    pub conversation_id: Option<ConversationId>,
    /// Newest first, with the positions after delivery.
    pub page: HistoryPage,
}

/// Why a message was not sent, or a history not read.
#[derive(Debug, Error)]
pub enum MessagesError {
    /// The conversation does not exist.
    #[error("There is no such conversation")]
    ConversationNotFound,
    /// The receiver does not exist.
    #[error("There is no such user")]
    ReceiverNotFound,
    /// The actor named themselves as the receiver.
    #[error("You cannot have a conversation with yourself")]
    Oneself,
    /// The actor is not part of the pair.
    #[error("This conversation is between two other users")]
    NotYourPair,
    /// The actor is not a participant.
    #[error("You are not a participant of this conversation")]
    NotAParticipant,
    /// The group was deactivated.
    #[error("The group is no longer active")]
    Inactive,
    /// A rule forbids the conversation that the message would create.
    #[error("{}", refusal_sentence(*.0))]
    Refused(Refusal),
    /// The client's key belongs to another message.
    #[error("This key was used for another message")]
    KeyReused,
    /// The conversation has no such message to reply to or to read around.
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
            Self::ReceiverNotFound => ErrorCode::UserNotFound,
            Self::Oneself => ErrorCode::ValidationFailed,
            Self::NotYourPair => ErrorCode::Forbidden,
            Self::NotAParticipant => ErrorCode::NotAParticipant,
            Self::Inactive => ErrorCode::GroupInactive,
            Self::Refused(refusal) => refusal_code(*refusal),
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

impl From<AdvanceError> for MessagesError {
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

impl From<NoMembership> for MessagesError {
    fn from(fault: NoMembership) -> Self {
        match fault {
            NoMembership::UnknownConversation => Self::ConversationNotFound,
            NoMembership::NotAParticipant => Self::NotAParticipant,
            NoMembership::Store(fault) => Self::Store(fault),
        }
    }
}

impl From<NoDirect> for MessagesError {
    fn from(fault: NoDirect) -> Self {
        match fault {
            NoDirect::Oneself => Self::Oneself,
            NoDirect::UnknownUser(_) => Self::ReceiverNotFound,
            NoDirect::Refused(refusal) => Self::Refused(refusal),
            NoDirect::Store(fault) => Self::Store(fault),
        }
    }
}

impl From<NoTarget> for MessagesError {
    fn from(fault: NoTarget) -> Self {
        match fault {
            NoTarget::Others => Self::NotYourPair,
            NoTarget::Unknown => Self::ConversationNotFound,
            NoTarget::Store(fault) => Self::Store(fault),
        }
    }
}
