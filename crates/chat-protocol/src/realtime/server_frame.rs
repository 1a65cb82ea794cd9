use super::payloads::{FrameErrorView, ResumedView};
use super::{Dialect, Variant, colon};
use crate::{Failure, FaultView};
use chat_domain::{ChangeKind, ConversationId, Event, Pos, UserId};
use serde::Serialize;

#[derive(Serialize)]
struct Named<'frame, T> {
    event: &'frame str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'frame str>,
    data: &'frame T,
}

fn text<T: Serialize>(event: &str, id: Option<&str>, data: &T) -> String {
    // Views are strings, numbers and maps with string keys: writing them to memory cannot fail.
    serde_json::to_string(&Named { event, id, data }).unwrap_or_default()
}

/// `{"event": name, "data": ...}`.
pub fn named_text<T: Serialize>(event: &str, data: &T) -> String {
    text(event, None, data)
}

/// The frame of an event. A pure function of dialect, event and variant: encoded once, sent to all.
pub fn event_text(dialect: Dialect, event: &Event, variant: Variant) -> String {
    match dialect {
        Dialect::Colon => colon::text(event, variant),
    }
}

/// Whose connections get the [`Variant::Own`] form; `None` where both forms are the same.
pub const fn event_owner(event: &Event) -> Option<UserId> {
    match event {
        Event::Change(change) => match &change.kind {
            ChangeKind::MessageSent(message) if message.client_message_id.is_some() => Some(message.sender.id),
            ChangeKind::ParticipantAdded { user, .. } => Some(user.id),
            ChangeKind::MessageSent(_)
            | ChangeKind::Created { .. }
            | ChangeKind::Updated(_)
            | ChangeKind::ParticipantRemoved { .. } => None,
        },
        Event::PositionsMoved(_)
        | Event::TypingChanged { .. }
        | Event::UserOnline { .. }
        | Event::UserOffline { .. }
        | Event::WindowOpened { .. }
        | Event::WindowClosed { .. }
        | Event::CallStarted(_) => None,
    }
}

/// `{"event": "ack", "id": ..., "data": ...}`: the command of this id has been done.
pub fn ack_text<T: Serialize>(id: &str, data: &T) -> String {
    text("ack", Some(id), data)
}

/// The same, where there is nothing to say but that.
pub fn empty_ack_text(id: &str) -> String {
    #[derive(Serialize)]
    struct Nothing {}
    text("ack", Some(id), &Nothing {})
}

/// `{"event": "error", "id"?: ..., "data": {code, message, details?}}`.
pub fn error_text(id: Option<&str>, failure: &Failure) -> String {
    let view = FrameErrorView {
        code: failure.code.as_str().to_owned(),
        message: failure.messages.join("; "),
        details: failure.details.iter().cloned().map(FaultView::from).collect(),
    };
    text("error", id, &view)
}

/// `resumed`: where each conversation stands, and which of them have more than was sent again.
pub fn resumed_text(
    positions: impl IntoIterator<Item = (ConversationId, Pos)>,
    limited: impl IntoIterator<Item = ConversationId>,
) -> String {
    let view = ResumedView {
        positions: positions.into_iter().map(|(id, pos)| (id.as_uuid(), pos.get())).collect(),
        limited: limited.into_iter().map(ConversationId::as_uuid).collect(),
    };
    named_text("resumed", &view)
}

#[cfg(test)]
mod tests;
