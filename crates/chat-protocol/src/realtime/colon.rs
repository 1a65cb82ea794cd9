use super::Variant;
use super::payloads::{
    CallView, ConversationCreatedView, ConversationUpdatedView, MessageReceivedView, ParticipantAddedView,
    ParticipantRemovedView, TypingView, UserOfflineView, UserOnlineView, WindowView,
};
use super::server_frame::named_text;
use crate::messages::MessageView;
use crate::receipts::PositionsView;
use chat_domain::receipts::DeliveryStatus;
use chat_domain::users::DisplayName;
use chat_domain::{Change, ChangeKind, Event};

/// The names of all events of this dialect, in the order of the contract's table.
pub const COLON_EVENTS: &[&str] = &[
    "message:received",
    "message:status",
    "messages:fetched",
    "typing:update",
    "user:online",
    "user:offline",
    "conversation:created",
    "conversation:updated",
    "participant:added",
    "participant:removed",
    "conversation:joined",
    "conversation:left",
    "call:incoming",
    "presence:status",
    "resumed",
    "ack",
    "error",
];

/// The table: which name and which payload each event has in this dialect.
pub(super) fn text(event: &Event, variant: Variant) -> String {
    match event {
        Event::Change(change) => change_text(change, variant),
        Event::PositionsMoved(moved) => named_text("message:status", &PositionsView::from(moved)),
        Event::TypingChanged { conversation_id, user_id, is_typing, .. } => {
            let (conversation_id, user_id) = (conversation_id.as_uuid(), user_id.as_uuid());
            named_text("typing:update", &TypingView { conversation_id, user_id, is_typing: *is_typing })
        }
        Event::UserOnline { user, status, .. } => named_text(
            "user:online",
            &UserOnlineView { user_id: user.id.as_uuid(), name: user.name.clone(), status: (*status).into() },
        ),
        Event::UserOffline { user_id, last_seen } => {
            named_text("user:offline", &UserOfflineView { user_id: user_id.as_uuid(), last_seen: (*last_seen).into() })
        }
        Event::WindowOpened { conversation_id, user_id, .. } => {
            let (conversation_id, user_id) = (conversation_id.as_uuid(), user_id.as_uuid());
            named_text("conversation:joined", &WindowView { conversation_id, user_id })
        }
        Event::WindowClosed { conversation_id, user_id, .. } => {
            let (conversation_id, user_id) = (conversation_id.as_uuid(), user_id.as_uuid());
            named_text("conversation:left", &WindowView { conversation_id, user_id })
        }
        Event::CallStarted(call) => named_text(
            "call:incoming",
            &CallView {
                conversation_id: call.conversation_id.as_uuid(),
                caller_id: call.caller.id.as_uuid(),
                caller_name: call
                    .caller_name
                    .as_ref()
                    .map_or(call.caller.name.as_str(), DisplayName::as_str)
                    .to_owned(),
                timestamp: call.at.into(),
            },
        ),
    }
}

fn change_text(change: &Change, variant: Variant) -> String {
    let is_own = variant == Variant::Own;
    let (conversation_id, pos) = (change.conversation_id.as_uuid(), change.pos.get());
    match &change.kind {
        ChangeKind::MessageSent(message) => {
            let message = MessageView::new(message.as_ref().clone(), DeliveryStatus::Sent, is_own);
            named_text("message:received", &MessageReceivedView { message, pos })
        }
        ChangeKind::Created { details, .. } => {
            let conversation = details.as_ref().clone().into();
            named_text("conversation:created", &ConversationCreatedView { conversation_id, pos, conversation })
        }
        ChangeKind::Updated(details) => {
            let conversation = details.as_ref().clone().into();
            named_text("conversation:updated", &ConversationUpdatedView { conversation_id, pos, conversation })
        }
        ChangeKind::ParticipantAdded { user, role, details } => named_text(
            "participant:added",
            &ParticipantAddedView {
                conversation_id,
                pos,
                user: user.clone().into(),
                role: (*role).into(),
                conversation: is_own.then(|| details.as_ref().clone().into()),
            },
        ),
        ChangeKind::ParticipantRemoved { user_id } => named_text(
            "participant:removed",
            &ParticipantRemovedView { conversation_id, pos, user_id: user_id.as_uuid() },
        ),
    }
}
