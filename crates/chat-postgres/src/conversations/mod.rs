//! Conversations and who takes part in them.

mod changes;
mod create;
mod details;
mod find;
mod joined;
mod list;
mod memberships;
mod participants;
mod rows;
mod update;

pub(crate) use details::load_many;
pub(crate) use memberships::last_pos;
pub(crate) use participants::leave_every_group;
pub(crate) use rows::role_from;

use crate::PostgresStore;
use async_trait::async_trait;
use chat_domain::conversations::{
    AddParticipant, Conversation, ConversationDetails, ConversationOverview, ConversationStore,
    CreateConversationError, CreatedConversation, Joined, Membership, NewConversation, ParticipantError, Removal,
    RemoveParticipant, UpdateConversation,
};
use chat_domain::receipts::PositionsMoved;
use chat_domain::{Change, ConversationId, Page, PageRequest, Pos, StoreError, Timestamp, UserId};

#[async_trait]
impl ConversationStore for PostgresStore {
    async fn create(&self, new: NewConversation) -> Result<CreatedConversation, CreateConversationError> {
        self.write(async |connection| create::create(connection, &new).await).await
    }

    async fn find(&self, id: ConversationId, viewer: UserId) -> Result<Option<ConversationOverview>, StoreError> {
        self.read(async |connection| find::overview(connection, id, viewer).await).await
    }

    async fn list(&self, viewer: UserId, page: PageRequest) -> Result<Page<ConversationOverview>, StoreError> {
        self.read(async |connection| list::list(connection, viewer, page).await).await
    }

    async fn list_memberships(&self, user: UserId, limit: u32) -> Result<Vec<Membership>, StoreError> {
        self.query(async |connection| memberships::list(connection, user, limit).await).await
    }

    async fn find_membership(
        &self,
        id: ConversationId,
        user: UserId,
    ) -> Result<Option<(Conversation, Option<Membership>)>, StoreError> {
        self.read(async |connection| memberships::find(connection, id, user).await).await
    }

    async fn list_removals(&self, user: UserId, ids: &[ConversationId]) -> Result<Vec<Removal>, StoreError> {
        self.query(async |connection| memberships::removals(connection, user, ids).await).await
    }

    async fn list_last_pos(&self, ids: &[ConversationId]) -> Result<Vec<(ConversationId, Pos)>, StoreError> {
        self.query(async |connection| memberships::last_pos(connection, ids).await).await
    }

    async fn list_joined(&self, since: Timestamp, limit: u32) -> Result<Vec<Joined>, StoreError> {
        self.query(async |connection| joined::list(connection, since, limit).await).await
    }

    async fn list_positions(&self, ids: &[ConversationId]) -> Result<Vec<PositionsMoved>, StoreError> {
        self.query(async |connection| memberships::positions(connection, ids).await).await
    }

    async fn add_participant(&self, add: AddParticipant) -> Result<(ConversationDetails, Change), ParticipantError> {
        self.write(async |connection| participants::add(connection, add).await).await
    }

    async fn remove_participant(&self, remove: RemoveParticipant) -> Result<Vec<Change>, ParticipantError> {
        self.write(async |connection| participants::remove(connection, remove).await).await
    }

    async fn update(&self, update: UpdateConversation) -> Result<(ConversationDetails, Change), ParticipantError> {
        self.write(async |connection| update::update(connection, &update).await).await
    }
}
