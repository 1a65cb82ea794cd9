//! Messages: sending and reading them.

mod edit;
mod history;
mod pin;
mod react;
mod send;

use crate::core::Core;
use chat_domain::messages::{HistoryPage, MessageContent};
use chat_domain::{ClientMessageId, ConversationId, UserId};
use std::sync::Arc;

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
