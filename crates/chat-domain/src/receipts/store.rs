use super::{MessageStatus, ParticipantPositions, Positions};
use crate::conversations::ConversationKind;
use crate::{ActionError, ConversationId, MessageId, Seq, StoreError, UserId};
use async_trait::async_trait;

/// Up to where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReceiptTarget {
    /// Up to the newest message.
    Latest,
    /// Up to this number; a number beyond the newest message means the newest.
    Seq(Seq),
    /// Up to this message.
    Message(MessageId),
}

/// Moves a participant's positions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AdvancePositions {
    /// All messages up to the target have arrived.
    Delivered(ReceiptTarget),
    /// All messages up to the target have been read.
    Read(ReceiptTarget),
}

impl AdvancePositions {
    /// Up to where.
    pub const fn target(self) -> ReceiptTarget {
        match self {
            Self::Delivered(target) | Self::Read(target) => target,
        }
    }

    /// Returns the new positions, if the target is the message `seq` and the newest is `last`.
    #[must_use]
    pub fn apply(self, positions: Positions, seq: Seq, last: Seq) -> Positions {
        match self {
            Self::Delivered(_) => positions.deliver(seq, last),
            Self::Read(_) => positions.read(seq, last),
        }
    }
}

/// The result of moving positions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advanced {
    /// The kind of the conversation.
    pub kind: ConversationKind,
    /// The positions before.
    pub before: Positions,
    /// The positions now.
    pub positions: Positions,
    /// The newest message that the move covers (at the read position if that moved, else at the delivered one), with
    /// its status. `None` if nothing moved, or if the conversation has more than
    /// [`crate::conversations::MAX_PUSHED_PARTICIPANTS`] participants.
    pub covers: Option<MessageStatus>,
    /// The number of the newest message.
    pub last_seq: Seq,
    /// The number of participants.
    pub participant_count: u32,
}

impl Advanced {
    /// Whether the positions moved.
    pub fn moved(&self) -> bool {
        self.before != self.positions
    }

    /// Applies the result to positions that were read before.
    pub fn show_in(&self, user: UserId, participants: &mut [ParticipantPositions]) {
        for participant in participants.iter_mut().filter(|participant| participant.user_id == user) {
            participant.positions = self.positions;
        }
    }
}

/// The number of a user's unread messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Unread {
    /// Unread messages in all conversations.
    pub total: u64,
    /// Conversations with unread messages.
    pub conversations: u64,
}

/// Stores read and delivery positions.
#[async_trait]
pub trait ReceiptStore: Send + Sync {
    /// Moves the user's positions by [`AdvancePositions::apply`], in one transaction and one row, for any number of
    /// messages. Refuses with [`crate::Refusal::UnknownConversation`], [`crate::Refusal::NotAParticipant`],
    /// [`crate::Refusal::Inactive`] and [`crate::Refusal::UnknownMessage`].
    async fn advance(
        &self,
        conversation: ConversationId,
        user: UserId,
        advance: AdvancePositions,
    ) -> Result<Advanced, ActionError>;

    /// Counts the user's unread messages in active conversations, by one query over at most `most` of the user's
    /// conversations.
    async fn count_unread(&self, user: UserId, most: u32) -> Result<Unread, StoreError>;
}
