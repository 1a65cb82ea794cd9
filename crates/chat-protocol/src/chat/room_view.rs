use super::{ChatRoomId, ChatTypeView};
use crate::TimestampView;
use crate::conversations::MAX_LISTED_CHARS;
use crate::messages::MessageStatusView;
use chat_domain::MessageId;
use chat_domain::conversations::{ConversationName, ConversationOverview};
use chat_domain::receipts::{ParticipantPositions, delivery_status};
use chat_domain::users::{AvatarUrl, UserSummary, Username};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A private chat in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema, apistos::ApiComponent))]
pub struct RoomView {
    /// Always `PRIVATE`.
    pub chat_type: ChatTypeView,
    /// The two user ids sorted and joined by `_`.
    pub chat_room_id: String,
    /// The id of the chat's conversation.
    pub conversation_id: Uuid,
    /// The other user's id.
    pub user_id: Uuid,
    /// The other user's username; `null` if the account was deleted.
    pub username: Option<String>,
    /// The other user's display name.
    pub name: String,
    /// The URL of the other user's avatar, or `null`.
    pub avatar: Option<String>,
    /// Whether the other user is online.
    pub is_online: bool,
    /// The text of the latest message; `null` if there is none.
    pub latest_message: Option<String>,
    /// The id of the latest message, or `null`.
    pub latest_message_id: Option<Uuid>,
    /// The time of the latest message, or `null`.
    pub latest_message_time: Option<TimestampView>,
    /// The delivery status of the latest message, or `null`.
    pub latest_message_status: Option<MessageStatusView>,
    /// The sender of the latest message, or `null`.
    pub sender_id: Option<Uuid>,
    /// The `seq` of the latest message, or 0 before the first one.
    pub last_seq: u64,
    /// The `pos` of the newest change that this view includes.
    pub pos: u64,
    /// The number of messages that the caller has not read.
    pub unread_count: u64,
}

impl RoomView {
    /// Creates the view of a direct conversation with `peer`.
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
            last_seq: conversation.last_seq.get(),
            pos: conversation.last_pos.get(),
            sender_id: latest.as_ref().map(|message| message.sender.id.as_uuid()),
            latest_message: latest.map(|message| message.body.first(MAX_LISTED_CHARS).into_string()),
            unread_count,
        }
    }
}

/// A group chat in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema, apistos::ApiComponent))]
pub struct GroupRoomView {
    /// Always `GROUP`.
    pub chat_type: ChatTypeView,
    /// The group's id.
    pub group_id: Uuid,
    /// The id of the group's conversation.
    pub conversation_id: Uuid,
    /// The name; `null` if the group was created without one.
    pub group_name: Option<String>,
    /// The URL of the avatar, or `null`.
    pub group_avatar: Option<String>,
    /// The number of members.
    pub members_count: u32,
    /// The text of the latest message; `null` if there is none.
    pub latest_message: Option<String>,
    /// The time of the latest message, or `null`.
    pub latest_message_time: Option<TimestampView>,
    /// The display name of its sender, or `null`.
    pub sender_name: Option<String>,
    /// The URL of its sender's avatar, or `null`.
    pub sender_avatar: Option<String>,
    /// The `seq` of the latest message, or 0 before the first one.
    pub last_seq: u64,
    /// The `pos` of the newest change that this view includes.
    pub pos: u64,
    /// The number of messages that the caller has not read.
    pub unread_count: u64,
}

impl From<ConversationOverview> for GroupRoomView {
    fn from(overview: ConversationOverview) -> Self {
        let unread_count = overview.unread_count();
        let conversation = overview.details.conversation;
        let (text, time, sender) = match overview.last_message {
            Some(message) => (
                Some(message.body.first(MAX_LISTED_CHARS).into_string()),
                Some(message.created_at.into()),
                Some(message.sender),
            ),
            None => (None, None, None),
        };
        Self {
            chat_type: ChatTypeView::Group,
            group_id: conversation.id.as_uuid(),
            conversation_id: conversation.id.as_uuid(),
            group_name: conversation.name.map(ConversationName::into_string),
            group_avatar: conversation.avatar.map(AvatarUrl::into_string),
            members_count: conversation.participant_count,
            last_seq: conversation.last_seq.get(),
            pos: conversation.last_pos.get(),
            latest_message: text,
            latest_message_time: time,
            sender_name: sender.as_ref().map(|sender| sender.name.clone()),
            sender_avatar: sender.and_then(|sender| sender.avatar).map(AvatarUrl::into_string),
            unread_count,
        }
    }
}
