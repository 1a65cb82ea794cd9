use super::Message;
use crate::users::UserSummary;
use crate::{ConversationId, MessageId, Timestamp};

/// The message that a send forwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ForwardOf {
    /// The conversation the message belongs to.
    pub conversation_id: ConversationId,
    /// The message.
    pub message_id: MessageId,
}

/// Whose content a forwarded message contains.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ForwardedFrom {
    /// The user who wrote it.
    pub sender: UserSummary,
    /// When they sent it.
    pub created_at: Timestamp,
}

impl ForwardedFrom {
    /// Returns what a copy of this message shows of its origin. A copy of a copy has the same origin.
    pub fn of(message: &Message) -> Self {
        let origin = message.forwarded_from.as_deref().cloned();
        origin.unwrap_or_else(|| Self { sender: message.sender.clone(), created_at: message.created_at })
    }
}
