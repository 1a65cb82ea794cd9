use super::{Draft, HistoryPage, HistoryRequest, Message};
use crate::{ConversationId, MessageId, Seq, StoreError, UserId};
use async_trait::async_trait;
use thiserror::Error;

/// A message that is there now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Appended {
    /// Stored by this call.
    New(Message),
    /// The same; the first that its sender has written in this direct conversation. Presence passes there once both
    /// have.
    First(Message),
    /// Stored by an earlier call with the same key; as it is now.
    Replayed(Message),
}

impl Appended {
    /// The message as it is now.
    pub const fn message(&self) -> &Message {
        match self {
            Self::New(message) | Self::First(message) | Self::Replayed(message) => message,
        }
    }

    /// The same, by value.
    pub fn into_message(self) -> Message {
        match self {
            Self::New(message) | Self::First(message) | Self::Replayed(message) => message,
        }
    }
}

/// Why a message was not stored.
#[derive(Debug, Error)]
pub enum AppendError {
    /// No such conversation.
    #[error("no such conversation")]
    UnknownConversation,
    /// The sender does not take part.
    #[error("not a participant")]
    NotAParticipant,
    /// The group was deactivated.
    #[error("the group is inactive")]
    Inactive,
    /// The key stands for another message.
    #[error("the key was used for another message")]
    KeyReused,
    /// `reply_to` names no message of this conversation.
    #[error("no such message to reply to")]
    UnknownReply,
    /// See [`StoreError`].
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a history was not read.
#[derive(Debug, Error)]
pub enum HistoryError {
    /// No such conversation.
    #[error("no such conversation")]
    UnknownConversation,
    /// The reader does not take part.
    #[error("not a participant")]
    NotAParticipant,
    /// The anchor names no message of this conversation.
    #[error("no such message")]
    UnknownMessage,
    /// See [`StoreError`].
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Where a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MessagePlace {
    /// Which.
    pub id: MessageId,
    /// In which conversation.
    pub conversation_id: ConversationId,
    /// Its number there.
    pub seq: Seq,
    /// Who sent it: its status and its readers do not count them.
    pub sender_id: UserId,
}

/// Messages.
#[async_trait]
pub trait MessageStore: Send + Sync {
    /// Stores a message, in one transaction that may be shared with other calls: looks for a replay of the same
    /// conversation, sender and key first (before membership), checks that the sender takes part and the group is
    /// active, takes the next `seq` and `pos`, inserts, moves the sender's own positions to it, notes that they have
    /// written, and bumps the conversation. `Ok` means committed and durable. A call that fails takes no `seq`.
    async fn append(&self, draft: Draft) -> Result<Appended, AppendError>;

    /// A part of the history, for a participant. One range of the primary key, whatever the depth.
    async fn history(
        &self,
        conversation: ConversationId,
        reader: UserId,
        request: HistoryRequest,
    ) -> Result<HistoryPage, HistoryError>;

    /// Where this message is. Who may know is the caller's to decide.
    async fn find_place(&self, id: MessageId) -> Result<Option<MessagePlace>, StoreError>;
}
