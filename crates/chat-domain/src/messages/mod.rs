//! Messages: what is sent, how it is kept in order, and how it is read back.

mod decide;
mod draft;
mod history;
mod store;
mod values;

pub use decide::{EarlierSend, SendContext, SendPlace, Sender, decide_send};
pub use draft::{BodyFingerprint, Draft, MessageContent, SendMessage, StoredFingerprint};
pub use history::{Anchor, HistoryPage, HistoryRequest, SeqRange};
pub use store::{AppendError, Appended, HistoryError, MessagePlace, MessageStore};
pub use values::{AttachmentUrl, MessageBody};

use crate::conversations::ConversationKind;
use crate::users::UserSummary;
use crate::{ClientMessageId, ConversationId, MessageId, Pos, Seq, Timestamp};

/// A message as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// Where it was sent.
    pub conversation_id: ConversationId,
    /// Of which kind that is.
    pub kind: ConversationKind,
    /// Its number among the conversation's messages.
    pub seq: Seq,
    /// Its number among the conversation's durable changes; never changes.
    pub pos: Pos,
    /// Who sent it.
    pub sender: UserSummary,
    /// What it says.
    pub body: MessageBody,
    /// What came with it.
    pub attachment: Option<AttachmentUrl>,
    /// The message it answers, in the same conversation.
    pub reply_to: Option<MessageId>,
    /// The sender's own key; shown to the sender alone.
    pub client_message_id: Option<ClientMessageId>,
    /// When it was sent.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When its text was last changed.
    pub edited_at: Option<Timestamp>,
    /// When it became a tombstone.
    pub deleted_at: Option<Timestamp>,
}
