//! How the commands of the `camel` dialect are read. Whoever sends, calls or writes is the token's user: `sender`,
//! `callerId` and the `userId` of whoever acts are ignored (contract §4).

use super::{ChatPlace, Command};
use crate::Fault;
use crate::chat::{ChatMessageBody, ChatRoomId, FetchChatBody};
use crate::realtime::fields::Fields;
use chat_domain::receipts::DeliveryStatus;
use chat_domain::users::DisplayName;
use chat_domain::{ConversationId, InvalidValue};

const GROUP: &str = "groupId";
const ROOM: &str = "chatRoomId";

fn group(fields: &mut Fields) -> Option<ChatPlace> {
    fields.id(GROUP).map(|id| ChatPlace::Room(ChatRoomId::Group(id)))
}

fn pair(fields: &mut Fields) -> Option<ChatPlace> {
    let parse = |text: &str| match ChatRoomId::parse(text) {
        Ok(room @ ChatRoomId::Pair(_)) => Ok(ChatPlace::Room(room)),
        _ => Err(InvalidValue::Form { expected: "two user ids joined by '_'" }),
    };
    fields.required(ROOM, parse)
}

/// A group by its id, or any chat by its `chatRoomId`; where both are given, the group counts.
fn room(fields: &mut Fields) -> Option<ChatPlace> {
    match fields.optional(GROUP, str::parse::<ConversationId>) {
        Some(id) => Some(ChatPlace::Room(ChatRoomId::Group(id))),
        None => fields.required(ROOM, |text| ChatRoomId::parse(text).map(ChatPlace::Room)),
    }
}

pub(in crate::realtime) fn join_private_chat(fields: &mut Fields) -> Option<Command> {
    pair(fields).map(Command::OpenWindow)
}

pub(in crate::realtime) fn leave_private_chat(fields: &mut Fields) -> Option<Command> {
    pair(fields).map(Command::CloseWindow)
}

pub(in crate::realtime) fn join_group(fields: &mut Fields) -> Option<Command> {
    group(fields).map(Command::OpenWindow)
}

pub(in crate::realtime) fn leave_group(fields: &mut Fields) -> Option<Command> {
    group(fields).map(Command::CloseWindow)
}

pub(in crate::realtime) fn start_typing(fields: &mut Fields) -> Option<Command> {
    room(fields).map(Command::StartTyping)
}

pub(in crate::realtime) fn stop_typing(fields: &mut Fields) -> Option<Command> {
    room(fields).map(Command::StopTyping)
}

pub(in crate::realtime) fn group_call(fields: &mut Fields) -> Option<Command> {
    let place = group(fields);
    let name = fields.optional("callerName", DisplayName::parse);
    Some(Command::StartCall(place?, name))
}

#[allow(clippy::unnecessary_wraps)] // Every reader of the table may fail; this one has nothing to fail at.
pub(in crate::realtime) fn update_last_seen(_: &mut Fields) -> Option<Command> {
    Some(Command::UpdateLastSeen)
}

pub(in crate::realtime) fn delivered(fields: &mut Fields) -> Option<Command> {
    fields.id("messageId").map(|id| Command::AdvanceMessage(id, DeliveryStatus::Delivered))
}

pub(in crate::realtime) fn read(fields: &mut Fields) -> Option<Command> {
    fields.id("messageId").map(|id| Command::AdvanceMessage(id, DeliveryStatus::Read))
}

pub(in crate::realtime) fn send_message(fields: &mut Fields) -> Option<Command> {
    let message = fields.object("messageData", ChatMessageBody::parse)?;
    Some(Command::SendChatMessage(Box::new(message)))
}

pub(in crate::realtime) fn fetch_messages(fields: &mut Fields) -> Option<Command> {
    fields.whole(FetchChatBody::parse).map(Command::FetchChat)
}

pub(in crate::realtime) fn group_messages(fields: &mut Fields) -> Option<Command> {
    // Only the group counts, whoever else is named beside it.
    for ignored in ["senderId", "receiverId", "currentUserId"] {
        fields.take(ignored);
    }
    if !fields.has(GROUP) {
        fields.add(Fault::new(GROUP, "is required"));
        return None;
    }
    fields.whole(FetchChatBody::parse).map(Command::FetchGroup)
}
