//! Signalling of group calls: who calls whom. No media, nothing stored.

use crate::conversations::ConversationKind;
use crate::{ConversationId, Timestamp, users::UserSummary};

/// Somebody started a call in a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct CallStarted {
    /// Where.
    pub conversation_id: ConversationId,
    /// Of which kind that is.
    pub kind: ConversationKind,
    /// Who; always the token's user.
    pub caller: UserSummary,
    /// How the caller's client wants them called; their name where it does not say.
    pub caller_name: Option<crate::users::DisplayName>,
    /// When.
    pub at: Timestamp,
}
