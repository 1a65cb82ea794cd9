use super::table::CommandEntry;
use super::{ClientFrame, Dialect, InvalidFrame, Resume};
use crate::chat::{ChatFetch, ChatMessage, ChatRoomId};
use chat_domain::messages::{HistoryRequest, SendMessage};
use chat_domain::presence::PresenceStatus;
use chat_domain::receipts::{AdvancePositions, DeliveryStatus};
use chat_domain::users::DisplayName;
use chat_domain::{ConversationId, ErrorCode, MessageId, UserId};
use serde_json::value::RawValue;

/// Which conversation a client means. The dialects name it differently; what it is, is for the use cases to find out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChatPlace {
    /// A conversation of either kind.
    Conversation(ConversationId),
    /// The private chat of a pair, or a group and nothing but a group.
    Room(ChatRoomId),
}

/// What a client asks for over a socket (contract §4), whatever the dialect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Here is who I am, or a fresh token.
    Authenticate {
        /// An access token.
        token: String,
        /// In which dialect the client wants to be spoken to.
        dialect: Option<Dialect>,
        /// What the client has already, where it comes back.
        resume: Option<Resume>,
    },
    /// This is what I have; the answer to having connected with `?resume=true`.
    Resume(Resume),
    /// I look at this conversation.
    OpenWindow(ChatPlace),
    /// I look away.
    CloseWindow(ChatPlace),
    /// Send this.
    SendMessage(Box<SendMessage>),
    /// Send this to a user, or to a group.
    SendChatMessage(Box<ChatMessage>),
    /// I received, or read, up to here.
    Advance(ConversationId, AdvancePositions),
    /// I received, or read, this message and all before it.
    AdvanceMessage(MessageId, DeliveryStatus),
    /// Show me a part of the history.
    FetchMessages(ConversationId, HistoryRequest),
    /// Show me a page of a chat's history.
    FetchChat(ChatFetch),
    /// Show me a page of a group's history.
    FetchGroup(ChatFetch),
    /// I am writing.
    StartTyping(ChatPlace),
    /// I am not writing any more.
    StopTyping(ChatPlace),
    /// Show me to others like this.
    ChoosePresence(PresenceStatus),
    /// I am here.
    UpdateLastSeen,
    /// How is this user?
    ReadPresence(UserId),
    /// I call everyone here, under this name.
    StartCall(ChatPlace, Option<DisplayName>),
}

impl Command {
    /// The command that a frame carries. Every name of every dialect is understood on every connection.
    pub fn parse(frame: &ClientFrame<'_>) -> Result<Self, InvalidFrame> {
        let Some(entry) = CommandEntry::of_name(&frame.event) else {
            return Err(InvalidFrame {
                code: ErrorCode::UnknownEvent,
                message: "no such event".to_owned(),
                faults: Vec::new(),
            });
        };
        (entry.read)(frame.data.map_or("{}", RawValue::get)).map_err(InvalidFrame::from)
    }
}

#[cfg(test)]
mod tests;
