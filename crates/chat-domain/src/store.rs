//! All stores as one handle, and the part of it that realtime delivery reads.

use crate::auth::SessionStore;
use crate::conversations::{ConversationStore, GroupStore, Joined, Membership, Participation};
use crate::messages::{MessagePlace, MessageStore};
use crate::presence::{Contact, ContactsWanted};
use crate::receipts::{PositionsMoved, ReceiptStore};
use crate::threads::ThreadStore;
use crate::users::UserStore;
use crate::{
    ChangeLog, CommitCursor, Committed, CommittedSink, Committing, ConversationId, Pos, Seq, StoreError, UserId,
};
use async_trait::async_trait;
use std::sync::Weak;

/// One handle to all stores. It returns the store of each subject. A type that implements all of them is a `Store`; a
/// type that replaces one of them implements this trait itself and forwards the other calls.
pub trait Store: Send + Sync {
    /// The store of accounts and credentials.
    fn users(&self) -> &dyn UserStore;

    /// The store of sessions.
    fn sessions(&self) -> &dyn SessionStore;

    /// The store of conversations and participants.
    fn conversations(&self) -> &dyn ConversationStore;

    /// The store of the data that only groups have.
    fn groups(&self) -> &dyn GroupStore;

    /// The store of messages.
    fn messages(&self) -> &dyn MessageStore;

    /// The store of threads and their followers.
    fn threads(&self) -> &dyn ThreadStore;

    /// The store of read and delivery positions.
    fn receipts(&self) -> &dyn ReceiptStore;

    /// The durable changes of all conversations.
    fn changes(&self) -> &dyn ChangeLog;

    /// Passes the changes of every later commit to this sink: see [`Committing::publish_to`].
    fn publish_to(&self, sink: Weak<dyn CommittedSink>);
}

impl<S> Store for S
where
    S: UserStore
        + SessionStore
        + ConversationStore
        + GroupStore
        + MessageStore
        + ThreadStore
        + ReceiptStore
        + ChangeLog
        + Committing,
{
    fn users(&self) -> &dyn UserStore {
        self
    }

    fn sessions(&self) -> &dyn SessionStore {
        self
    }

    fn conversations(&self) -> &dyn ConversationStore {
        self
    }

    fn groups(&self) -> &dyn GroupStore {
        self
    }

    fn messages(&self) -> &dyn MessageStore {
        self
    }

    fn threads(&self) -> &dyn ThreadStore {
        self
    }

    fn receipts(&self) -> &dyn ReceiptStore {
        self
    }

    fn changes(&self) -> &dyn ChangeLog {
        self
    }

    fn publish_to(&self, sink: Weak<dyn CommittedSink>) {
        Committing::publish_to(self, sink);
    }
}

/// The reads of realtime delivery: changes, and memberships. A service that uses `chat-realtime` with its own store
/// implements this and [`ChangeLog`], and no other store.
#[async_trait]
pub trait RealtimeStore: ChangeLog {
    /// Returns the initial state of a user's connection: conversations by newest activity, at most `limit`, inactive
    /// groups included, in one query.
    async fn list_memberships(&self, user: UserId, limit: u32) -> Result<Vec<Membership>, StoreError>;

    /// Returns those of these conversations in which the user takes part or once took part, in any order, in one query:
    /// so a conversation that is missing is one that the database does not know for this user.
    async fn list_participations(&self, user: UserId, ids: &[ConversationId])
    -> Result<Vec<Participation>, StoreError>;

    /// Returns the newest `pos` of each of these conversations that exists, in any order, in one query.
    async fn list_last_pos(&self, ids: &[ConversationId]) -> Result<Vec<(ConversationId, Pos)>, StoreError>;

    /// Lists the users who joined a conversation by a transaction committed after the cursor and who still take part,
    /// at most `limit`, in one query, independent of clocks: for a node that may have missed it. A page of `limit` may
    /// have a successor. If a user left and rejoined, the last join counts. Without a cursor: no users, and the cursor
    /// from which to follow. The store of a single process, which misses nothing, may do only this.
    async fn list_joined(&self, after: Option<&CommitCursor>, _limit: u32) -> Result<Committed<Joined>, StoreError> {
        Ok(Committed { items: Vec::new(), cursor: after.cloned().unwrap_or_else(|| CommitCursor::new("")) })
    }

    /// Lists the other participants of the conversations with the newest activity in which presence is visible: active
    /// groups, and direct conversations in which both have written, or all if every user may see every user's presence.
    /// Each once, newest activity first (ties by id), in one query. A store for a service without presence may return
    /// none.
    async fn list_newest_contacts(&self, _wanted: ContactsWanted) -> Result<Vec<Contact>, StoreError> {
        Ok(Vec::new())
    }

    /// Returns the positions of each participant of these conversations, in any order, in one query. The caller limits
    /// their number.
    async fn list_positions(&self, ids: &[ConversationId]) -> Result<Vec<PositionsMoved>, StoreError>;

    /// Returns the existing messages at these places, in any order, in one query. At most 1,000 places per call.
    async fn list_at(&self, places: &[(ConversationId, Seq)]) -> Result<Vec<MessagePlace>, StoreError>;
}
