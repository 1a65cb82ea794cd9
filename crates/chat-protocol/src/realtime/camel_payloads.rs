//! The `data` of the events of the `camel` dialect (contract §4). Durable events also contain `conversationId` and
//! `pos`, which a client needs to resume.

use crate::chat::{ChatMessageView, GroupView};
use crate::conversations::RoleView;
use crate::messages::MessageStatusView;
use crate::realtime::payloads::payloads;
use crate::users::UserSummaryView;
use crate::{Pagination, TimestampView};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

payloads! {
    /// `messageReceived`: a message of a private chat. `isMine` is `true`, and `clientMessageId` is present, only on
    /// the sender's connections.
    ChatMessageReceivedView {
        /// The message.
        #[serde(flatten)]
        message: ChatMessageView,
        /// The time when the server stored the message.
        timestamp: TimestampView,
    }
    /// `groupMessageReceived`: a message of a group.
    GroupMessageReceivedView {
        /// The fields of a private message.
        #[serde(flatten)]
        received: ChatMessageReceivedView,
        /// The sender's display name.
        sender_name: String,
    }
    /// `messageSent`: a message that this connection sent is stored durably.
    MessageSentView {
        /// The message's id.
        message_id: Uuid,
        /// The sender's idempotency key. Omitted if there is none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "openapi", schemars(schema_with = "crate::schemas::left_out::<String>"))]
        client_message_id: Option<String>,
    }
    /// `messageStatus`: the new status of a message, which earlier messages of the chat have reached too. A status
    /// never moves back: of two reports, the higher one is right.
    MessageProgressView {
        /// The message's id.
        message_id: Uuid,
        /// The lowest status among the recipients.
        status: MessageStatusView,
        /// The ids of the recipients who have read the message.
        read_by: Vec<Uuid>,
    }
    /// `messagesFetched`, and the acknowledgement of `fetchMessages`: a page of a private chat.
    FetchedChatView {
        /// The messages, oldest first.
        messages: Vec<ChatMessageView>,
        /// The position of this page in the history.
        pagination: Pagination,
    }
    /// `groupMessagesFetched`, and the acknowledgement of `getGroupMessages`: a page of a group.
    FetchedGroupView {
        /// The group's id.
        group_id: Uuid,
        /// The messages, oldest first.
        messages: Vec<ChatMessageView>,
        /// The position of this page in the history.
        pagination: Pagination,
    }
    /// `userTyping`: a user started or stopped typing. Sent to users who have the chat open. A private chat has its
    /// `chatRoomId`, a group its `groupId`.
    ChatTypingView {
        /// The user's id.
        user_id: Uuid,
        /// The chat. Only in private chats.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "openapi", schemars(schema_with = "crate::schemas::left_out::<String>"))]
        chat_room_id: Option<String>,
        /// The group. Only in groups.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "openapi", schemars(schema_with = "crate::schemas::left_out::<Uuid>"))]
        group_id: Option<Uuid>,
        /// Whether the user is typing.
        is_typing: bool,
    }
    /// `userOnline`: a user came online or changed status.
    UserCameView {
        /// The user's id.
        user_id: Uuid,
        /// Always `true`.
        is_online: bool,
        /// The time when the user came online.
        connected_at: TimestampView,
    }
    /// `userOffline`: a user's last connection ended.
    UserWentView {
        /// The user's id.
        user_id: Uuid,
        /// Always `false`.
        is_online: bool,
        /// The time when the last connection ended.
        last_seen: TimestampView,
    }
    /// `groupCreated` and `groupUpdated`: the group after the change, without the presence of its members.
    GroupChangedView {
        /// The group.
        #[serde(flatten)]
        group: GroupView,
        /// The id of the group's conversation.
        conversation_id: Uuid,
        /// The position of this change in its conversation.
        pos: u64,
    }
    /// `participant:added`: a user joined or was added.
    GroupMemberAddedView {
        /// The group's id.
        group_id: Uuid,
        /// The id of the group's conversation.
        conversation_id: Uuid,
        /// The position of this change in its conversation.
        pos: u64,
        /// The user.
        user: UserSummaryView,
        /// The user's role.
        role: RoleView,
        /// The group. Only the added user receives it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "openapi", schemars(schema_with = "crate::schemas::left_out::<GroupView>"))]
        group: Option<GroupView>,
    }
    /// `participant:removed`: a user left or was removed. It is the last event of the group for this user.
    GroupMemberRemovedView {
        /// The group's id.
        group_id: Uuid,
        /// The id of the group's conversation.
        conversation_id: Uuid,
        /// The position of this change in its conversation.
        pos: u64,
        /// The user's id.
        user_id: Uuid,
    }
    /// `userJoinedGroup` and `userLeftGroup`: a user opened or closed the group on screen.
    GroupWindowView {
        /// The user's id.
        user_id: Uuid,
        /// The group's id.
        group_id: Uuid,
        /// The time of the event.
        timestamp: TimestampView,
    }
    /// `userJoinedChat` and `userLeftChat`: a user opened or closed the private chat on screen.
    ChatWindowView {
        /// The user's id.
        user_id: Uuid,
        /// The chat's id.
        chat_room_id: String,
    }
    /// `groupCallIncoming`: a user calls. A call in a private chat, from a client of the other dialect, has
    /// `chatRoomId` instead of `groupId`.
    CallOfChatView {
        /// The group. Only in groups.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "openapi", schemars(schema_with = "crate::schemas::left_out::<Uuid>"))]
        group_id: Option<Uuid>,
        /// The chat. Only in private chats.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "openapi", schemars(schema_with = "crate::schemas::left_out::<String>"))]
        chat_room_id: Option<String>,
        /// The caller's id.
        caller_id: Uuid,
        /// The caller's display name.
        caller_name: String,
        /// The time of the event.
        timestamp: TimestampView,
    }
}
