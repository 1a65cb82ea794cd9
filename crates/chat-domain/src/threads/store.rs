use super::{ThreadOverview, ThreadPage};
use crate::conversations::{CursorPage, ListCursor};
use crate::{ActionError, ConversationId, MessageId, PageLimit, Seq, StoreError, Timestamp, UserId};
use async_trait::async_trait;

/// Opens the thread of a message.
#[derive(Debug, Clone, Copy)]
pub struct OpenThread {
    /// The id, from the id source; unused if the message has a thread.
    pub id: ConversationId,
    /// The conversation of the message.
    pub conversation_id: ConversationId,
    /// The message.
    pub message_id: MessageId,
    /// The user who acts.
    pub actor: UserId,
    /// The time, from the clock.
    pub at: Timestamp,
}

/// The result of opening a thread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenedThread {
    /// The thread as the actor sees it.
    pub overview: ThreadOverview,
    /// Whether this call created it.
    pub is_new: bool,
}

/// Stores threads and who follows them. Their messages are in [`crate::messages::MessageStore`], like those of every
/// conversation. No method makes a durable change.
#[async_trait]
pub trait ThreadStore: Send + Sync {
    /// Opens the thread of a message, or finds it: of concurrent calls for one message, exactly one creates it. The
    /// author of the message follows a new thread, if they take part in the conversation. Refuses by
    /// [`super::decide_opening`].
    async fn open_thread(&self, open: OpenThread) -> Result<OpenedThread, ActionError>;

    /// Returns a thread as a participant of its parent sees it. Refuses with [`crate::Refusal::UnknownThread`] and
    /// [`crate::Refusal::NotAParticipant`].
    async fn find_thread(&self, id: ConversationId, viewer: UserId) -> Result<ThreadOverview, ActionError>;

    /// Makes a participant of the parent follow the thread from its newest message on; a follower keeps their
    /// positions. Returns the thread after it. Refuses like [`Self::find_thread`].
    async fn follow_thread(
        &self,
        id: ConversationId,
        user: UserId,
        at: Timestamp,
    ) -> Result<ThreadOverview, ActionError>;

    /// Ends a follow, if there is one. Returns the thread after it. Refuses like [`Self::find_thread`].
    async fn unfollow_thread(&self, id: ConversationId, user: UserId) -> Result<ThreadOverview, ActionError>;

    /// Lists the threads that the user follows in active conversations, newest activity first; only those with unread
    /// messages if `unread` is set.
    async fn list_followed_threads(
        &self,
        user: UserId,
        unread: bool,
        cursor: ListCursor,
        limit: PageLimit,
    ) -> Result<CursorPage<ThreadOverview>, StoreError>;

    /// Lists the threads of a conversation for a participant, by their roots, newest first: those whose root is
    /// `before` this message. Refuses with [`crate::Refusal::UnknownConversation`] and
    /// [`crate::Refusal::NotAParticipant`].
    async fn list_threads(
        &self,
        conversation: ConversationId,
        viewer: UserId,
        before: Option<Seq>,
        limit: PageLimit,
    ) -> Result<ThreadPage, ActionError>;
}
