//! Delivery and read positions.

mod advance;

use crate::core::Core;
use chat_domain::messages::Message;
use chat_domain::receipts::{AdvancePositions, ParticipantPositions, ReceiptTarget};
use std::sync::Arc;

/// Moving delivery and read positions. Cheap to clone.
#[derive(Clone)]
pub struct Receipts(pub(crate) Arc<Core>);

/// A new status of messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Receipt {
    /// The messages have arrived.
    Delivered,
    /// The messages have been read, and so have arrived.
    Read,
}

impl Receipt {
    /// For every message up to the target.
    const fn up_to(self, target: ReceiptTarget) -> AdvancePositions {
        match self {
            Self::Delivered => AdvancePositions::Delivered(target),
            Self::Read => AdvancePositions::Read(target),
        }
    }
}

/// A message with the data for its status and readers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrackedMessage {
    /// The message.
    pub message: Message,
    /// The positions of all participants.
    pub participants: Vec<ParticipantPositions>,
}
