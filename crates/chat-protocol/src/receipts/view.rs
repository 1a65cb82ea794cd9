use chat_domain::receipts::{Advanced, PositionsMoved};
use chat_domain::{ConversationId, UserId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// How far a participant has got.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema, apistos::ApiComponent))]
pub struct PositionsView {
    /// Where.
    pub conversation_id: Uuid,
    /// Whose.
    pub user_id: Uuid,
    /// Messages up to this one have arrived.
    pub delivered_seq: u64,
    /// Messages up to this one have been read.
    pub read_seq: u64,
    /// How many messages are unread; left out in events.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unread_count: Option<u64>,
}

impl PositionsView {
    /// One's own, after they were advanced.
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
