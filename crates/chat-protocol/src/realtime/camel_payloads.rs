//! What the events of the `camel` dialect carry in `data` (contract §4). What is durable carries `conversationId` and
//! `pos` too, by which a client resumes.

use crate::chat::{ChatMessageView, GroupView};
use crate::conversations::RoleView;
use crate::messages::MessageStatusView;
use crate::realtime::payloads::payloads;
use crate::users::UserSummaryView;
use crate::{Pagination, TimestampView};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

payloads! {
    /// `messageReceived`: a message of a private chat. `isMine` is true, and `clientMessageId` is there, on the
    /// sender's own connections alone.
    ChatMessageReceivedView {
        /// The message.
        #[serde(flatten)]
        message: ChatMessageView,
        /// The same chat among the conversations.
        conversation_id: Uuid,
        /// Its number among the conversation's messages.
        seq: u64,
        /// The number of this change in its conversation.
        pos: u64,
        /// When it was sent.
        timestamp: TimestampView,
    }
    /// `groupMessageReceived`: a message of a group.
    GroupMessageReceivedView {
        /// What a message of a private chat has.
        #[serde(flatten)]
        received: ChatMessageReceivedView,
        /// Who sent it, for people.
        sender_name: String,
    }
    /// `messageSent`: a message that this connection sent is stored durably.
    MessageSentView {
        /// Which.
        message_id: Uuid,
        /// The sender's own key, where it gave one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "openapi", schemars(schema_with = "crate::schemas::left_out::<String>"))]
        client_message_id: Option<String>,
    }
    /// `messageStatus`: how far a message has got; what came before it in the same chat has got as far at least. A
    /// status never goes back: where two reports come, the higher counts.
    MessageProgressView {
        /// Which.
        message_id: Uuid,
        /// The least that any of the others has reached.
        status: MessageStatusView,
        /// Those of the others who have read it.
        read_by: Vec<Uuid>,
    }
    /// `messagesFetched`, and the acknowledgement of `fetchMessages`.
    FetchedChatView {
        /// Oldest first.
        messages: Vec<ChatMessageView>,
        /// How to go on.
        pagination: Pagination,
    }
    /// `groupMessagesFetched`, and the acknowledgement of `getGroupMessages`.
    FetchedGroupView {
        /// Of which group.
        group_id: Uuid,
        /// Oldest first.
        messages: Vec<ChatMessageView>,
        /// How to go on.
        pagination: Pagination,
    }
    /// `userTyping`, to those who have the chat open. Of a private chat with its `chatRoomId`, of a group with its
    /// `groupId`.
    ChatTypingView {
        /// Who.
        user_id: Uuid,
        /// Where, in a private chat.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "openapi", schemars(schema_with = "crate::schemas::left_out::<String>"))]
        chat_room_id: Option<String>,
        /// Where, in a group.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "openapi", schemars(schema_with = "crate::schemas::left_out::<Uuid>"))]
        group_id: Option<Uuid>,
        /// Whether they write.
        is_typing: bool,
    }
    /// `userOnline`: somebody came, or shows another status.
    UserCameView {
        /// Who.
        user_id: Uuid,
        /// Always `true`.
        is_online: bool,
        /// When.
        connected_at: TimestampView,
    }
    /// `userOffline`: somebody's last connection ended.
    UserWentView {
        /// Who.
        user_id: Uuid,
        /// Always `false`.
        is_online: bool,
        /// When.
        last_seen: TimestampView,
    }
    /// `groupCreated` and `groupUpdated`: the group as it is now, without who is here.
    GroupChangedView {
        /// The group.
        #[serde(flatten)]
        group: GroupView,
        /// The same group among the conversations.
        conversation_id: Uuid,
        /// The number of this change in its conversation.
        pos: u64,
    }
    /// `participant:added`: somebody joined, or was added.
    GroupMemberAddedView {
        /// Where.
        group_id: Uuid,
        /// The same group among the conversations.
        conversation_id: Uuid,
        /// The number of this change in its conversation.
        pos: u64,
        /// Who.
        user: UserSummaryView,
        /// As what.
        role: RoleView,
        /// The group, for whom it is new: on the connections of whoever was added.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "openapi", schemars(schema_with = "crate::schemas::left_out::<GroupView>"))]
        group: Option<GroupView>,
    }
    /// `participant:removed`: somebody left, or was removed. Whoever it is gets nothing of this group after it.
    GroupMemberRemovedView {
        /// Where.
        group_id: Uuid,
        /// The same group among the conversations.
        conversation_id: Uuid,
        /// The number of this change in its conversation.
        pos: u64,
        /// Who.
        user_id: Uuid,
    }
    /// `userJoinedGroup` and `userLeftGroup`: somebody opened or closed the group's window.
    GroupWindowView {
        /// Who.
        user_id: Uuid,
        /// Of which group.
        group_id: Uuid,
        /// When.
        timestamp: TimestampView,
    }
    /// `userJoinedChat` and `userLeftChat`: somebody opened or closed the private chat's window.
    ChatWindowView {
        /// Who.
        user_id: Uuid,
        /// Of which chat.
        chat_room_id: String,
    }
    /// `groupCallIncoming`. A call in a private chat, which clients of the other dialect can make, has its `chatRoomId`
    /// instead of a group.
    CallOfChatView {
        /// In which group.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "openapi", schemars(schema_with = "crate::schemas::left_out::<Uuid>"))]
        group_id: Option<Uuid>,
        /// In which private chat.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "openapi", schemars(schema_with = "crate::schemas::left_out::<String>"))]
        chat_room_id: Option<String>,
        /// Who calls.
        caller_id: Uuid,
        /// What people read.
        caller_name: String,
        /// When.
        timestamp: TimestampView,
    }
}
