//! Signalling of group calls. The server carries no media and stores nothing.

use crate::conversations::ConversationKind;
use crate::{ConversationId, Timestamp, users::UserSummary};

/// A user started a call in a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct CallStarted {
    /// The conversation's id.
    pub conversation_id: ConversationId,
    /// The kind of the conversation.
    pub kind: ConversationKind,
    /// The caller, always the token's user.
    pub caller: UserSummary,
    /// The caller's name from the client; if absent, the user's name counts.
    pub caller_name: Option<crate::users::DisplayName>,
    /// When it happened.
    pub at: Timestamp,
}
