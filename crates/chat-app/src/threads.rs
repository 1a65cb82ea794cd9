//! Threads: conversations that hang on a message of another one. Sending, reading and everything else that works in
//! every conversation is in the other subjects.

use crate::core::Core;
use chat_domain::auth::Actor;
use chat_domain::changes::Feature;
use chat_domain::conversations::{CursorPage, ListCursor};
use chat_domain::threads::{OpenThread, OpenedThread, ThreadOverview, ThreadPage};
use chat_domain::{ActionError, ConversationId, MessageId, PageLimit, Seq};
use std::sync::Arc;

/// Threads. Cheap to clone.
#[derive(Clone)]
pub struct Threads(pub(crate) Arc<Core>);

impl Threads {
    /// Opens the thread of a message of a conversation in which the actor takes part, or finds it.
    pub async fn open(
        &self,
        actor: Actor,
        conversation_id: ConversationId,
        message_id: MessageId,
    ) -> Result<OpenedThread, ActionError> {
        let (id, at) = (ConversationId::new(self.0.ids.next_uuid()), self.0.now());
        let open = OpenThread { id, conversation_id, message_id, actor: actor.user_id, at };
        let opened = self.0.store.threads().open_thread(open);
        self.0.changing(actor.user_id, [Feature::THREADS], opened).await
    }

    /// A thread, for the participants of its parent.
    pub async fn find(&self, actor: Actor, id: ConversationId) -> Result<ThreadOverview, ActionError> {
        self.0.reading(actor.user_id, self.0.store.threads().find_thread(id, actor.user_id)).await
    }

    /// Makes the actor, a participant of the parent, follow the thread.
    pub async fn follow(&self, actor: Actor, id: ConversationId) -> Result<ThreadOverview, ActionError> {
        let followed = self.0.store.threads().follow_thread(id, actor.user_id, self.0.now());
        self.0.writing(actor.user_id, followed).await
    }

    /// Ends the actor's follow, if there is one.
    pub async fn unfollow(&self, actor: Actor, id: ConversationId) -> Result<ThreadOverview, ActionError> {
        self.0.writing(actor.user_id, self.0.store.threads().unfollow_thread(id, actor.user_id)).await
    }

    /// The threads that the actor follows in active conversations, newest activity first; only those with unread
    /// messages if `unread` is set.
    pub async fn list_followed(
        &self,
        actor: Actor,
        unread: bool,
        cursor: ListCursor,
        limit: PageLimit,
    ) -> Result<CursorPage<ThreadOverview>, ActionError> {
        let listed = self.0.store.threads().list_followed_threads(actor.user_id, unread, cursor, limit);
        Ok(self.0.reading(actor.user_id, listed).await?)
    }

    /// The threads of a conversation, for its participants, by their roots, newest first.
    pub async fn list(
        &self,
        actor: Actor,
        conversation: ConversationId,
        before: Option<Seq>,
        limit: PageLimit,
    ) -> Result<ThreadPage, ActionError> {
        let listed = self.0.store.threads().list_threads(conversation, actor.user_id, before, limit);
        self.0.reading(actor.user_id, listed).await
    }
}
