use super::fields::Fields;
use super::{ClientFrame, InvalidFrame, Resume};
use chat_domain::messages::{Anchor, AttachmentUrl, HistoryRequest, MessageBody, SendMessage};
use chat_domain::presence::PresenceStatus;
use chat_domain::receipts::{AdvancePositions, ReceiptTarget};
use chat_domain::{ClientMessageId, ConversationId, ErrorCode, InvalidValue, MessageId, PageLimit, Seq, UserId};
use serde_json::Value;

/// What a client asks for over a socket (contract §4), whatever the dialect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Here is who I am, or a fresh token.
    Authenticate {
        /// An access token.
        token: String,
        /// What the client has already, where it comes back.
        resume: Option<Resume>,
    },
    /// This is what I have; the answer to having connected with `?resume=true`.
    Resume(Resume),
    /// I look at this conversation.
    OpenWindow(ConversationId),
    /// I look away.
    CloseWindow(ConversationId),
    /// Send this.
    SendMessage(Box<SendMessage>),
    /// I received, or read, up to here.
    Advance(ConversationId, AdvancePositions),
    /// Show me a part of the history.
    FetchMessages(ConversationId, HistoryRequest),
    /// I am writing.
    StartTyping(ConversationId),
    /// I am not writing any more.
    StopTyping(ConversationId),
    /// Show me to others like this.
    ChoosePresence(PresenceStatus),
    /// Where is this user?
    ReadPresence(UserId),
    /// I call everyone here.
    StartCall(ConversationId),
}

/// The names of all commands of the `colon` dialect, in the order of the contract's table.
pub const COLON_COMMANDS: &[&str] = &[
    "conversation:join",
    "conversation:leave",
    "message:send",
    "message:delivered",
    "message:read",
    "messages:fetch",
    "typing:start",
    "typing:stop",
    "presence:update",
    "presence:get",
    "call:start",
    "auth",
    "resume",
];

const CONVERSATION: &str = "conversationId";

impl Command {
    /// The command that a frame carries. Every name of every dialect is understood on every connection.
    pub fn parse(frame: &ClientFrame<'_>) -> Result<Self, InvalidFrame> {
        let read: fn(&mut Fields) -> Option<Self> = match frame.event.as_str() {
            "conversation:join" => |fields: &mut Fields| fields.id(CONVERSATION).map(Self::OpenWindow),
            "conversation:leave" => |fields: &mut Fields| fields.id(CONVERSATION).map(Self::CloseWindow),
            "message:send" => send_message,
            "message:delivered" => |fields: &mut Fields| advance(fields, AdvancePositions::Delivered),
            "message:read" => |fields: &mut Fields| advance(fields, AdvancePositions::Read),
            "messages:fetch" => fetch_messages,
            "typing:start" => |fields: &mut Fields| fields.id(CONVERSATION).map(Self::StartTyping),
            "typing:stop" => |fields: &mut Fields| fields.id(CONVERSATION).map(Self::StopTyping),
            "presence:update" => {
                |fields: &mut Fields| fields.required("status", PresenceStatus::parse_choice).map(Self::ChoosePresence)
            }
            "presence:get" => |fields: &mut Fields| fields.id("userId").map(Self::ReadPresence),
            "call:start" => |fields: &mut Fields| fields.id(CONVERSATION).map(Self::StartCall),
            "auth" => authenticate,
            "resume" => |fields: &mut Fields| {
                let Some(value) = fields.take("resume") else {
                    fields.fault("resume", "is required");
                    return None;
                };
                resume(fields, value).map(Self::Resume)
            },
            _ => {
                return Err(InvalidFrame {
                    code: ErrorCode::UnknownEvent,
                    message: "no such event".to_owned(),
                    faults: Vec::new(),
                });
            }
        };
        let mut fields = Fields::of(frame.data)?;
        let command = read(&mut fields);
        fields.finish(command)
    }
}

fn authenticate(fields: &mut Fields) -> Option<Command> {
    let token = fields.required("token", |text| Ok::<_, InvalidValue>(text.to_owned()));
    let resume = fields.take("resume").map(|value| resume(fields, value));
    match resume {
        None => Some(Command::Authenticate { token: token?, resume: None }),
        Some(resume) => Some(Command::Authenticate { token: token?, resume: Some(resume?) }),
    }
}

fn resume(fields: &mut Fields, value: Value) -> Option<Resume> {
    Resume::from_json(value).map_err(|problem| fields.fault("resume", problem)).ok()
}

fn send_message(fields: &mut Fields) -> Option<Command> {
    let conversation_id = fields.id(CONVERSATION);
    let body = fields.required("content", MessageBody::parse);
    let attachment = fields.optional("attachment", AttachmentUrl::parse);
    let client_message_id = fields.optional("clientMessageId", ClientMessageId::parse);
    let reply_to = fields.optional("replyTo", str::parse);
    Some(Command::SendMessage(Box::new(SendMessage {
        conversation_id: conversation_id?,
        body: body?,
        attachment,
        reply_to,
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

fn fetch_messages(fields: &mut Fields) -> Option<Command> {
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

#[cfg(test)]
mod tests;
