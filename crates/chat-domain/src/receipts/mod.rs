//! Delivery and read positions. All other receipts are derived from them.

mod store;

pub use store::{AdvancePositions, Advanced, ReceiptStore, ReceiptTarget, Unread};

use crate::conversations::ConversationKind;
use crate::{ConversationId, MessageId, Seq, UserId};

/// The positions of a participant in a conversation. They only move forward while the user takes part (contract §3,
/// Receipts).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Positions {
    /// Messages up to this one were sent before the participant joined.
    pub joined: Seq,
    /// All messages up to this one have arrived.
    pub delivered: Seq,
    /// All messages up to this one have been read.
    pub read: Seq,
}

impl Positions {
    /// Returns the positions of a user who joins or rejoins when the newest message is `last`: all three are `last`.
    pub const fn joining_at(last: Seq) -> Self {
        Self { joined: last, delivered: last, read: last }
    }

    /// Returns the positions after messages up to `seq` were delivered; never beyond `last`, never back.
    #[must_use]
    pub fn deliver(self, seq: Seq, last: Seq) -> Self {
        Self { delivered: self.delivered.max(seq.min(last)), ..self }
    }

    /// Returns the positions after messages up to `seq` were read, hence delivered; never beyond `last`, never back.
    #[must_use]
    pub fn read(self, seq: Seq, last: Seq) -> Self {
        let delivered = self.deliver(seq, last);
        Self { read: delivered.read.max(seq.min(last)), ..delivered }
    }

    /// The number of unread messages if the newest is `last`.
    pub const fn unread(self, last: Seq) -> u64 {
        last.since(self.read)
    }

    /// Whether any message has arrived since the participant joined. If not, these positions were never sent to other
    /// users.
    pub fn have_moved(self) -> bool {
        self.joined < self.delivered
    }

    /// Whether this participant was a member when the message was sent, and has read it.
    pub fn has_read(self, seq: Seq) -> bool {
        self.joined < seq && seq <= self.read
    }

    fn has_received(self, seq: Seq) -> bool {
        self.joined < seq && seq <= self.delivered
    }
}

/// The positions of one of several participants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParticipantPositions {
    /// The user's id.
    pub user_id: UserId,
    /// The user's positions.
    pub positions: Positions,
}

/// The delivery status of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "lowercase"))]
pub enum DeliveryStatus {
    /// The message is stored.
    Sent,
    /// The message has arrived at all of its recipients.
    Delivered,
    /// All of its recipients have read the message.
    Read,
}

impl DeliveryStatus {
    /// Returns the name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "SENT",
            Self::Delivered => "DELIVERED",
            Self::Read => "READ",
        }
    }
}

/// Returns the status of the message `seq` of `sender`: the lowest that any of the other participants has reached who
/// were members when it was sent. Without others: sent.
pub fn delivery_status(seq: Seq, sender: UserId, participants: &[ParticipantPositions]) -> DeliveryStatus {
    participants
        .iter()
        .filter(|other| other.user_id != sender && other.positions.joined < seq)
        .map(|other| match other.positions {
            positions if positions.has_read(seq) => DeliveryStatus::Read,
            positions if positions.has_received(seq) => DeliveryStatus::Delivered,
            _ => DeliveryStatus::Sent,
        })
        .min()
        .unwrap_or(DeliveryStatus::Sent)
}

/// Returns the participants who have read the message `seq` of `sender`, in their order (contract §3, Receipts).
pub fn read_by(seq: Seq, sender: UserId, participants: &[ParticipantPositions]) -> Vec<UserId> {
    participants
        .iter()
        .filter(|other| other.user_id != sender && other.positions.has_read(seq))
        .map(|other| other.user_id)
        .collect()
}

/// The status of one message, with its readers.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct MessageStatus {
    /// The message's id.
    pub message_id: MessageId,
    /// The lowest status that any of the other participants has reached.
    pub status: DeliveryStatus,
    /// The other participants who have read it.
    pub read_by: Vec<UserId>,
}

