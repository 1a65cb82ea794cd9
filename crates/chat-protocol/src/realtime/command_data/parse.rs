//! Parses the data of commands into commands.

use super::{
    AuthData, ChatTypingData, ConversationData, EditMessageData, FetchData, GroupCallData, GroupData, GroupFetchData,
    MessageData, MessageOfData, PairData, PositionData, ReactData, ReactionData, ResumeData, SendChatMessageData,
    SendMessageData, StatusData, UserData,
};
use crate::body::check;
use crate::chat::{ChatFetch, ChatMessageBody, ChatRoomId};
use crate::messages::{EditMessageBody, SendMessageBody};
use crate::realtime::command_values::Token;
use crate::realtime::{ChatPlace, Command};
use crate::{InvalidBody, Required};
use chat_domain::messages::{HistoryRequest, PinMessage, React, Reacting, SendMessage};
use chat_domain::presence::PresenceStatus;
use chat_domain::receipts::{AdvancePositions, ReceiptTarget};
use chat_domain::{ConversationId, MessageId, PageLimit, PageNumber, PageRequest, UserId};
use garde::Validate;

/// Parses a body together with its conversation. Returns the faults of both.
fn in_conversation<B, T>(
    conversation_id: Required<ConversationId>,
    body: B,
    parse: impl FnOnce(B, ConversationId) -> Result<T, InvalidBody>,
) -> Result<T, InvalidBody>
where
    B: Validate<Context = ()>,
{
    at_place(conversation_id.take("conversationId"), body, parse)
}

/// Parses a body together with what it belongs to. Returns the faults of both.
fn at_place<P, B, T>(
    place: Result<P, InvalidBody>,
    body: B,
    parse: impl FnOnce(B, P) -> Result<T, InvalidBody>,
) -> Result<T, InvalidBody>
where
    B: Validate<Context = ()>,
{
    match place {
        Ok(place) => parse(body, place),
        Err(mut invalid) => {
            invalid.faults.extend(check(&body, &()).err().into_iter().flat_map(|other| other.faults));
            Err(invalid)
        }
    }
}

impl ConversationData {
    pub(in crate::realtime) fn place(self) -> Result<ChatPlace, InvalidBody> {
        self.conversation_id.take("conversationId").map(ChatPlace::Conversation)
    }
}

impl PairData {
    pub(in crate::realtime) fn place(self) -> Result<ChatPlace, InvalidBody> {
        self.chat_room_id.take("chatRoomId").map(|room| ChatPlace::Room(ChatRoomId::Pair(room.0)))
    }
}

impl GroupData {
    pub(in crate::realtime) fn place(self) -> Result<ChatPlace, InvalidBody> {
        self.group_id.take("groupId").map(|id| ChatPlace::Room(ChatRoomId::Group(id)))
    }
}

impl ChatTypingData {
    pub(in crate::realtime) fn place(self) -> Result<ChatPlace, InvalidBody> {
        let room = match self.group_id.into_required() {
            Some(group) => group.take("groupId").map(ChatRoomId::Group),
            None => self.chat_room_id.into_required().unwrap_or_else(Required::missing).take("chatRoomId"),
        };
        room.map(ChatPlace::Room)
    }
}

impl StatusData {
    pub(in crate::realtime) fn status(self) -> Result<PresenceStatus, InvalidBody> {
        self.status.take("status")
    }
}

impl UserData {
    pub(in crate::realtime) fn user(self) -> Result<UserId, InvalidBody> {
        self.user_id.take("userId")
    }
}

impl MessageData {
    pub(in crate::realtime) fn message(self) -> Result<MessageId, InvalidBody> {
        self.message_id.take("messageId")
    }
}

impl MessageOfData {
    fn place(self) -> Result<(ConversationId, MessageId), InvalidBody> {
        check(&self, &())?;
        Ok((self.conversation_id.take("conversationId")?, self.message_id.take("messageId")?))
    }

    pub(in crate::realtime) fn deletion(self) -> Result<Command, InvalidBody> {
        self.place().map(|(conversation, message)| Command::DeleteMessage(conversation, message))
    }

