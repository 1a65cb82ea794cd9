use super::payloads::{
    CallView, ConversationCreatedView, ConversationUpdatedView, ParticipantAddedView, ParticipantRemovedView,
    TypingView, UserOfflineView, UserOnlineView, WindowView,
};
use super::{Colon, Gateway, Variant, both};
use crate::messages::MessageView;
use crate::receipts::PositionsView;
use chat_domain::receipts::DeliveryStatus;
use chat_domain::users::DisplayName;
use chat_domain::{Change, ChangeKind, Event};

/// Encodes an event in this dialect. `None` if the dialect does not have it.
pub(super) fn text(gateway: Gateway, event: &Event, variant: Variant) -> Option<String> {
    Some(match event {
        Event::Change(change) => return change_text(gateway, change, variant),
        Event::PositionsMoved(moved) => gateway.event(Colon::STATUS, &PositionsView::from(moved)),
        Event::TypingChanged { conversation_id, user_id, is_typing, .. } => {
            let (conversation_id, user_id) = (conversation_id.as_uuid(), user_id.as_uuid());
            gateway.event(Colon::TYPING, &TypingView { conversation_id, user_id, is_typing: *is_typing })
        }
        Event::UserOnline { user, status, .. } => gateway.event(
            Colon::USER_ONLINE,
            &UserOnlineView { user_id: user.id.as_uuid(), name: user.name.clone(), status: (*status).into() },
        ),
        Event::UserOffline { user_id, last_seen } => gateway.event(
            Colon::USER_OFFLINE,
            &UserOfflineView { user_id: user_id.as_uuid(), last_seen: (*last_seen).into() },
        ),
        Event::WindowOpened { conversation_id, user_id, .. } => {
            let (conversation_id, user_id) = (conversation_id.as_uuid(), user_id.as_uuid());
            gateway.event(Colon::GROUP_WINDOW_OPENED, &WindowView { conversation_id, user_id })
        }
        Event::WindowClosed { conversation_id, user_id, .. } => {
            let (conversation_id, user_id) = (conversation_id.as_uuid(), user_id.as_uuid());
            gateway.event(Colon::GROUP_WINDOW_CLOSED, &WindowView { conversation_id, user_id })
        }
        Event::CallStarted(call) => gateway.event(
            Colon::CALL,
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
    })
}

#[allow(clippy::match_wildcard_for_single_variants, reason = "every kind that is not here is in `both`")]
fn change_text(gateway: Gateway, change: &Change, variant: Variant) -> Option<String> {
    let is_own = variant == Variant::Own;
    let (conversation_id, pos) = (change.conversation_id.as_uuid(), change.pos.get());
    Some(match &change.kind {
        ChangeKind::MessageSent(message) => {
            let message = message.as_ref().clone();
            gateway.event(Colon::GROUP_MESSAGE, &MessageView::new(message, DeliveryStatus::Sent, is_own))
        }
        ChangeKind::Created { details, .. } => {
            let conversation = details.as_ref().clone().into();
            gateway.event(Colon::GROUP_CREATED, &ConversationCreatedView { conversation_id, pos, conversation })
        }
        ChangeKind::Updated(details) => {
            let conversation = details.as_ref().clone().into();
            gateway.event(Colon::GROUP_UPDATED, &ConversationUpdatedView { conversation_id, pos, conversation })
        }
        ChangeKind::ParticipantAdded { user, role, details } => gateway.event(
            Colon::PARTICIPANT_ADDED,
            &ParticipantAddedView {
                conversation_id,
                pos,
                user: user.clone().into(),
                role: (*role).into(),
                conversation: is_own.then(|| details.as_ref().clone().into()),
            },
        ),
        ChangeKind::ParticipantRemoved { user_id } => gateway.event(
            Colon::PARTICIPANT_REMOVED,
            &ParticipantRemovedView { conversation_id, pos, user_id: user_id.as_uuid() },
        ),
        _ => return both::change_text(gateway, change, variant),
    })
}
