//! What commands carry in `data`, as types: for the table, for clients in Rust, and for the documentation. Reading is
//! by
//! [`Command::parse`](super::Command::parse), which gathers every fault and ignores what it does not know.

use crate::chat::ChatMessageBody;
use crate::realtime::payloads::payloads;
use crate::users::PresenceView;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use uuid::Uuid;

payloads! {
    /// `conversation:join`, `conversation:leave`, `typing:start`, `typing:stop`.
    ConversationData {
        /// Which.
        conversation_id: Uuid,
    }
    /// `message:delivered` and `message:read`: up to this number, or this message; neither: everything so far.
    PositionData {
        /// Where.
        conversation_id: Uuid,
        /// Up to this number.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seq: Option<u64>,
        /// Up to this message.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message_id: Option<Uuid>,
    }
    /// `messages:fetch`: what came before, or after, a message's id or number; neither: the newest.
    FetchData {
        /// Where.
        conversation_id: Uuid,
        /// Older than this.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        before: Option<String>,
        /// Newer than this.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<String>,
        /// How many: 1 to 100, 50 by default.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        limit: Option<u32>,
    }
    /// `presence:update`.
    StatusData {
        /// `online`, `away` or `busy`.
        status: PresenceView,
    }
    /// `presence:get` and `getUserStatus`.
    UserData {
        /// Who.
        user_id: Uuid,
    }
    /// `call:start`.
    CallData {
        /// Where.
        conversation_id: Uuid,
    }
    /// `joinPrivateChat` and `leavePrivateChat`.
    PairData {
        /// The two user ids joined by `_`, one of them one's own.
        chat_room_id: String,
    }
    /// `joinGroup` and `leaveGroup`.
    GroupData {
        /// Which.
        group_id: Uuid,
    }
    /// `messageDelivered` and `messageRead`: this message, and with it all that came before it in its chat.
    MessageData {
        /// Which.
        message_id: Uuid,
    }
    /// `getGroupMessages`: one page of a group's history, oldest first.
    GroupFetchData {
        /// Which.
        group_id: Uuid,
        /// Which page: 1, the default, is the newest.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        page: Option<u32>,
        /// How many: 1 to 100, 50 by default.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        limit: Option<u32>,
    }
    /// `userTyping` and `userStoppedTyping`: one of the two.
    ChatTypingData {
        /// In this private chat, or `group_<groupId>`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        chat_room_id: Option<String>,
        /// In this group.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        group_id: Option<Uuid>,
    }
    /// `updateLastSeen`: nothing.
    NoData {
    }
    /// `groupCall`.
    GroupCallData {
        /// Which.
        group_id: Uuid,
        /// How the caller wants to be called; their name where it is left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        caller_name: Option<String>,
    }
    /// `auth`.
    AuthData {
        /// An access token.
        token: String,
        /// `colon` or `camel`; where signing in begins the session.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        dialect: Option<String>,
        /// What the client has already: the highest `pos` of each conversation.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        resume: Option<BTreeMap<Uuid, u64>>,
    }
    /// `resume`, the first frame after connecting with `?resume=true`.
    ResumeData {
        /// What the client has already: the highest `pos` of each conversation.
        resume: BTreeMap<Uuid, u64>,
    }
}

/// `sendMessage`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema, apistos::ApiComponent))]
pub struct SendChatMessageData {
    /// The message; `receiver` or `groupId` says for whom.
    pub message_data: ChatMessageBody,
}
