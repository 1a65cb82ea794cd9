//! Signalling of group calls: who calls whom. No media, nothing stored.

use crate::{ConversationId, Timestamp, users::UserSummary};

/// Somebody started a call in a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallStarted {
    /// Where.
    pub conversation_id: ConversationId,
    /// Who; always the token's user.
    pub caller: UserSummary,
    /// When.
    pub at: Timestamp,
}
