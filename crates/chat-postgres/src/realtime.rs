//! The reads of realtime delivery.

use crate::PostgresStore;
use crate::conversations::{joined, memberships};
use async_trait::async_trait;
use chat_domain::conversations::{Joined, Membership, Participation};
use chat_domain::messages::MessagePlace;
use chat_domain::presence::{Contact, ContactsWanted};
use chat_domain::receipts::PositionsMoved;
use chat_domain::{CommitCursor, Committed, ConversationId, Pos, RealtimeStore, Seq, StoreError, UserId};

#[async_trait]
impl RealtimeStore for PostgresStore {
    async fn list_memberships(&self, user: UserId, limit: u32) -> Result<Vec<Membership>, StoreError> {
        self.batches().list_memberships(user, limit).await
    }

    async fn list_participations(
        &self,
        user: UserId,
        ids: &[ConversationId],
    ) -> Result<Vec<Participation>, StoreError> {
        self.query(async |connection| memberships::participations(connection, user, ids).await).await
    }

    async fn list_last_pos(&self, ids: &[ConversationId]) -> Result<Vec<(ConversationId, Pos)>, StoreError> {
        self.query(async |connection| memberships::last_pos(connection, ids).await).await
    }

    async fn list_joined(&self, after: Option<&CommitCursor>, limit: u32) -> Result<Committed<Joined>, StoreError> {
        self.query(async |connection| joined::list(connection, after, limit).await).await
    }

    async fn list_newest_contacts(&self, wanted: ContactsWanted) -> Result<Vec<Contact>, StoreError> {
        Ok(self.batches().contacts.call(vec![wanted]).await?.into_iter().flatten().collect())
    }

    async fn list_positions(&self, ids: &[ConversationId]) -> Result<Vec<PositionsMoved>, StoreError> {
        let mut ids = ids.to_vec();
        ids.sort_unstable();
        ids.dedup();
        Ok(self.batches().positions.call(ids).await?.into_iter().flatten().collect())
    }

    async fn list_at(&self, places: &[(ConversationId, Seq)]) -> Result<Vec<MessagePlace>, StoreError> {
        let mut places = places.to_vec();
        places.sort_unstable();
        places.dedup();
        self.batches().places.call(places).await
    }
}
