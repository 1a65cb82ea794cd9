//! What events and answers carry in `data`, as types: for the table that makes them, for clients in Rust, and for the
//! documentation.

use crate::conversations::{ConversationView, RoleView};
use crate::messages::MessageView;
use crate::users::{PresenceView, UserSummaryView};
use crate::{FaultView, Pagination, TimestampView};
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
    /// `message:received`: the message itself. `clientMessageId` is there on the sender's own connections alone.
    MessageReceivedView {
        /// The message.
        #[serde(flatten)]
        message: MessageView,
        /// The number of this change in its conversation.
        pos: u64,
    }
    /// `conversation:created`, to all its members.
    ConversationCreatedView {
        /// Which.
        conversation_id: Uuid,
        /// Always 1.
        pos: u64,
        /// What was made.
        conversation: ConversationView,
    }
    /// `conversation:updated`: name, description, avatar, activity or a role changed.
    ConversationUpdatedView {
        /// Which.
        conversation_id: Uuid,
        /// The number of this change in its conversation.
        pos: u64,
        /// As it is now.
        conversation: ConversationView,
    }
    /// `participant:added`: somebody joined, or was added.
    ParticipantAddedView {
        /// Where.
        conversation_id: Uuid,
        /// The number of this change in its conversation.
        pos: u64,
        /// Who.
        user: UserSummaryView,
        /// As what.
        role: RoleView,
        /// The conversation, for whom it is new: on the connections of whoever was added.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "openapi", schemars(schema_with = "crate::schemas::left_out::<ConversationView>"))]
        conversation: Option<ConversationView>,
    }
    /// `participant:removed`: somebody left, or was removed. Whoever it is gets nothing of this conversation after it.
    ParticipantRemovedView {
        /// Where.
        conversation_id: Uuid,
        /// The number of this change in its conversation.
        pos: u64,
        /// Who.
        user_id: Uuid,
    }
    /// `change:skipped`: a change of a kind that this server does not know. Read the conversation again.
    ChangeSkippedView {
        /// The conversation that changed.
        conversation_id: Uuid,
        /// The number of this change in its conversation.
        pos: u64,
    }
    /// `typing:update`, to those who have the conversation open.
    TypingView {
        /// Where.
        conversation_id: Uuid,
        /// Who.
        user_id: Uuid,
        /// Whether they write.
        is_typing: bool,
    }
    /// `user:online`: somebody came, or shows another status.
    UserOnlineView {
        /// Who.
        user_id: Uuid,
        /// What people read.
        name: String,
        /// How.
        status: PresenceView,
    }
    /// `user:offline`: somebody's last connection ended.
    UserOfflineView {
        /// Who.
        user_id: Uuid,
        /// When.
        last_seen: TimestampView,
    }
    /// `conversation:joined` and `conversation:left`: somebody opened or closed the conversation's window.
    WindowView {
        /// Which.
        conversation_id: Uuid,
        /// Who.
        user_id: Uuid,
    }
    /// `call:incoming`.
    CallView {
        /// Where.
        conversation_id: Uuid,
        /// Who calls.
        caller_id: Uuid,
        /// What people read.
        caller_name: String,
        /// When.
        timestamp: TimestampView,
    }
    /// `messages:fetched`, and the acknowledgement of `messages:fetch`.
    FetchedView {
        /// Where.
        conversation_id: Uuid,
        /// Newest first.
        messages: Vec<MessageView>,
        /// How to go on.
        pagination: Pagination,
    }
    /// `presence:status`, and the acknowledgement of `presence:get`.
    PresenceStatusView {
        /// Who.
        user_id: Uuid,
        /// Whether they are connected, as far as one may know.
        is_online: bool,
        /// How; `null` where one may not know.
        status: Option<PresenceView>,
        /// When their last connection ended; `null` where one may not know.
        last_seen: Option<TimestampView>,
    }
    /// `resumed`: everything that was missed has been sent before it.
    ResumedView {
        /// The newest `pos` of each of the user's conversations, the 1,000 most recent.
        positions: BTreeMap<Uuid, u64>,
        /// Where more was missed than is sent again: page through these.
        limited: Vec<Uuid>,
    }
    /// The acknowledgement of `auth`.
    AuthenticatedView {
        /// Who one is.
        user_id: Uuid,
        /// By which sign-in.
        session_id: Uuid,
        /// Until when, without a fresh token.
        expires_at: TimestampView,
    }
    /// `error`: what a command failed with.
    FrameErrorView {
        /// The stable name of the failure.
        #[cfg_attr(feature = "openapi", schemars(schema_with = "crate::schemas::error_code"))]
        code: String,
        /// A sentence for people.
        message: String,
        /// What is wrong with which field; left out where nothing is.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        details: Vec<FaultView>,
        /// After how many milliseconds the same may succeed (`RATE_LIMITED`); left out where that is not known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "openapi", schemars(schema_with = "crate::schemas::left_out::<u64>"))]
        retry_after_ms: Option<u64>,
    }
}
