//! Threads and their followers.

mod find;
mod followers;
mod list;
mod open;

pub(crate) use followers::{
    count_followers, find_covered, hold_membership, load_positions, move_positions, positions_of,
};
pub(crate) use open::count_deletion;

use crate::PostgresStore;
use async_trait::async_trait;
use chat_domain::conversations::{CursorPage, ListCursor};
use chat_domain::threads::{OpenThread, OpenedThread, ThreadOverview, ThreadPage, ThreadStore};
use chat_domain::{ActionError, ConversationId, PageLimit, Seq, StoreError, Timestamp, UserId};

#[async_trait]
impl ThreadStore for PostgresStore {
    async fn open_thread(&self, open: OpenThread) -> Result<OpenedThread, ActionError> {
        self.write(async |connection| open::open(connection, open).await).await
    }

    async fn find_thread(&self, id: ConversationId, viewer: UserId) -> Result<ThreadOverview, ActionError> {
        self.read(async |connection| find::find(connection, id, viewer).await).await
    }

    async fn follow_thread(
        &self,
        id: ConversationId,
        user: UserId,
        at: Timestamp,
    ) -> Result<ThreadOverview, ActionError> {
        self.write(async |connection| followers::follow(connection, id, user, at).await).await
    }

    async fn unfollow_thread(&self, id: ConversationId, user: UserId) -> Result<ThreadOverview, ActionError> {
        self.write(async |connection| followers::unfollow(connection, id, user).await).await
    }

    async fn list_followed_threads(
        &self,
        user: UserId,
        unread: bool,
        cursor: ListCursor,
        limit: PageLimit,
    ) -> Result<CursorPage<ThreadOverview>, StoreError> {
        self.read(async |connection| list::list_followed(connection, user, unread, cursor, limit).await).await
    }

    async fn list_threads(
        &self,
        conversation: ConversationId,
        viewer: UserId,
        before: Option<Seq>,
        limit: PageLimit,
    ) -> Result<ThreadPage, ActionError> {
        self.read(async |connection| list::list(connection, conversation, viewer, before, limit).await).await
    }
}
