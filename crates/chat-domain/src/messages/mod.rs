//! Messages: sending, storing in order, and reading.

mod decide;
mod draft;
mod edit;
mod forward;
mod history;
mod pins;
mod quote;
mod reactions;
mod store;
mod values;

pub use decide::{EarlierSend, SendContext, SendPlace, Sender, decide_send};
pub use draft::{BodyFingerprint, Draft, ExpectedKind, MessageContent, SendMessage, StoredFingerprint};
pub use edit::{
    ChangedMessage, EditContext, EditHistory, EditMessage, EditedContent, Editor, MAX_VERSIONS, MessageVersion,
    decide_deletion, decide_edit,
};
pub use forward::{ForwardOf, ForwardedFrom};
pub use history::{Anchor, FoundMessages, HistoryPage, HistoryRequest, MAX_PAGE_BYTES, SeqRange};
pub use pins::{MAX_PINS, PinChange, PinMessage, decide_pin};
pub use quote::{MAX_QUOTED_CHARS, QuotedMessage};
pub use reactions::{
    By, Emoji, HiddenReactions, MAX_NAMED_REACTORS, MAX_REACTION_KINDS, React, ReactedMessage, Reacting, Reaction,
    ReactionChange, ReactionStep, Reactions, ReactorPage, ReactorsWanted, decide_reaction,
};
pub use store::{Appended, MessagePlace, MessageStore};
pub use values::{AttachmentUrl, MessageBody, MessageLimit};

use edit::of_participant;

use crate::conversations::ConversationKind;
use crate::users::UserSummary;
use crate::{ClientMessageId, ConversationId, MessageId, Metadata, Pos, Seq, Timestamp, UserId};

/// A stored message.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Message {
    /// The message's id.
    pub id: MessageId,
    /// The conversation the message belongs to.
    pub conversation_id: ConversationId,
    /// The kind of the conversation.
    pub kind: ConversationKind,
    /// Its number among the conversation's messages.
    pub seq: Seq,
    /// Its number among the conversation's durable changes; never changes.
    pub pos: Pos,
    /// The number of its last change after it was sent, if there is one.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub changed: Option<Pos>,
    /// The sender.
    pub sender: UserSummary,
    /// The text.
    pub body: MessageBody,
    /// The attachment, if any.
    pub attachment: Option<AttachmentUrl>,
    /// What the sender's product attached to it, if anything.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub metadata: Option<Metadata>,
    /// Whose message it is a copy of, if it was forwarded.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub forwarded_from: Option<Box<ForwardedFrom>>,
    /// The message to which it replies, in the same conversation.
    pub reply_to: Option<MessageId>,
    /// That message. `None` if this message is no reply, or that message cannot be read.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub quoted: Option<Box<QuotedMessage>>,
    /// The reactions to it.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Reactions::is_empty"))]
    pub reactions: Reactions,
    /// When it was pinned, if it is.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub pinned_at: Option<Timestamp>,
    /// The sender's own key, which only the sender sees.
    pub client_message_id: Option<ClientMessageId>,
    /// When it was sent.
    pub created_at: Timestamp,
    /// When it was last edited or deleted, or else sent. Reactions and pins do not count.
    pub updated_at: Timestamp,
    /// When its text was last edited.
    pub edited_at: Option<Timestamp>,
    /// When it was deleted; the tombstone stays.
    pub deleted_at: Option<Timestamp>,
    /// The user who deleted it.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub deleted_by: Option<UserId>,
}

impl Message {
    /// Returns an upper bound of the size of its view as JSON, in bytes.
    pub fn json_bytes(&self) -> usize {
        let quoted = self.quoted.as_ref().map_or(0, |quoted| json_bytes(quoted.excerpt.as_str()));
        let attachment = self.attachment.as_ref().map_or(0, |url| json_bytes(url.as_str()));
        let metadata = self.metadata.as_ref().map_or(0, |metadata| metadata.as_str().len());
        let reactors: usize = self.reactions.iter().map(|reaction| reaction.users.len()).sum();
        let reactions = self.reactions.iter().count() * REACTION_BYTES + reactors * REACTOR_BYTES;
        json_bytes(self.body.as_str()) + quoted + attachment + metadata + reactions + OTHER_FIELDS_BYTES
    }

    /// Returns the number of its last change: of two states of a message, that with the higher number is newer.
    pub fn changed_pos(&self) -> Pos {
        self.changed.unwrap_or(self.pos)
    }
}

/// The size of a kind of reaction in a view without its users, and of each of these, in bytes.
const REACTION_BYTES: usize = 192;
const REACTOR_BYTES: usize = 40;

/// The size of a message's view without its texts, attachment, metadata and reactions, in bytes.
const OTHER_FIELDS_BYTES: usize = 1_024;

/// The size of a text as JSON, in bytes: quotes, backslashes and line breaks are escaped.
fn json_bytes(text: &str) -> usize {
    text.len() + text.bytes().filter(|byte| matches!(byte, b'"' | b'\\' | b'\n' | b'\r' | b'\t')).count()
}
