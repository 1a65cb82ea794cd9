//! The stores as a whole: everything as one handle, and the part of it that realtime delivery reads.

use crate::auth::SessionStore;
use crate::conversations::{ConversationStore, GroupStore, Joined, Membership, Removal};
use crate::messages::{MessagePlace, MessageStore};
use crate::receipts::{PositionsMoved, ReceiptStore};
use crate::users::UserStore;
use crate::{ChangeLog, CommitCursor, Committed, ConversationId, Pos, Seq, StoreError, UserId};
use async_trait::async_trait;

/// One handle to everything that is stored. It hands out the store of each feature. A type that implements them all is
/// a `Store`; a type that replaces one of them implements this trait by hand and passes the other calls on.
pub trait Store: Send + Sync {
    /// Accounts and credentials.
    fn users(&self) -> &dyn UserStore;

    /// Sign-ins.
    fn sessions(&self) -> &dyn SessionStore;

    /// Conversations and participants.
    fn conversations(&self) -> &dyn ConversationStore;

    /// What only groups have.
    fn groups(&self) -> &dyn GroupStore;

    /// Messages.
    fn messages(&self) -> &dyn MessageStore;

    /// Read and delivery positions.
    fn receipts(&self) -> &dyn ReceiptStore;
}

impl<S> Store for S
where
    S: UserStore + SessionStore + ConversationStore + GroupStore + MessageStore + ReceiptStore,
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

    fn receipts(&self) -> &dyn ReceiptStore {
        self
    }
}

/// Everything that realtime delivery reads: which changes there are, and who takes part where. A service that uses
/// `chat-realtime` with a store of its own implements this and [`ChangeLog`], and no other store.
#[async_trait]
pub trait RealtimeStore: ChangeLog {
    /// Everything that a connection of this user needs to begin, newest activity first, at most `limit`, inactive
    /// groups included, in one query.
    async fn list_memberships(&self, user: UserId, limit: u32) -> Result<Vec<Membership>, StoreError>;

    /// Of these conversations, those that the user once took part in and does not now.
    async fn list_removals(&self, user: UserId, ids: &[ConversationId]) -> Result<Vec<Removal>, StoreError>;

    /// The newest `pos` of each of these conversations that exists, in any order, in one query.
    async fn list_last_pos(&self, ids: &[ConversationId]) -> Result<Vec<(ConversationId, Pos)>, StoreError>;

    /// The users whose joining of a conversation was committed after the cursor and who still take part, at most
    /// `limit`, in one query, whatever the clocks say: for a node that may not have been told. A page of `limit` may
    /// have a successor. Where a user left and joined again, the last joining counts. Without a cursor: nobody, and the
    /// cursor from which on to follow. The store of a single process, which is always told, may leave it at this.
    async fn list_joined(&self, after: Option<&CommitCursor>, _limit: u32) -> Result<Committed<Joined>, StoreError> {
        Ok(Committed { items: Vec::new(), cursor: after.cloned().unwrap_or_else(|| CommitCursor::new("")) })
    }

    /// How far each participant of these conversations has got, in any order, in one query. Whether there are too many
    /// of them is the caller's to know.
    async fn list_positions(&self, ids: &[ConversationId]) -> Result<Vec<PositionsMoved>, StoreError>;

    /// The messages that are at these places, as far as there are any, in any order, in one query. At most 1,000 places
    /// are asked about at once.
    async fn list_at(&self, places: &[(ConversationId, Seq)]) -> Result<Vec<MessagePlace>, StoreError>;
}