/// Somebody's positions moved. Ephemeral: the positions themselves are stored, the news of them is not.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PositionsMoved {
    /// The conversation's id.
    pub conversation_id: ConversationId,
    /// The kind of the conversation.
    pub kind: ConversationKind,
    /// The user's id.
    pub user_id: UserId,
    /// The new positions.
    pub positions: Positions,
    /// The newest message that the move covers, with its status. `None` if positions are sent again.
    pub covers: Option<MessageStatus>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    #[derive(Debug, Clone, Copy)]
    enum Step {
        Send,
        Deliver(u64),
        Read(u64),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        proptest::collection::vec(
            prop_oneof![Just(Step::Send), (0_u64..30).prop_map(Step::Deliver), (0_u64..30).prop_map(Step::Read)],
            0..60,
        )
    }

    #[test]
    fn positions_have_moved_when_something_arrived_after_joining() {
        let joined = Positions::joining_at(Seq::new(4));
        assert!(!joined.have_moved());
        assert!(joined.deliver(Seq::new(5), Seq::new(9)).have_moved());
        assert!(!joined.read(Seq::new(3), Seq::new(9)).have_moved(), "what came before is none of it");
    }

    proptest! {
        #[test]
        fn positions_only_move_forward_and_unread_equals_a_recount(steps in steps(), joined in 0_u64..5) {
            let mut last = Seq::new(joined);
            let mut positions = Positions::joining_at(last);
            let mut read = vec![true; usize::try_from(joined).unwrap_or(0)];
            for step in steps {
                let before = positions;
                match step {
                    Step::Send => { last = last.next(); read.push(false); }
                    Step::Deliver(seq) => positions = positions.deliver(Seq::new(seq), last),
                    Step::Read(seq) => {
                        positions = positions.read(Seq::new(seq), last);
                        for message in read.iter_mut().take(usize::try_from(seq).unwrap_or(0)) { *message = true; }
                    }
                }
                prop_assert!(positions.delivered >= before.delivered && positions.read >= before.read);
                prop_assert!(positions.read <= positions.delivered && positions.delivered <= last);
                prop_assert_eq!(positions.joined, before.joined);
                prop_assert_eq!(positions.unread(last), read.iter().filter(|message| !**message).count() as u64);
            }
        }
    }

    fn other(number: u128, joined: u64, delivered: u64, read: u64) -> ParticipantPositions {
        ParticipantPositions {
            user_id: UserId::new(Uuid::from_u128(number)),
            positions: Positions { joined: Seq::new(joined), delivered: Seq::new(delivered), read: Seq::new(read) },
        }
    }

    #[test]
    fn a_status_is_the_least_that_the_others_have_reached() {
        let sender = UserId::new(Uuid::from_u128(1));
        let me = other(1, 0, 9, 9);
        let status = |others: &[ParticipantPositions]| delivery_status(Seq::new(5), sender, others);
        assert_eq!(status(&[me]), DeliveryStatus::Sent);
        assert_eq!(status(&[me, other(2, 0, 4, 4)]), DeliveryStatus::Sent);
        assert_eq!(status(&[me, other(2, 0, 5, 4)]), DeliveryStatus::Delivered);
        assert_eq!(status(&[me, other(2, 0, 5, 5)]), DeliveryStatus::Read);
        assert_eq!(status(&[me, other(2, 0, 5, 5), other(3, 0, 5, 0)]), DeliveryStatus::Delivered);
        assert_eq!(status(&[me, other(2, 0, 5, 5), other(3, 6, 6, 6)]), DeliveryStatus::Read, "came later");
        let (reader, late) = (other(2, 0, 5, 5), other(3, 6, 6, 6));
        assert_eq!(
            read_by(Seq::new(5), sender, &[me, reader, late]),
            [reader.user_id],
            "neither oneself nor who came later"
        );
        assert_eq!(DeliveryStatus::Read.as_str(), "READ");
        assert_eq!((DeliveryStatus::Sent.as_str(), DeliveryStatus::Delivered.as_str()), ("SENT", "DELIVERED"));
    }
}
