use super::payloads::{
    ChangeSkippedView, MessageDeletedView, MessageUpdatedView, ParticipantUpdatedView, PinChangedView,
    ReactionChangedView,
};
use super::{Both, Gateway, Variant};
use crate::messages::MessageView;
use chat_domain::messages::{PinChange, ReactionChange};
use chat_domain::receipts::DeliveryStatus;
use chat_domain::{Change, ChangeKind, Timestamp};

/// Encodes a change whose event is the same in both dialects. `None`: each dialect has its own event of this kind. A
/// new kind does not compile until it is added here.
pub(super) fn change_text(gateway: Gateway, change: &Change, variant: Variant) -> Option<String> {
    let (conversation_id, pos) = (change.conversation_id.as_uuid(), change.pos.get());
    match &change.kind {
        ChangeKind::MessageSent(_)
        | ChangeKind::Created { .. }
        | ChangeKind::Updated(_)
        | ChangeKind::ParticipantAdded { .. }
        | ChangeKind::ParticipantRemoved { .. } => None,
        ChangeKind::ParticipantUpdated { user_id, role } => {
            let (user_id, role) = (user_id.as_uuid(), (*role).into());
            let view = ParticipantUpdatedView { conversation_id, pos, user_id, role };
            Some(gateway.event(Both::PARTICIPANT_UPDATED, &view))
        }
        ChangeKind::MessageUpdated(message) => {
            let message = MessageView::new((**message).clone(), DeliveryStatus::Sent, variant == Variant::Own);
            Some(gateway.event(Both::MESSAGE_UPDATED, &MessageUpdatedView { conversation_id, pos, message }))
        }
        ChangeKind::MessageDeleted { message, by } => Some(gateway.event(
            Both::MESSAGE_DELETED,
            &MessageDeletedView {
                conversation_id,
                pos,
                message_id: message.id.as_uuid(),
                seq: message.seq.get(),
                deleted_by: by.as_uuid(),
                deleted_at: change.at.into(),
            },
        )),
        ChangeKind::ReactionAdded(reaction) => {
            Some(gateway.event(Both::REACTION_ADDED, &reaction_view(change, reaction)))
        }
        ChangeKind::ReactionRemoved(reaction) => {
            Some(gateway.event(Both::REACTION_REMOVED, &reaction_view(change, reaction)))
        }
        ChangeKind::MessagePinned(pin) => {
            let view = pin_view(change, pin, Some(change.at));
            Some(gateway.event(Both::MESSAGE_PINNED, &view))
        }
        ChangeKind::MessageUnpinned(pin) => Some(gateway.event(Both::MESSAGE_UNPINNED, &pin_view(change, pin, None))),
        ChangeKind::Unknown(_) => {
            Some(gateway.event(Both::CHANGE_SKIPPED, &ChangeSkippedView { conversation_id, pos }))
        }
    }
}

fn reaction_view(change: &Change, reaction: &ReactionChange) -> ReactionChangedView {
    ReactionChangedView {
        conversation_id: change.conversation_id.as_uuid(),
        pos: change.pos.get(),
        message_id: reaction.message_id.as_uuid(),
        seq: reaction.seq.get(),
        emoji: reaction.emoji.as_str().to_owned(),
        user: reaction.user.clone().into(),
        count: reaction.count,
    }
}

fn pin_view(change: &Change, pin: &PinChange, pinned_at: Option<Timestamp>) -> PinChangedView {
    PinChangedView {
        conversation_id: change.conversation_id.as_uuid(),
        pos: change.pos.get(),
        message_id: pin.message_id.as_uuid(),
        seq: pin.seq.get(),
        user: pin.user.clone().into(),
        pinned_at: pinned_at.map(Into::into),
    }
}
