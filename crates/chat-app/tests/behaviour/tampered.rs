//! The embedded store, with what it says of one membership bent.

use async_trait::async_trait;
use chat_domain::conversations::{
    AddParticipant, Conversation, ConversationDetails, ConversationFilter, ConversationOverview, ConversationStore,
    CreateConversationError, CreatedConversation, CursorPage, DirectKey, ListCursor, Membership, NewConversation,
    ParticipantError, Removal, RemoveParticipant, UpdateConversation,
};
use chat_domain::receipts::PositionsMoved;
use chat_domain::{Change, ConversationId, Page, PageLimit, PageRequest, Pos, StoreError, UserId};
use std::sync::Arc;
use tokio::sync::Semaphore;

/// How to bend it.
#[derive(Clone, Copy)]
pub(crate) enum Bend {
    /// Every group looks deactivated.
    Inactive,
    /// Nothing is said of memberships.
    Overloaded,
    /// Reading memberships fails.
    Failing,
    /// Listing conversations, or whom presence is told to, waits for a place here.
    Held(&'static Semaphore),
}

pub(crate) struct Tampered {
    pub(crate) store: Arc<dyn ConversationStore>,
    pub(crate) bend: Bend,
}

#[async_trait]
impl ConversationStore for Tampered {
    async fn create(&self, new: NewConversation) -> Result<CreatedConversation, CreateConversationError> {
        self.store.create(new).await
    }

    async fn find(&self, id: ConversationId, viewer: UserId) -> Result<Option<ConversationOverview>, StoreError> {
        self.store.find(id, viewer).await
    }

    async fn find_direct(&self, pair: DirectKey) -> Result<Option<ConversationId>, StoreError> {
        self.store.find_direct(pair).await
    }

    async fn list(
        &self,
        viewer: UserId,
        filter: ConversationFilter,
        page: PageRequest,
    ) -> Result<Page<ConversationOverview>, StoreError> {
        if let Bend::Held(gate) = self.bend {
            drop(gate.acquire().await.expect("an open gate"));
        }
        self.store.list(viewer, filter, page).await
    }

    async fn list_from(
        &self,
        viewer: UserId,
        filter: ConversationFilter,
        cursor: ListCursor,
        limit: PageLimit,
    ) -> Result<CursorPage<ConversationOverview>, StoreError> {
        self.store.list_from(viewer, filter, cursor, limit).await
    }

    async fn list_memberships(&self, user: UserId, limit: u32) -> Result<Vec<Membership>, StoreError> {
        self.store.list_memberships(user, limit).await
    }

    async fn list_presence_audience(
        &self,
        user: UserId,
        most_participants: u32,
        limit: u32,
    ) -> Result<Vec<ConversationId>, StoreError> {
        match self.bend {
            Bend::Held(gate) => drop(gate.acquire().await.expect("an open gate")),
            Bend::Overloaded => return Err(StoreError::Overloaded),
            Bend::Failing => return Err(StoreError::Failed("bent".into())),
            Bend::Inactive => {}
        }
        self.store.list_presence_audience(user, most_participants, limit).await
    }

    async fn find_membership(
        &self,
        id: ConversationId,
        user: UserId,
    ) -> Result<Option<(Conversation, Option<Membership>)>, StoreError> {
        match self.bend {
            Bend::Overloaded => return Err(StoreError::Overloaded),
            Bend::Failing => return Err(StoreError::Failed("bent".into())),
            Bend::Inactive | Bend::Held(_) => {}
        }
        let is_active = !matches!(self.bend, Bend::Inactive);
        let found = self.store.find_membership(id, user).await?;
        Ok(found.map(|(conversation, membership)| (Conversation { is_active, ..conversation }, membership)))
    }

    async fn list_removals(&self, user: UserId, ids: &[ConversationId]) -> Result<Vec<Removal>, StoreError> {
        self.store.list_removals(user, ids).await
    }

    async fn list_last_pos(&self, ids: &[ConversationId]) -> Result<Vec<(ConversationId, Pos)>, StoreError> {
        self.store.list_last_pos(ids).await
    }

    async fn list_positions(&self, ids: &[ConversationId]) -> Result<Vec<PositionsMoved>, StoreError> {
        self.store.list_positions(ids).await
    }

    async fn add_participant(&self, add: AddParticipant) -> Result<(ConversationDetails, Change), ParticipantError> {
        self.store.add_participant(add).await
    }

    async fn remove_participant(&self, remove: RemoveParticipant) -> Result<Vec<Change>, ParticipantError> {
        self.store.remove_participant(remove).await
    }

    async fn update(&self, update: UpdateConversation) -> Result<(ConversationDetails, Change), ParticipantError> {
        self.store.update(update).await
    }
}
