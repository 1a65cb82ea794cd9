use super::{Message, MessageBody};
use crate::users::UserSummary;
use crate::{MessageId, Pos, Seq, Timestamp};

/// The maximum length of a quoted text, in characters.
pub const MAX_QUOTED_CHARS: u16 = 200;

/// What the view of a reply shows of the message to which it replies, as of now. It has an order of its own: of two
/// quotes of a message, that with the higher `changed_pos` is newer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct QuotedMessage {
    /// The message's id.
    pub id: MessageId,
    /// Its number among the conversation's messages.
    pub seq: Seq,
    /// The sender.
    pub sender: UserSummary,
    /// The first [`MAX_QUOTED_CHARS`] characters of the text.
    pub excerpt: MessageBody,
    /// When it was deleted.
    pub deleted_at: Option<Timestamp>,
    /// Its [`Message::changed_pos`].
    pub changed_pos: Pos,
}

impl Message {
    /// Returns what a reply to this message shows of it.
    pub fn quote(&self) -> QuotedMessage {
        QuotedMessage {
            id: self.id,
            seq: self.seq,
            sender: self.sender.clone(),
            excerpt: self.body.first(MAX_QUOTED_CHARS.into()),
            deleted_at: self.deleted_at,
            changed_pos: self.changed_pos(),
        }
    }
}
