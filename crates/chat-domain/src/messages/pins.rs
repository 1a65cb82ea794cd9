use super::{EditContext, Message, of_participant};
use crate::conversations::{ConversationKind, Role};
use crate::users::UserSummary;
use crate::{ConversationId, MessageId, Refusal, Seq, Timestamp};

/// The maximum number of pinned messages of one conversation.
pub const MAX_PINS: u32 = 50;

/// The command to pin or unpin a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PinMessage {
    /// The conversation the message belongs to.
    pub conversation_id: ConversationId,
    /// The message.
    pub message_id: MessageId,
    /// Whether it is to be pinned.
    pub is_pinned: bool,
}

/// A message that was pinned or unpinned, as a durable change shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PinChange {
    /// The message.
    pub message_id: MessageId,
    /// The message's number in its conversation.
    pub seq: Seq,
    /// The user who pinned or unpinned it.
    pub user: UserSummary,
}

/// Decides whether to pin or unpin a message: in a group and its threads by an admin, in a direct conversation by
/// either user. `pins` is the number of pinned messages. Returns the message as it is, and the user; `None`: it is so
/// already.
///
/// # Errors
///
/// The refusals that the contract names for a pin.
pub fn decide_pin(
    mut context: EditContext,
    pins: u32,
    command: PinMessage,
) -> Result<(Message, Option<UserSummary>), Refusal> {
    let user = context.user.take();
    let (message, role) = of_participant(context)?;
    if !matches!(message.kind, ConversationKind::Direct(_)) && role != Role::Admin {
        return Err(Refusal::NotAnAdmin);
    }
    if message.deleted_at.is_some() {
        return Err(Refusal::MessageDeleted);
    }
    if message.pinned_at.is_some() == command.is_pinned {
        return Ok((message, None));
    }
    if command.is_pinned && pins >= MAX_PINS {
        return Err(Refusal::TooManyPins);
    }
    Ok((message, Some(user.ok_or(Refusal::NotAParticipant)?)))
}

impl Message {
    /// Returns the message after it was pinned or unpinned, with the number and the time of that change.
    #[must_use]
    pub fn pinned(self, is_pinned: bool, (pos, at): (crate::Pos, Timestamp)) -> Self {
        Self { pinned_at: is_pinned.then_some(at), changed: Some(pos), ..self }
    }
}
