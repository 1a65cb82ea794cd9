//! Threads and their followers.

mod find;
mod followers;
mod list;
mod open;

pub(crate) use followers::{count_followers, follow_by_sending, load_positions, positions_of, store_positions};
pub(crate) use open::count_deletion;

use crate::SqliteStore;
use async_trait::async_trait;
use chat_domain::conversations::{CursorPage, ListCursor};
use chat_domain::threads::{OpenThread, OpenedThread, ThreadOverview, ThreadPage, ThreadStore};
use chat_domain::{ActionError, ConversationId, PageLimit, Seq, StoreError, Timestamp, UserId};

#[async_trait]
impl ThreadStore for SqliteStore {
    async fn open_thread(&self, open: OpenThread) -> Result<OpenedThread, ActionError> {
        self.write(move |connection| open::open(connection, open)).await
    }

    async fn find_thread(&self, id: ConversationId, viewer: UserId) -> Result<ThreadOverview, ActionError> {
        self.read(move |connection| find::find(connection, id, viewer)).await
    }

    async fn follow_thread(
        &self,
        id: ConversationId,
        user: UserId,
        at: Timestamp,
    ) -> Result<ThreadOverview, ActionError> {
        self.write(move |connection| followers::follow(connection, id, user, at)).await
    }

    async fn unfollow_thread(&self, id: ConversationId, user: UserId) -> Result<ThreadOverview, ActionError> {
        self.write(move |connection| followers::unfollow(connection, id, user)).await
    }

    async fn list_followed_threads(
        &self,
        user: UserId,
        unread: bool,
        cursor: ListCursor,
        limit: PageLimit,
    ) -> Result<CursorPage<ThreadOverview>, StoreError> {
        self.read(move |connection| list::list_followed(connection, user, unread, cursor, limit)).await
    }

    async fn list_threads(
        &self,
        conversation: ConversationId,
        viewer: UserId,
        before: Option<Seq>,
        limit: PageLimit,
    ) -> Result<ThreadPage, ActionError> {
        self.read(move |connection| list::list(connection, conversation, viewer, before, limit)).await
    }
}
