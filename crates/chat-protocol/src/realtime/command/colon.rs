//! How the commands of the `colon` dialect are read.

use super::{ChatPlace, Command};
use crate::realtime::fields::Fields;
use chat_domain::messages::{Anchor, AttachmentUrl, HistoryRequest, MessageBody, MessageContent, SendMessage};
use chat_domain::presence::PresenceStatus;
use chat_domain::receipts::{AdvancePositions, ReceiptTarget};
use chat_domain::{ClientMessageId, MessageId, PageLimit, Seq};
use serde_json::Value;

const CONVERSATION: &str = "conversationId";

fn place(fields: &mut Fields) -> Option<ChatPlace> {
    fields.id(CONVERSATION).map(ChatPlace::Conversation)
}

pub(in crate::realtime) fn open_window(fields: &mut Fields) -> Option<Command> {
    place(fields).map(Command::OpenWindow)
}

pub(in crate::realtime) fn close_window(fields: &mut Fields) -> Option<Command> {
    place(fields).map(Command::CloseWindow)
}

pub(in crate::realtime) fn start_typing(fields: &mut Fields) -> Option<Command> {
    place(fields).map(Command::StartTyping)
}

pub(in crate::realtime) fn stop_typing(fields: &mut Fields) -> Option<Command> {
    place(fields).map(Command::StopTyping)
}

pub(in crate::realtime) fn start_call(fields: &mut Fields) -> Option<Command> {
    // Whoever calls is called by their name here.
    place(fields).map(|place| Command::StartCall(place, None))
}

pub(in crate::realtime) fn choose_presence(fields: &mut Fields) -> Option<Command> {
    fields.required("status", PresenceStatus::parse_choice).map(Command::ChoosePresence)
}

pub(in crate::realtime) fn read_presence(fields: &mut Fields) -> Option<Command> {
    fields.id("userId").map(Command::ReadPresence)
}

pub(in crate::realtime) fn delivered(fields: &mut Fields) -> Option<Command> {
    advance(fields, AdvancePositions::Delivered)
}

pub(in crate::realtime) fn read(fields: &mut Fields) -> Option<Command> {
    advance(fields, AdvancePositions::Read)
}

pub(in crate::realtime) fn send_message(fields: &mut Fields) -> Option<Command> {
    let conversation_id = fields.id(CONVERSATION);
    let body = fields.required("content", MessageBody::parse);
    let attachment = fields.optional("attachment", AttachmentUrl::parse);
    let client_message_id = fields.optional("clientMessageId", ClientMessageId::parse);
    let reply_to = fields.optional("replyTo", str::parse);
    Some(Command::SendMessage(Box::new(SendMessage {
        conversation_id: conversation_id?,
        content: MessageContent { body: body?, attachment, reply_to },
        client_message_id,
    })))
}

fn advance(fields: &mut Fields, kind: fn(ReceiptTarget) -> AdvancePositions) -> Option<Command> {
    let conversation_id = fields.id(CONVERSATION);
    let seq = fields.number("seq", |number| Ok(ReceiptTarget::Seq(Seq::new(number))));
    let message: Option<MessageId> = fields.optional("messageId", str::parse);
    let target = match (seq, message) {
        (Some(_), Some(_)) => {
            fields.fault("seq", "cannot stand beside messageId");
            None
        }
        (Some(seq), None) => Some(seq),
        (None, Some(message)) => Some(ReceiptTarget::Message(message)),
        (None, None) => Some(ReceiptTarget::Latest),
    };
    Some(Command::Advance(conversation_id?, kind(target?)))
}

fn anchor(fields: &mut Fields, field: &str) -> Option<Anchor> {
    match fields.take(field)? {
        // The cursors of a page are numbers as text.
        Value::String(text) => match (text.parse(), text.parse()) {
            (Ok(id), _) => Some(Anchor::Message(id)),
            (_, Ok(number)) => Some(Anchor::Seq(Seq::new(number))),
            _ => {
                fields.fault(field, "must be a message's id or its number");
                None
            }
        },
        Value::Number(number) if number.is_u64() => Some(Anchor::Seq(Seq::new(number.as_u64().unwrap_or_default()))),
        _ => {
            fields.fault(field, "must be a message's id or its number");
            None
        }
    }
}

pub(in crate::realtime) fn fetch_messages(fields: &mut Fields) -> Option<Command> {
    let conversation_id = fields.id(CONVERSATION);
    let limit = fields.number("limit", PageLimit::parse).unwrap_or(PageLimit::HISTORY_DEFAULT);
    let request = match (anchor(fields, "before"), anchor(fields, "after")) {
        (None, None) => HistoryRequest::Latest(limit),
        (Some(before), None) => HistoryRequest::Before(before, limit),
        (None, Some(after)) => HistoryRequest::After(after, limit),
        (Some(_), Some(_)) => {
            fields.fault("before", "cannot stand beside after");
            return None;
        }
    };
    Some(Command::FetchMessages(conversation_id?, request))
}
