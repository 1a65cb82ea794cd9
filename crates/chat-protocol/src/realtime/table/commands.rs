use crate::chat::FetchChatBody;
use crate::messages::SendMessageData;
use crate::realtime::Dialect;
use crate::realtime::command::{self, Command};
use crate::realtime::command_data::{
    AuthData, CallData, ChatTypingData, ConversationData, FetchData, GroupCallData, GroupData, GroupFetchData,
    MessageData, NoData, PairData, PositionData, ResumeData, SendChatMessageData, StatusData, UserData,
};
use crate::realtime::fields::Fields;
use std::marker::PhantomData;

/// What a client may ask for, under its names.
#[derive(Debug, Clone, Copy)]
pub struct CommandRow {
    /// In a few words.
    pub what: &'static str,
    /// Its names. Every name is understood on every connection, whatever its dialect.
    pub names: &'static [CommandEntry],
}

/// One name of a row.
#[derive(Debug, Clone, Copy)]
pub struct CommandEntry {
    /// In which dialect.
    pub dialect: Dialect,
    /// The name on the wire.
    pub name: &'static str,
    /// The type of its `data`.
    pub payload: &'static str,
    /// The schema of its `data`.
    #[cfg(feature = "openapi")]
    pub schema: super::SchemaOf,
    pub(in crate::realtime) read: fn(&mut Fields) -> Option<Command>,
}

macro_rules! commands {
    ($($what:literal { $($dialect:ident $name:literal $payload:ty = $read:expr;)+ })*) => {
        /// Every command.
        pub const COMMANDS: &[CommandRow] = &[$(CommandRow {
            what: $what,
            names: &[$(CommandEntry {
                dialect: Dialect::$dialect,
                name: $name,
                payload: {
                    const _: PhantomData<$payload> = PhantomData;
                    stringify!($payload)
                },
                #[cfg(feature = "openapi")]
                schema: super::schema_of::<$payload>,
                read: $read,
            },)+],
        },)*];
    };
}

commands! {
    "open a conversation on screen" {
        Colon "conversation:join" ConversationData = command::colon::open_window;
        Camel "joinPrivateChat" PairData = command::camel::join_private_chat;
        Camel "joinGroup" GroupData = command::camel::join_group;
    }
    "close a conversation on screen" {
        Colon "conversation:leave" ConversationData = command::colon::close_window;
        Camel "leavePrivateChat" PairData = command::camel::leave_private_chat;
        Camel "leaveGroup" GroupData = command::camel::leave_group;
    }
    "send a message" {
        Colon "message:send" SendMessageData = command::colon::send_message;
        Camel "sendMessage" SendChatMessageData = command::camel::send_message;
    }
    "mark messages as delivered" {
        Colon "message:delivered" PositionData = command::colon::delivered;
        Camel "messageDelivered" MessageData = command::camel::delivered;
    }
    "mark messages as read" {
        Colon "message:read" PositionData = command::colon::read;
        Camel "messageRead" MessageData = command::camel::read;
    }
    "get a part of the history" {
        Colon "messages:fetch" FetchData = command::colon::fetch_messages;
        Camel "fetchMessages" FetchChatBody = command::camel::fetch_messages;
        Camel "getGroupMessages" GroupFetchData = command::camel::group_messages;
    }
    "start typing" {
        Colon "typing:start" ConversationData = command::colon::start_typing;
        Camel "userTyping" ChatTypingData = command::camel::start_typing;
    }
    "stop typing" {
        Colon "typing:stop" ConversationData = command::colon::stop_typing;
        Camel "userStoppedTyping" ChatTypingData = command::camel::stop_typing;
    }
    "set the caller's presence" { Colon "presence:update" StatusData = command::colon::choose_presence; }
    "update the caller's last-seen time" { Camel "updateLastSeen" NoData = command::camel::update_last_seen; }
    "get a user's presence" {
        Colon "presence:get" UserData = command::colon::read_presence;
        Camel "getUserStatus" UserData = command::colon::read_presence;
    }
    "call the participants of a conversation" {
        Colon "call:start" CallData = command::colon::start_call;
        Camel "groupCall" GroupCallData = command::camel::group_call;
    }
    "authenticate, or send a new token" {
        Colon "auth" AuthData = command::session::authenticate;
        Camel "auth" AuthData = command::session::authenticate;
    }
    "resume: send the positions that the client has" {
        Colon "resume" ResumeData = command::session::resume;
        Camel "resume" ResumeData = command::session::resume;
    }
}

impl CommandEntry {
    pub(in crate::realtime) fn of_name(name: &str) -> Option<&'static Self> {
        COMMANDS.iter().flat_map(|row| row.names).find(|entry| entry.name == name)
    }
}
