use chat_domain::receipts::{Advanced, PositionsMoved, Unread};
use chat_domain::{ConversationId, UserId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A participant's delivery and read positions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema, apistos::ApiComponent))]
pub struct PositionsView {
    /// The conversation.
    pub conversation_id: Uuid,
    /// The participant.
    pub user_id: Uuid,
    /// The `seq` of the last delivered message, or 0 before the first one.
    pub delivered_seq: u64,
    /// The `seq` of the last read message, or 0 before the first one.
    pub read_seq: u64,
    /// The number of unread messages. Omitted in events.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schemars(schema_with = "crate::schemas::left_out::<u64>"))]
    pub unread_count: Option<u64>,
}

impl PositionsView {
    /// Creates the view of the caller's positions after they were advanced.
    pub fn new(conversation: ConversationId, user: UserId, advanced: &Advanced) -> Self {
        Self {
            conversation_id: conversation.as_uuid(),
            user_id: user.as_uuid(),
            delivered_seq: advanced.positions.delivered.get(),
            read_seq: advanced.positions.read.get(),
            unread_count: Some(advanced.positions.unread(advanced.last_seq)),
        }
    }
}

/// The number of the caller's unread messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema, apistos::ApiComponent))]
pub struct UnreadView {
    /// Unread messages in all conversations.
    pub total: u64,
    /// Conversations with unread messages.
    pub conversations: u64,
}

impl From<Unread> for UnreadView {
    fn from(Unread { total, conversations }: Unread) -> Self {
        Self { total, conversations }
    }
}

impl From<&PositionsMoved> for PositionsView {
    fn from(moved: &PositionsMoved) -> Self {
        Self {
            conversation_id: moved.conversation_id.as_uuid(),
            user_id: moved.user_id.as_uuid(),
            delivered_seq: moved.positions.delivered.get(),
            read_seq: moved.positions.read.get(),
            unread_count: None,
        }
    }
}
