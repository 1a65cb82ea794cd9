use crate::BodyError;
use crate::body::parse_data;
use crate::chat::{FetchChatBody, LastSeenView, OnlineStatusView};
use crate::messages::MessageView;
use crate::realtime::camel_payloads::{
    ChatMessageReceivedView, FetchedChatView, FetchedGroupView, MessageProgressView,
};
use crate::realtime::command_data::{
    AuthData, ChatTypingData, ConversationData, EditMessageData, FetchData, GroupCallData, GroupData, GroupFetchData,
    MessageData, MessageOfData, NoData, PairData, PositionData, ReactData, ReactionData, ResumeData,
    SendChatMessageData, SendMessageData, StatusData, UserData,
};
use crate::realtime::payloads::{AuthenticatedView, FetchedView, PresenceStatusView};
use crate::realtime::{Command, Dialect};
use crate::receipts::PositionsView;
use chat_domain::receipts::{AdvancePositions, DeliveryStatus};
use std::marker::PhantomData;

/// A command, with its names.
#[derive(Debug, Clone, Copy)]
pub struct CommandRow {
    /// A summary in a few words.
    pub what: &'static str,
    /// Its names. Every name is accepted on every connection of any dialect.
    pub names: &'static [CommandEntry],
}

/// One name of a row.
#[derive(Debug, Clone, Copy)]
pub struct CommandEntry {
    /// The dialect that the name belongs to.
    pub dialect: Dialect,
    /// The name on the wire.
    pub name: &'static str,
    /// The type of its `data`.
    pub payload: &'static str,
    /// The schema of its `data`.
    #[cfg(feature = "openapi")]
    pub schema: super::SchemaOf,
    /// The type of the `data` of its acknowledgement, on a connection of the name's dialect.
    pub answer: &'static str,
    /// The schema of `answer`.
    #[cfg(feature = "openapi")]
    pub answer_schema: super::SchemaOf,
    /// Parses the JSON of its `data`.
    pub(in crate::realtime) read: fn(&str) -> Result<Command, BodyError>,
}

/// A row contains, for each name: `Dialect "name" Payload => Answer = reader;`. The reader creates the command from the
/// payload, or returns the faults.
macro_rules! commands {
    ($($what:literal { $($dialect:ident $name:literal $payload:ty => $answer:ty = $read:expr;)+ })*) => {
        /// Every command.
        pub const COMMANDS: &[CommandRow] = &[$(CommandRow {
            what: $what,
            names: &[$(CommandEntry {
                dialect: Dialect::$dialect,
                name: $name,
                payload: stringify!($payload),
                #[cfg(feature = "openapi")]
                schema: super::schema_of::<$payload>,
                answer: {
                    const _: PhantomData<$answer> = PhantomData;
                    stringify!($answer)
                },
                #[cfg(feature = "openapi")]
                answer_schema: super::schema_of::<$answer>,
                read: |json| parse_data::<$payload, Command>(json, $read),
            },)+],
        },)*];
    };
}

