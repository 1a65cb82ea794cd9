//! The types of the `data` of events and answers, for the table, for clients in Rust, and for the documentation.

use crate::conversations::{ConversationView, RoleView};
use crate::messages::MessageView;
use crate::users::{PresenceView, UserSummaryView};
use crate::{FaultView, Pagination, TimestampView};
use chat_domain::presence::{Contact, PresenceStatus};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use uuid::Uuid;

macro_rules! payloads {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "camelCase")]
        #[cfg_attr(feature = "openapi", derive(schemars::JsonSchema, apistos::ApiComponent))]
        pub struct $name {
            $($(#[$field_doc])* pub $field: $type,)*
        }
    )*};
}
pub(super) use payloads;

payloads! {
    /// `conversation:created`: a new conversation. Sent to all of its participants.
    ConversationCreatedView {
        /// The conversation's id.
        conversation_id: Uuid,
        /// The position of this change in its conversation: always 1.
        pos: u64,
        /// The new conversation.
        conversation: ConversationView,
    }
    /// `conversation:updated`: name, description, avatar, metadata or activity changed, or the last admin's role
    /// passed on. Of a direct conversation, the metadata changed.
    ConversationUpdatedView {
        /// The conversation's id.
        conversation_id: Uuid,
        /// The position of this change in its conversation.
        pos: u64,
        /// The conversation after the change.
        conversation: ConversationView,
    }
    /// `participant:added`: a user joined or was added.
    ParticipantAddedView {
        /// The conversation's id.
        conversation_id: Uuid,
        /// The position of this change in its conversation.
        pos: u64,
        /// The user.
        user: UserSummaryView,
        /// The user's role.
        role: RoleView,
        /// The conversation. Only the added user receives it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "openapi", schemars(schema_with = "crate::schemas::left_out::<ConversationView>"))]
        conversation: Option<ConversationView>,
    }
    /// `participant:removed`: a user left or was removed. It is the last event of the conversation for this user.
    ParticipantRemovedView {
        /// The conversation's id.
        conversation_id: Uuid,
        /// The position of this change in its conversation.
        pos: u64,
        /// The user's id.
        user_id: Uuid,
    }
    /// `participant:updated`: an admin changed a participant's role.
    ParticipantUpdatedView {
        /// The conversation's id.
        conversation_id: Uuid,
        /// The position of this change in its conversation.
        pos: u64,
        /// The user's id.
        user_id: Uuid,
        /// The new role.
        role: RoleView,
    }
    /// `message:updated`: a message after an edit. To a client that missed changes of a message, its present state.
    MessageUpdatedView {
        /// The conversation's id.
        conversation_id: Uuid,
        /// The position of this change in its conversation.
        pos: u64,
        /// The message as it is now: without content, and with a `deletedAt`, if it was deleted since. `status` is
        /// always `SENT`.
        message: MessageView,
    }
    /// `message:deleted`: a message was deleted for everybody. Its place in the history stays.
    MessageDeletedView {
        /// The conversation's id.
        conversation_id: Uuid,
        /// The position of this change in its conversation, which is the `changedPos` of the deleted message.
        pos: u64,
        /// The message's id.
        message_id: Uuid,
        /// The message's number in its conversation.
        seq: u64,
        /// The id of the user who deleted it.
        deleted_by: Uuid,
        /// The time of the deletion.
        deleted_at: TimestampView,
    }
    /// `reaction:added` and `reaction:removed`: a user reacted to a message, or took a reaction back.
    ReactionChangedView {
        /// The conversation's id.
        conversation_id: Uuid,
        /// The position of this change in its conversation, which is the `changedPos` of the message.
        pos: u64,
        /// The message's id.
        message_id: Uuid,
        /// The message's number in its conversation.
        seq: u64,
        /// The emoji, or the short name.
        emoji: String,
        /// The user.
        user: UserSummaryView,
        /// The number of users who react so after this change.
        count: u32,
    }
    /// `message:pinned` and `message:unpinned`: a message was pinned or unpinned.
    PinChangedView {
        /// The conversation's id.
        conversation_id: Uuid,
        /// The position of this change in its conversation, which is the `changedPos` of the message.
        pos: u64,
        /// The message's id.
        message_id: Uuid,
        /// The message's number in its conversation.
        seq: u64,
        /// The user who pinned or unpinned it.
        user: UserSummaryView,
        /// The message's `pinnedAt` after this change: `null` if it was unpinned.
        pinned_at: Option<TimestampView>,
    }
    /// `change:skipped`: a change that this server does not know or cannot read. The client should read the
    /// conversation again, and resume from before the first skipped change when it reconnects.
    ChangeSkippedView {
        /// The conversation that changed.
        conversation_id: Uuid,
        /// The position of this change in its conversation.
        pos: u64,
    }
    /// `typing:update`: a user started or stopped typing. Sent to participants who have the conversation open.
    TypingView {
        /// The conversation's id.
        conversation_id: Uuid,
        /// The user's id.
        user_id: Uuid,
        /// Whether the user is typing.
        is_typing: bool,
    }
    /// `user:online`: a user came online or changed status.
    UserOnlineView {
        /// The user's id.
        user_id: Uuid,
        /// The display name.
        name: String,
        /// The user's presence.
        status: PresenceView,
    }
    /// `user:offline`: a user's last connection ended.
    UserOfflineView {
        /// The user's id.
        user_id: Uuid,
        /// The time when the last connection ended.
        last_seen: TimestampView,
    }
    /// `conversation:joined` and `conversation:left`: a user opened or closed the conversation on screen.
    WindowView {
        /// The conversation's id.
        conversation_id: Uuid,
        /// The user's id.
        user_id: Uuid,
    }
    /// `call:incoming`: a user calls.
    CallView {
        /// The conversation's id.
        conversation_id: Uuid,
        /// The caller's id.
        caller_id: Uuid,
        /// The caller's display name.
        caller_name: String,
        /// The time of the call.
        timestamp: TimestampView,
    }
    /// `messages:fetched`, and the acknowledgement of `messages:fetch`: a part of the history.
    FetchedView {
        /// The conversation's id.
        conversation_id: Uuid,
        /// The messages, newest first.
        messages: Vec<MessageView>,
        /// The position of this part in the history.
        pagination: Pagination,
    }
    /// `presence:status`, and the acknowledgement of `presence:get`: a user's presence.
    PresenceStatusView {
        /// The user's id.
        user_id: Uuid,
        /// Whether the user is online; `false` if the client is not allowed to see it.
        is_online: bool,
        /// The presence; `null` if the client is not allowed to see it.
        status: Option<PresenceView>,
        /// The time when the last connection ended; `null` if there was none, or if the client is not allowed to see
        /// it.
        last_seen: Option<TimestampView>,
    }
    /// `presence:state`: the presence of the user's contacts when this connection began to receive events.
    PresenceStateView {
        /// Up to 100 contacts of the most recently active conversations of up to 100 participants.
        users: Vec<ContactStateView>,
    }
    /// The presence of a contact.
    ContactStateView {
        /// The user's id.
        user_id: Uuid,
        /// The presence.
        status: PresenceView,
        /// The time when the last connection ended. Omitted if the user is connected, or never was.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "openapi", schemars(schema_with = "crate::schemas::left_out::<TimestampView>"))]
        last_seen: Option<TimestampView>,
    }
    /// `resumed`: the server has sent all missed events.
    ResumedView {
        /// The epoch of the positions. If it is not the one that the client has stored, all its positions and cached
        /// data are void.
        epoch: Uuid,
        /// The newest `pos` of each of the user's 1,000 most recent conversations.
        positions: BTreeMap<Uuid, u64>,
        /// The conversations with more missed events than the server sends again, and those in which a missed event
        /// was a `change:skipped`. The client should read them by REST.
        limited: Vec<Uuid>,
        /// The conversations in which the client's position is void: of another epoch, or beyond the newest change. The
        /// client should drop what it has of them. Those of them in which the user takes part are in `limited` too.
        reset: Vec<Uuid>,
    }
    /// The acknowledgement of `auth`.
    AuthenticatedView {
        /// The user's id.
        user_id: Uuid,
        /// The session's id.
        session_id: Uuid,
        /// The time when the access token expires.
        expires_at: TimestampView,
    }
    /// `error`: the failure of a command.
    FrameErrorView {
        /// The stable code of the failure, for programs.
        #[cfg_attr(feature = "openapi", schemars(schema_with = "crate::schemas::error_code"))]
        code: String,
        /// A sentence for people.
        message: String,
        /// The invalid fields. Omitted if no field is invalid.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        details: Vec<FaultView>,
        /// The time to wait before a retry, in milliseconds (`RATE_LIMITED`, `UPGRADE_PENDING`). Omitted if unknown.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "openapi", schemars(schema_with = "crate::schemas::left_out::<u64>"))]
        retry_after_ms: Option<u64>,
    }
}

impl ContactStateView {
    /// Creates the view of a contact with this status.
    pub fn new(contact: Contact, status: PresenceStatus) -> Self {
        let last_seen = contact.last_seen.filter(|_| !status.is_online()).map(TimestampView::from);
        Self { user_id: contact.user_id.as_uuid(), status: status.into(), last_seen }
    }
}
