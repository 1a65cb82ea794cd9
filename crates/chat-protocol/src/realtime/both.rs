use super::payloads::{ChangeSkippedView, MessageDeletedView, MessageUpdatedView, ParticipantUpdatedView};
use super::{Both, Gateway, Variant};
use crate::messages::MessageView;
use chat_domain::receipts::DeliveryStatus;
use chat_domain::{Change, ChangeKind};

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
        ChangeKind::Unknown(_) => {
            Some(gateway.event(Both::CHANGE_SKIPPED, &ChangeSkippedView { conversation_id, pos }))
        }
    }
}
