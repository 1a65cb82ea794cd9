use super::{MessageStatus, ParticipantPositions, Positions};
use crate::conversations::ConversationKind;
use crate::{ConversationId, MessageId, Seq, StoreError, UserId};
use async_trait::async_trait;
use thiserror::Error;

/// Up to where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReceiptTarget {
    /// Up to the newest message.
    Latest,
    /// Up to this number; beyond the newest means the newest.
    Seq(Seq),
    /// Up to this message.
    Message(MessageId),
}

/// Move a participant's positions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AdvancePositions {
    /// Everything up to the target has arrived.
    Delivered(ReceiptTarget),
    /// Everything up to the target has been read.
    Read(ReceiptTarget),
}

impl AdvancePositions {
    /// Up to where.
    pub const fn target(self) -> ReceiptTarget {
        match self {
            Self::Delivered(target) | Self::Read(target) => target,
        }
    }

    /// The positions after it, when the target is the message `seq` and the newest is `last`.
    #[must_use]
    pub fn apply(self, positions: Positions, seq: Seq, last: Seq) -> Positions {
        match self {
            Self::Delivered(_) => positions.deliver(seq, last),
            Self::Read(_) => positions.read(seq, last),
        }
    }
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advanced {
    /// Of which kind the conversation is.
    pub kind: ConversationKind,
    /// Where the positions were.
    pub before: Positions,
    /// Where the positions are now.
    pub positions: Positions,
    /// The newest message that the move covers (at the read position where that moved, else at the delivered one) and
    /// how far it has got by it. `None` where nothing moved, and where more than
    /// [`crate::conversations::MAX_PUSHED_PARTICIPANTS`] take part.
    pub covers: Option<MessageStatus>,
    /// The newest message.
    pub last_seq: Seq,
    /// How many take part.
    pub participant_count: u32,
}

impl Advanced {
    /// Whether the positions moved.
    pub fn moved(&self) -> bool {
        self.before != self.positions
    }

    /// Puts what came of it into positions that were read before.
    pub fn show_in(&self, user: UserId, participants: &mut [ParticipantPositions]) {
        for participant in participants.iter_mut().filter(|participant| participant.user_id == user) {
            participant.positions = self.positions;
        }
    }
}

/// Why positions were not moved.
#[derive(Debug, Error)]
pub enum AdvanceError {
    /// No such conversation.
    #[error("no such conversation")]
    UnknownConversation,
    /// The user does not take part.
    #[error("not a participant")]
    NotAParticipant,
    /// The group was deactivated.
    #[error("the group is inactive")]
    Inactive,
    /// No such message in this conversation.
    #[error("no such message")]
    UnknownMessage,
    /// See [`StoreError`].
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Read and delivery positions.
#[async_trait]
pub trait ReceiptStore: Send + Sync {
    /// Moves the user's positions by [`AdvancePositions::apply`], in one transaction and one row, however many messages
    /// that covers.
    async fn advance(
        &self,
        conversation: ConversationId,
        user: UserId,
        advance: AdvancePositions,
    ) -> Result<Advanced, AdvanceError>;
}
