//! The reads of realtime delivery.

use crate::SqliteStore;
use crate::conversations::memberships;
use crate::messages::places;
use async_trait::async_trait;
use chat_domain::conversations::{Membership, Participation};
use chat_domain::messages::MessagePlace;
use chat_domain::presence::{Contact, ContactsWanted};
use chat_domain::receipts::PositionsMoved;
use chat_domain::{ConversationId, Pos, RealtimeStore, Seq, StoreError, UserId};

#[async_trait]
impl RealtimeStore for SqliteStore {
    async fn list_memberships(&self, user: UserId, limit: u32) -> Result<Vec<Membership>, StoreError> {
        self.read(move |connection| memberships::list(connection, user, limit)).await
    }

    async fn list_participations(
        &self,
        user: UserId,
        ids: &[ConversationId],
    ) -> Result<Vec<Participation>, StoreError> {
        let ids = ids.to_vec();
        self.read(move |connection| memberships::participations(connection, user, &ids)).await
    }

    async fn list_last_pos(&self, ids: &[ConversationId]) -> Result<Vec<(ConversationId, Pos)>, StoreError> {
        let ids = ids.to_vec();
        self.read(move |connection| memberships::last_pos(connection, &ids)).await
    }

    async fn list_newest_contacts(&self, wanted: ContactsWanted) -> Result<Vec<Contact>, StoreError> {
        self.read(move |connection| memberships::newest_contacts(connection, wanted)).await
    }

    async fn list_positions(&self, ids: &[ConversationId]) -> Result<Vec<PositionsMoved>, StoreError> {
        let ids = ids.to_vec();
        self.read(move |connection| memberships::positions(connection, &ids)).await
    }

    async fn list_at(&self, places: &[(ConversationId, Seq)]) -> Result<Vec<MessagePlace>, StoreError> {
        let places = places.to_vec();
        self.read(move |connection| places::list(connection, &places)).await
    }
}
