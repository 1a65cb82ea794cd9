use crate::TimestampView;
use crate::users::UserSummaryView;
use chat_domain::messages::{AttachmentUrl, HistoryPage, Message};
use chat_domain::receipts::{DeliveryStatus, delivery_status};
use chat_domain::{MessageId, UserId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// How far a message has got with those it was for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema, apistos::ApiComponent))]
pub enum MessageStatusView {
    /// Stored.
    Sent,
    /// Arrived at everyone it was for.
    Delivered,
    /// Read by everyone it was for.
    Read,
}

impl From<DeliveryStatus> for MessageStatusView {
    fn from(status: DeliveryStatus) -> Self {
        match status {
            DeliveryStatus::Sent => Self::Sent,
            DeliveryStatus::Delivered => Self::Delivered,
            DeliveryStatus::Read => Self::Read,
        }
    }
}

/// A message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema, apistos::ApiComponent))]
pub struct MessageView {
    /// The id.
    pub id: Uuid,
    /// Where it was sent.
    pub conversation_id: Uuid,
    /// Its number among the conversation's messages: 1, 2, 3, ... without a gap.
    pub seq: u64,
    /// Who sent it.
    pub sender: UserSummaryView,
    /// What it says.
    pub content: String,
    /// What came with it.
    pub attachment: Option<String>,
    /// The message it answers.
    pub reply_to: Option<Uuid>,
    /// How far it has got.
    pub status: MessageStatusView,
    /// When it was sent.
    pub created_at: TimestampView,
    /// When it last changed.
    pub updated_at: TimestampView,
    /// When its text was last changed.
    pub edited_at: Option<TimestampView>,
    /// When it was deleted.
    pub deleted_at: Option<TimestampView>,
    /// The sender's own key; shown to the sender alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_message_id: Option<String>,
    /// `true` where a send found its message stored already; else left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duplicate: Option<bool>,
}

impl MessageView {
    /// As its sender sees it (`own`), or as everyone else does.
    pub fn new(message: Message, status: DeliveryStatus, own: bool) -> Self {
        Self {
            id: message.id.as_uuid(),
            conversation_id: message.conversation_id.as_uuid(),
            seq: message.seq.get(),
            sender: message.sender.into(),
            content: message.body.into_string(),
            attachment: message.attachment.map(AttachmentUrl::into_string),
            reply_to: message.reply_to.map(MessageId::as_uuid),
            status: status.into(),
            created_at: message.created_at.into(),
            updated_at: message.updated_at.into(),
            edited_at: message.edited_at.map(TimestampView::from),
            deleted_at: message.deleted_at.map(TimestampView::from),
            client_message_id: message.client_message_id.filter(|_| own).map(|key| key.as_str().to_owned()),
            duplicate: None,
        }
    }

    /// The messages of a page as `viewer` sees them, each with the status that everyone's positions give it.
    pub fn of_history(page: HistoryPage, viewer: UserId) -> Vec<Self> {
        let positions = page.participants;
        let view = |message: Message| {
            let (seq, sender) = (message.seq, message.sender.id);
            Self::new(message, delivery_status(seq, sender, &positions), sender == viewer)
        };
        page.messages.into_iter().map(view).collect()
    }
}