commands! {
    "open a conversation on screen" {
        Colon "conversation:join" ConversationData => NoData = |data| data.place().map(Command::OpenWindow);
        Camel "joinPrivateChat" PairData => NoData = |data| data.place().map(Command::OpenWindow);
        Camel "joinGroup" GroupData => NoData = |data| data.place().map(Command::OpenWindow);
    }
    "close a conversation on screen" {
        Colon "conversation:leave" ConversationData => NoData = |data| data.place().map(Command::CloseWindow);
        Camel "leavePrivateChat" PairData => NoData = |data| data.place().map(Command::CloseWindow);
        Camel "leaveGroup" GroupData => NoData = |data| data.place().map(Command::CloseWindow);
    }
    "send a message" {
        Colon "message:send" SendMessageData => MessageView =
            |data| data.parse().map(|send| Command::SendMessage(Box::new(send)));
        Camel "sendMessage" SendChatMessageData => ChatMessageReceivedView = SendChatMessageData::parse;
    }
    "edit a message" {
        Colon "message:edit" EditMessageData => MessageView = EditMessageData::parse;
        Camel "message:edit" EditMessageData => MessageView = EditMessageData::parse;
    }
    "delete a message for everybody" {
        Colon "message:delete" MessageOfData => MessageView = MessageOfData::deletion;
        Camel "message:delete" MessageOfData => MessageView = MessageOfData::deletion;
    }
    "react to a message" {
        Colon "reaction:add" ReactData => MessageView = ReactData::parse;
        Camel "reaction:add" ReactData => MessageView = ReactData::parse;
    }
    "take a reaction back" {
        Colon "reaction:remove" ReactionData => MessageView = ReactionData::removal;
        Camel "reaction:remove" ReactionData => MessageView = ReactionData::removal;
    }
    "pin a message" {
        Colon "message:pin" MessageOfData => MessageView = |data| data.pin(true);
        Camel "message:pin" MessageOfData => MessageView = |data| data.pin(true);
    }
    "unpin a message" {
        Colon "message:unpin" MessageOfData => MessageView = |data| data.pin(false);
        Camel "message:unpin" MessageOfData => MessageView = |data| data.pin(false);
    }
    "mark messages as delivered" {
        Colon "message:delivered" PositionData => PositionsView = |data| data.parse(AdvancePositions::Delivered);
        Camel "messageDelivered" MessageData => MessageProgressView =
            |data| data.message().map(|id| Command::AdvanceMessage(id, DeliveryStatus::Delivered));
    }
    "mark messages as read" {
        Colon "message:read" PositionData => PositionsView = |data| data.parse(AdvancePositions::Read);
        Camel "messageRead" MessageData => MessageProgressView =
            |data| data.message().map(|id| Command::AdvanceMessage(id, DeliveryStatus::Read));
    }
    "get a part of the history" {
        Colon "messages:fetch" FetchData => FetchedView = FetchData::parse;
        Camel "fetchMessages" FetchChatBody => FetchedChatView = |data| data.parse().map(Command::FetchChat);
        Camel "getGroupMessages" GroupFetchData => FetchedGroupView = GroupFetchData::parse;
    }
    "start typing" {
        Colon "typing:start" ConversationData => NoData = |data| data.place().map(Command::StartTyping);
        Camel "userTyping" ChatTypingData => NoData = |data| data.place().map(Command::StartTyping);
    }
    "stop typing" {
        Colon "typing:stop" ConversationData => NoData = |data| data.place().map(Command::StopTyping);
        Camel "userStoppedTyping" ChatTypingData => NoData = |data| data.place().map(Command::StopTyping);
    }
    "set the caller's presence" {
        Colon "presence:update" StatusData => NoData = |data| data.status().map(Command::ChoosePresence);
    }
    "update the caller's last-seen time" {
        Camel "updateLastSeen" NoData => LastSeenView = |_| Ok(Command::UpdateLastSeen);
    }
    "get a user's presence" {
        Colon "presence:get" UserData => PresenceStatusView = |data| data.user().map(Command::ReadPresence);
        Camel "getUserStatus" UserData => OnlineStatusView = |data| data.user().map(Command::ReadPresence);
    }
    "call the participants of a conversation" {
        Colon "call:start" ConversationData => NoData =
            |data| data.place().map(|place| Command::StartCall(place, None));
        Camel "groupCall" GroupCallData => NoData = GroupCallData::parse;
    }
    "authenticate, or send a new token" {
        Colon "auth" AuthData => AuthenticatedView = AuthData::parse;
        Camel "auth" AuthData => AuthenticatedView = AuthData::parse;
    }
    "resume: send the positions that the client has" {
        Colon "resume" ResumeData => NoData = ResumeData::parse;
        Camel "resume" ResumeData => NoData = ResumeData::parse;
    }
}

impl CommandEntry {
    pub(in crate::realtime) fn of_name(name: &str) -> Option<&'static Self> {
        COMMANDS.iter().flat_map(|row| row.names).find(|entry| entry.name == name)
    }
}
