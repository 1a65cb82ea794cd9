use super::{
    By, ChangedMessage, Draft, EditHistory, EditMessage, Editor, FoundMessages, HistoryPage, HistoryRequest, Message,
    MessageVersion, PinMessage, React, ReactedMessage, ReactorPage, ReactorsWanted,
};
use crate::{ActionError, ConversationId, MessageId, Seq, StoreError, UserId};
use async_trait::async_trait;

/// The result of storing a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Appended {
    /// The message was stored by this call.
    New(Message),
    /// The message was stored by this call, and is the sender's first in this direct conversation. Presence is visible
    /// there once both users have written.
    First(Message),
    /// The message was stored by an earlier call with the same key. It is in its present state.
    Replayed(Message),
}

impl Appended {
    /// Returns the message in its present state.
    pub const fn message(&self) -> &Message {
        match self {
            Self::New(message) | Self::First(message) | Self::Replayed(message) => message,
        }
    }

    /// Returns the message by value.
    pub fn into_message(self) -> Message {
        match self {
            Self::New(message) | Self::First(message) | Self::Replayed(message) => message,
        }
    }
}

/// The place of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MessagePlace {
    /// The message's id.
    pub id: MessageId,
    /// The conversation the message belongs to.
    pub conversation_id: ConversationId,
    /// The message's number in the conversation.
    pub seq: Seq,
    /// The sender, who does not count for its status and its readers.
    pub sender_id: UserId,
}

/// Stores messages.
#[async_trait]
pub trait MessageStore: Send + Sync {
    /// Stores a message, in one transaction that may be shared with other calls: first looks up a replay of the same
    /// conversation, sender and key (before membership), checks that the sender takes part and the group is active,
    /// takes the next `seq` and `pos`, inserts the message, moves the sender's own positions to it, notes that the
    /// sender has written, and updates the conversation's activity. In a thread the sender's membership in its parent
    /// counts, and does not end before the commit; the sender follows the thread. `Ok` means committed and durable. A
    /// failed call takes no `seq`. Refuses by [`super::decide_send`].
    async fn append(&self, draft: Draft) -> Result<Appended, ActionError>;

    /// Returns a part of the history, for a participant. Reads one range of the primary key at every depth. Refuses
    /// with [`crate::Refusal::UnknownConversation`], [`crate::Refusal::NotAParticipant`] and, for the anchor,
    /// [`crate::Refusal::UnknownMessage`].
    async fn history(
        &self,
        conversation: ConversationId,
        reader: UserId,
        request: HistoryRequest,
    ) -> Result<HistoryPage, ActionError>;

    /// Edits a message, in one transaction: checks the editor, the message and the number of its versions, takes the
    /// next `pos`, keeps the present content as an earlier version, and stores the new content. Writes nothing if the
    /// message has this content already. Refuses by [`super::decide_edit`].
    async fn edit(&self, edit: EditMessage, by: Editor) -> Result<ChangedMessage, ActionError>;

    /// Deletes a message, in one transaction: checks the editor, takes the next `pos`, and erases the content, the
    /// earlier versions, the reactions, the pin and the fingerprint. The tombstone keeps its place, its sender and its
    /// key: a repeated send finds it. Writes nothing if the message is deleted already. Refuses by
    /// [`super::decide_deletion`].
    async fn delete(
        &self,
        conversation: ConversationId,
        message: MessageId,
        by: Editor,
    ) -> Result<ChangedMessage, ActionError>;

    /// Adds or removes a reaction, in one transaction: checks the user and the message, takes the next `pos` for each
    /// step, and stores the user's reaction and the message's [`super::Reactions`]. Writes nothing if it is so already.
    /// Refuses by [`super::decide_reaction`].
    async fn react(&self, react: React, by: By) -> Result<ReactedMessage, ActionError>;

    /// Pins or unpins a message, in one transaction: checks the user, the message and the number of pinned messages,
    /// takes the next `pos`, and stores the pin. Writes nothing if it is so already. Refuses by [`super::decide_pin`].
    async fn pin(&self, pin: PinMessage, by: By) -> Result<ChangedMessage, ActionError>;

    /// Returns the pinned messages, the last pinned first, for a participant, in a constant number of queries. Refuses
    /// with [`crate::Refusal::UnknownConversation`] and [`crate::Refusal::NotAParticipant`].
    async fn list_pinned(&self, conversation: ConversationId, reader: UserId) -> Result<FoundMessages, ActionError>;

    /// Lists the users who reacted so to a message of this conversation, oldest first: those after this `pos`, or from
    /// the first on. The cost depends on the limit only. The caller checks whether the user may see them. Refuses with
    /// [`crate::Refusal::UnknownMessage`].
    async fn list_reactors(
        &self,
        conversation: ConversationId,
        message: MessageId,
        wanted: ReactorsWanted,
    ) -> Result<ReactorPage, ActionError>;

    /// Returns the messages with these ids, for a participant, in a constant number of queries. Leaves out ids that are
    /// not in this conversation. The caller limits their number. Refuses with [`crate::Refusal::UnknownConversation`]
    /// and [`crate::Refusal::NotAParticipant`].
    async fn find_many(
        &self,
        conversation: ConversationId,
        reader: UserId,
        ids: &[MessageId],
    ) -> Result<FoundMessages, ActionError>;

    /// Returns the earlier versions of a message, oldest first, for a participant who may read them. Refuses by
    /// [`EditHistory::may_read`].
    async fn list_versions(
        &self,
        conversation: ConversationId,
        reader: UserId,
        message: MessageId,
        history: EditHistory,
    ) -> Result<Vec<MessageVersion>, ActionError>;

    /// Finds the place of this message. The caller checks whether the user may know it.
    async fn find_place(&self, id: MessageId) -> Result<Option<MessagePlace>, StoreError>;
}