    pub(in crate::realtime) fn pin(self, is_pinned: bool) -> Result<Command, InvalidBody> {
        let (conversation_id, message_id) = self.place()?;
        Ok(Command::Pin(PinMessage { conversation_id, message_id, is_pinned }))
    }
}

impl ReactData {
    pub(in crate::realtime) fn parse(self) -> Result<Command, InvalidBody> {
        check(&self, &())?;
        let action = if self.replace.take() == Some(true) { Reacting::Replace } else { Reacting::Add };
        Ok(Command::React(Box::new(React {
            conversation_id: self.conversation_id.take("conversationId")?,
            message_id: self.message_id.take("messageId")?,
            emoji: self.emoji.take("emoji")?,
            action,
        })))
    }
}

impl ReactionData {
    pub(in crate::realtime) fn removal(self) -> Result<Command, InvalidBody> {
        check(&self, &())?;
        Ok(Command::React(Box::new(React {
            conversation_id: self.conversation_id.take("conversationId")?,
            message_id: self.message_id.take("messageId")?,
            emoji: self.emoji.take("emoji")?,
            action: Reacting::Remove,
        })))
    }
}

impl EditMessageData {
    pub(in crate::realtime) fn parse(self) -> Result<Command, InvalidBody> {
        at_place(self.place.place(), self.edit, EditMessageBody::parse).map(|edit| Command::EditMessage(Box::new(edit)))
    }
}

impl SendMessageData {
    pub(in crate::realtime) fn parse(self) -> Result<SendMessage, InvalidBody> {
        in_conversation(self.conversation_id, self.message, SendMessageBody::parse)
    }
}

impl SendChatMessageData {
    pub(in crate::realtime) fn parse(self) -> Result<Command, InvalidBody> {
        let message = self.message_data.parse("messageData", ChatMessageBody::parse)?;
        Ok(Command::SendChatMessage(Box::new(message)))
    }
}

impl PositionData {
    pub(in crate::realtime) fn parse(
        self,
        kind: fn(ReceiptTarget) -> AdvancePositions,
    ) -> Result<Command, InvalidBody> {
        in_conversation(self.conversation_id, self.position, |position, conversation_id| {
            Ok(Command::Advance(conversation_id, kind(position.parse()?)))
        })
    }
}

impl FetchData {
    pub(in crate::realtime) fn parse(self) -> Result<Command, InvalidBody> {
        check(&self, &())?;
        let limit = self.limit.take().unwrap_or(PageLimit::HISTORY_DEFAULT);
        let request = match (self.before.take(), self.after.take()) {
            (Some(before), _) => HistoryRequest::Before(before, limit),
            (None, Some(after)) => HistoryRequest::After(after, limit),
            (None, None) => HistoryRequest::Latest(limit),
        };
        Ok(Command::FetchMessages(self.conversation_id.take("conversationId")?, request))
    }
}

impl GroupFetchData {
    pub(in crate::realtime) fn parse(self) -> Result<Command, InvalidBody> {
        check(&self, &())?;
        let page = PageRequest {
            number: self.page.take().unwrap_or(PageNumber::FIRST),
            limit: self.limit.take().unwrap_or(PageLimit::HISTORY_DEFAULT),
        };
        let room = ChatRoomId::Group(self.group_id.take("groupId")?);
        Ok(Command::FetchGroup(ChatFetch { current_user: None, room, page }))
    }
}

impl GroupCallData {
    pub(in crate::realtime) fn parse(self) -> Result<Command, InvalidBody> {
        check(&self, &())?;
        let room = ChatRoomId::Group(self.group_id.take("groupId")?);
        Ok(Command::StartCall(ChatPlace::Room(room), self.caller_name.take()))
    }
}

impl AuthData {
    pub(in crate::realtime) fn parse(self) -> Result<Command, InvalidBody> {
        check(&self, &())?;
        let Token(token) = self.token.take("token")?;
        let resume = self.resume.take().map(|resume| resume.of_epoch(self.epoch.take()));
        Ok(Command::Authenticate { token, dialect: self.dialect.take(), resume })
    }
}

impl ResumeData {
    pub(in crate::realtime) fn parse(self) -> Result<Command, InvalidBody> {
        check(&self, &())?;
        Ok(Command::Resume(self.resume.take("resume")?.of_epoch(self.epoch.take())))
    }
}
