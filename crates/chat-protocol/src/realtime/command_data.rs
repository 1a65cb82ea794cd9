//! The `data` of commands: the types by which it is parsed and documented. They are bodies like those of REST, and
//! contain the bodies of REST for the same data, so that the same fault has the same sentence. Unknown fields are
//! ignored. The actor is the user of the token: `sender`, `callerId` and similar fields are not read.

mod parse;

use super::command_values::{PairRoom, Token};
use super::{ClientEpoch, Dialect, Resume};
use crate::chat::{ChatMessageBody, ChatRoomId};
use crate::messages::{EditMessageBody, SendMessageBody};
use crate::nested::Nested;
use crate::receipts::ReadBody;
use crate::{Optional, Required, valid};
use chat_domain::messages::{Anchor, Emoji};
use chat_domain::presence::PresenceStatus;
use chat_domain::users::DisplayName;
use chat_domain::{ConversationId, MessageId, PageLimit, PageNumber, UserId};
use garde::Validate;
use serde::Deserialize;

macro_rules! data {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)+ })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Deserialize, Validate)]
        #[serde(rename_all = "camelCase")]
        #[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
        pub struct $name {
            $($(#[$field_doc])* #[garde(custom(valid))] $field: $type,)+
        }
    )*};
}

data! {
    /// The data of `colon` commands that only name a conversation.
    ConversationData {
        /// The conversation.
        conversation_id: Required<ConversationId>,
    }
    /// The data of `presence:update`.
    StatusData {
        /// The status that other users see.
        status: Required<PresenceStatus>,
    }
    /// The data of commands that only name a user.
    UserData {
        /// The user.
        user_id: Required<UserId>,
    }
    /// The data of `camel` commands that only name a private chat.
    PairData {
        /// The two user ids joined by `_`, one of them the user's own.
        chat_room_id: Required<PairRoom>,
    }
    /// The data of `camel` commands that only name a group.
    GroupData {
        /// The group.
        group_id: Required<ConversationId>,
    }
    /// The data of `camel` commands on a message, and on all messages before it in its chat.
    MessageData {
        /// The message.
        message_id: Required<MessageId>,
    }
    /// The data of commands that only name a message and its conversation.
    MessageOfData {
        /// The conversation.
        conversation_id: Required<ConversationId>,
        /// The message.
        message_id: Required<MessageId>,
    }
    /// The data of `reaction:add`.
    ReactData {
        /// The conversation.
        conversation_id: Required<ConversationId>,
        /// The message.
        message_id: Required<MessageId>,
        /// The emoji, or a short name.
        emoji: Required<Emoji>,
        /// `true`: remove the caller's other reactions to the message.
        #[serde(default)]
        replace: Optional<bool>,
    }
    /// The data of `reaction:remove`.
    ReactionData {
        /// The conversation.
        conversation_id: Required<ConversationId>,
        /// The message.
        message_id: Required<MessageId>,
        /// The emoji, or the short name.
        emoji: Required<Emoji>,
    }
    /// The data of `getGroupMessages`: one page of a group's history, oldest first.
    GroupFetchData {
        /// The group.
        group_id: Required<ConversationId>,
        /// The page: 1, the default, is the newest.
        #[serde(default)]
        page: Optional<PageNumber>,
        /// The number of messages: 1 to 100, 50 by default.
        #[serde(default)]
        limit: Optional<PageLimit>,
    }
    /// The data of `groupCall`.
    GroupCallData {
        /// The group.
        group_id: Required<ConversationId>,
        /// The name under which the call is announced; the caller's own name by default.
        #[serde(default)]
        caller_name: Optional<DisplayName>,
    }
    /// The data of `auth`.
    AuthData {
        /// An access token.
        token: Required<Token>,
        /// The dialect of the session, if this signs in.
        #[serde(default)]
        dialect: Optional<Dialect>,
        /// The client's resume position in each conversation.
        #[serde(default)]
        resume: Optional<Resume>,
        /// The epoch of these positions, from the last `resumed`.
        #[serde(default)]
        epoch: Optional<ClientEpoch>,
    }
    /// The data of `resume`, the first frame after connecting with `?resume=true`.
    ResumeData {
        /// The client's resume position in each conversation.
        resume: Required<Resume>,
        /// The epoch of these positions, from the last `resumed`.
        #[serde(default)]
        epoch: Optional<ClientEpoch>,
    }
}

/// The data of `messages:fetch`: the messages before or after a message's id or number; without either, the newest.
#[derive(Debug, Clone, Deserialize, Validate)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct FetchData {
    /// The conversation.
    #[garde(custom(valid))]
    conversation_id: Required<ConversationId>,
    /// The messages older than this one.
    #[serde(default)]
    #[garde(custom(valid), custom(alone(&self.after)))]
    before: Optional<Anchor>,
    /// The messages newer than this one.
    #[serde(default)]
    #[garde(custom(valid))]
    after: Optional<Anchor>,
    /// The number of messages: 1 to 100, 50 by default.
    #[serde(default)]
    #[garde(custom(valid))]
    limit: Optional<PageLimit>,
}

/// The data of `message:send`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema, apistos::ApiComponent))]
pub struct SendMessageData {
    /// The conversation.
    conversation_id: Required<ConversationId>,
    #[serde(flatten)]
    message: SendMessageBody,
}

/// The data of `message:edit`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct EditMessageData {
    #[serde(flatten)]
    place: MessageOfData,
    #[serde(flatten)]
    edit: EditMessageBody,
}

/// The data of `message:delivered` and `message:read`: up to this number, or this message; up to the newest message if
/// neither is given.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct PositionData {
    /// The conversation.
    conversation_id: Required<ConversationId>,
    #[serde(flatten)]
    position: ReadBody,
}

/// The data of `sendMessage`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct SendChatMessageData {
    /// The message. `receiver` or `groupId` is its destination.
    message_data: Nested<ChatMessageBody>,
}

/// The data of `camel` commands that name any chat: a group by its id, or any chat by its `chatRoomId`. If both are
/// given, the group is used.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct ChatTypingData {
    /// The private chat, or `group_<groupId>`.
    #[serde(default)]
    chat_room_id: Optional<ChatRoomId>,
    /// The group.
    #[serde(default)]
    group_id: Optional<ConversationId>,
}

/// The data of commands without data, and the acknowledgement of commands without a result: an empty object.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct NoData {}

fn alone<C>(after: &Optional<Anchor>) -> impl FnOnce(&Optional<Anchor>, &C) -> garde::Result {
    let both = after.is_given();
    move |before, _| {
        if both && before.is_given() { Err(garde::Error::new("and after exclude each other")) } else { Ok(()) }
    }
}
