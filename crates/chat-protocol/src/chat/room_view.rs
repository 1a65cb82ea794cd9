use super::{ChatRoomId, ChatTypeView};
use crate::TimestampView;
use crate::messages::MessageStatusView;
use chat_domain::MessageId;
use chat_domain::conversations::{ConversationName, ConversationOverview};
use chat_domain::receipts::{ParticipantPositions, delivery_status};
use chat_domain::users::{AvatarUrl, UserSummary, Username};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A private chat in a list of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema, apistos::ApiComponent))]
pub struct RoomView {
    /// Always `PRIVATE`.
    pub chat_type: ChatTypeView,
    /// The two user ids sorted and joined by `_`.
    pub chat_room_id: String,
    /// The same chat among the conversations.
    pub conversation_id: Uuid,
    /// The other one.
    pub user_id: Uuid,
    /// Theirs; `null` once the account is gone.
    pub username: Option<String>,
    /// What people read.
    pub name: String,
    /// Optional.
    pub avatar: Option<String>,
    /// Whether they are connected.
    pub is_online: bool,
    /// What the newest message says.
    pub latest_message: Option<String>,
    /// Its id.
    pub latest_message_id: Option<Uuid>,
    /// When it was sent.
    pub latest_message_time: Option<TimestampView>,
    /// How far it has got.
    pub latest_message_status: Option<MessageStatusView>,
    /// Who sent it.
    pub sender_id: Option<Uuid>,
    /// How many messages one has not read.
    pub unread_count: u64,
}

impl RoomView {
    /// Of a direct conversation with `peer`.
    pub fn new(overview: ConversationOverview, peer: UserSummary, is_online: bool) -> Self {
        let unread_count = overview.unread_count();
        let conversation = overview.details.conversation;
        let participants = overview.details.participants.iter();
        let positions: Vec<_> = participants
            .map(|participant| ParticipantPositions { user_id: participant.user.id, positions: participant.positions })
            .collect();
        let latest = overview.last_message;
        let status = latest.as_ref().map(|message| delivery_status(message.seq, message.sender.id, &positions));
        Self {
            chat_type: ChatTypeView::Private,
            chat_room_id: ChatRoomId::of(conversation.kind, conversation.id).as_text(),
            conversation_id: conversation.id.as_uuid(),
            user_id: peer.id.as_uuid(),
            username: peer.username.as_ref().map(Username::as_str).map(str::to_owned),
            name: peer.name,
            avatar: peer.avatar.map(AvatarUrl::into_string),
            is_online,
            latest_message_id: latest.as_ref().map(|message| message.id).map(MessageId::as_uuid),
            latest_message_time: latest.as_ref().map(|message| message.created_at.into()),
            latest_message_status: status.map(MessageStatusView::from),
            sender_id: latest.as_ref().map(|message| message.sender.id.as_uuid()),
            latest_message: latest.map(|message| message.body.into_string()),
            unread_count,
        }
    }
}

/// A group in a list of group chats.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema, apistos::ApiComponent))]
pub struct GroupRoomView {
    /// Always `GROUP`.
    pub chat_type: ChatTypeView,
    /// The group.
    pub group_id: Uuid,
    /// The same group among the conversations.
    pub conversation_id: Uuid,
    /// What it is called; `null` for a group that was made without a name.
    pub group_name: Option<String>,
    /// Optional.
    pub group_avatar: Option<String>,
    /// How many take part.
    pub members_count: u32,
    /// What the newest message says; `null` before the first.
    pub latest_message: Option<String>,
    /// When it was sent.
    pub latest_message_time: Option<TimestampView>,
    /// Who sent it.
    pub sender_name: Option<String>,
    /// Who sent it, as a picture.
    pub sender_avatar: Option<String>,
    /// How many messages one has not read.
    pub unread_count: u64,
}

impl From<ConversationOverview> for GroupRoomView {
    fn from(overview: ConversationOverview) -> Self {
        let unread_count = overview.unread_count();
        let conversation = overview.details.conversation;
        let (text, time, sender) = match overview.last_message {
            Some(message) => (Some(message.body.into_string()), Some(message.created_at.into()), Some(message.sender)),
            None => (None, None, None),
        };
        Self {
            chat_type: ChatTypeView::Group,
            group_id: conversation.id.as_uuid(),
            conversation_id: conversation.id.as_uuid(),
            group_name: conversation.name.map(ConversationName::into_string),
            group_avatar: conversation.avatar.map(AvatarUrl::into_string),
            members_count: conversation.participant_count,
            latest_message: text,
            latest_message_time: time,
            sender_name: sender.as_ref().map(|sender| sender.name.clone()),
            sender_avatar: sender.and_then(|sender| sender.avatar).map(AvatarUrl::into_string),
            unread_count,
        }
    }
}
