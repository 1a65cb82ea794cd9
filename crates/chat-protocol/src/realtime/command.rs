use super::table::CommandEntry;
use super::{ClientFrame, Dialect, InvalidFrame, Resume};
use crate::chat::{ChatFetch, ChatMessage, ChatRoomId};
use chat_domain::messages::{EditMessage, HistoryRequest, PinMessage, React, SendMessage};
use chat_domain::presence::PresenceStatus;
use chat_domain::receipts::{AdvancePositions, DeliveryStatus};
use chat_domain::users::DisplayName;
use chat_domain::{ConversationId, ErrorCode, MessageId, UserId};
use serde_json::value::RawValue;

/// The conversation that a command names. The dialects name it differently; the use cases find it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChatPlace {
    /// A conversation of either kind.
    Conversation(ConversationId),
    /// The private chat of a pair, or a group.
    Room(ChatRoomId),
}

/// A command over a socket (contract §4), in any dialect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Authenticates the connection, or renews its token.
    Authenticate {
        /// An access token.
        token: String,
        /// The dialect that the client wants to receive.
        dialect: Option<Dialect>,
        /// The positions that the client has, if it reconnects.
        resume: Option<Resume>,
    },
    /// The positions that the client has; the first frame after connecting with `?resume=true`.
    Resume(Resume),
    /// Opens the conversation on screen.
    OpenWindow(ChatPlace),
    /// Closes the conversation on screen.
    CloseWindow(ChatPlace),
    /// Sends a message to a conversation.
    SendMessage(Box<SendMessage>),
    /// Sends a message to a user or to a group.
    SendChatMessage(Box<ChatMessage>),
    /// Edits a message.
    EditMessage(Box<EditMessage>),
    /// Deletes a message for everybody.
    DeleteMessage(ConversationId, MessageId),
    /// Adds or removes a reaction.
    React(Box<React>),
    /// Pins or unpins a message.
    Pin(PinMessage),
    /// Advances the delivery or read position in a conversation.
    Advance(ConversationId, AdvancePositions),
    /// Marks this message and all earlier ones of its conversation as delivered or read.
    AdvanceMessage(MessageId, DeliveryStatus),
    /// Returns a part of the history.
    FetchMessages(ConversationId, HistoryRequest),
    /// Returns a page of a chat's history.
    FetchChat(ChatFetch),
    /// Returns a page of a group's history.
    FetchGroup(ChatFetch),
    /// Starts typing.
    StartTyping(ChatPlace),
    /// Stops typing.
    StopTyping(ChatPlace),
    /// Sets the status that other users see.
    ChoosePresence(PresenceStatus),
    /// Updates the caller's last-seen time.
    UpdateLastSeen,
    /// Returns the presence of a user.
    ReadPresence(UserId),
    /// Calls the participants, under this name if given.
    StartCall(ChatPlace, Option<DisplayName>),
}

impl Command {
    /// Parses the command of a frame. Every name of every dialect is accepted on every connection.
    pub fn parse(frame: &ClientFrame<'_>) -> Result<Self, InvalidFrame> {
        let Some(entry) = CommandEntry::of_name(&frame.event) else {
            return Err(InvalidFrame {
                code: ErrorCode::UnknownEvent,
                message: "unknown event".to_owned(),
                faults: Vec::new(),
            });
        };
        (entry.read)(frame.data.map_or("{}", RawValue::get)).map_err(InvalidFrame::from)
    }
}

#[cfg(test)]
mod tests;
