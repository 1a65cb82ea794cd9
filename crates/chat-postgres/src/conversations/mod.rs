//! Conversations and their participants.

mod create;
mod details;
mod find;
mod groups;
pub(crate) mod joined;
mod keys;
mod list;
pub(crate) mod memberships;
mod names;
mod own;
mod participants;
mod rows;
mod search;
mod shared;
mod update;

pub(crate) use details::{find_conversation, hold_conversation, is_active, load_readable};
pub(crate) use keys::renew_keys;
pub(crate) use memberships::takes_part;
pub(crate) use participants::leave_every_group;
pub(crate) use rows::{KindColumns, KindRow};
pub(crate) use shared::{
    AudienceWanted, Head, Wanted, list_audiences, list_contacts, list_heads, list_memberships, list_positions,
};

use crate::PostgresStore;
use async_trait::async_trait;
use chat_domain::conversations::{
    AddParticipant, ChangeRole, Conversation, ConversationDetails, ConversationFilter, ConversationOverview,
    ConversationStore, CreatedConversation, CursorPage, DirectKey, GroupStore, InviteCode, JoinGroup, ListCursor,
    Membership, NameCollision, NewConversation, NewGroup, Participant, ParticipantPage, ParticipantPlace,
    RemoveParticipant, UpdateConversation,
};
use chat_domain::users::SearchTerm;
use chat_domain::{ActionError, Change, ConversationId, Page, PageLimit, PageRequest, StoreError, Timestamp, UserId};

#[async_trait]
impl ConversationStore for PostgresStore {
    async fn create(&self, new: NewConversation) -> Result<CreatedConversation, ActionError> {
        self.change(async |connection| create::create(connection, &new).await).await
    }

    async fn find(&self, id: ConversationId, viewer: UserId) -> Result<Option<ConversationOverview>, StoreError> {
        self.read(async |connection| find::overview(connection, id, viewer).await).await
    }

    async fn list_participants(
        &self,
        id: ConversationId,
        after: Option<ParticipantPlace>,
        limit: PageLimit,
    ) -> Result<ParticipantPage, StoreError> {
        self.query(async |connection| details::list_participants(connection, id, after, limit).await).await
    }

    async fn find_direct(&self, pair: DirectKey) -> Result<Option<ConversationId>, StoreError> {
        self.query(async |connection| find::direct(connection, pair).await).await
    }

    async fn list(
        &self,
        viewer: UserId,
        filter: ConversationFilter,
        page: PageRequest,
    ) -> Result<Page<ConversationOverview>, StoreError> {
        self.read(async |connection| list::list(connection, viewer, filter, page).await).await
    }

    async fn list_from(
        &self,
        viewer: UserId,
        filter: ConversationFilter,
        cursor: ListCursor,
        limit: PageLimit,
    ) -> Result<CursorPage<ConversationOverview>, StoreError> {
        self.read(async |connection| list::list_from(connection, viewer, filter, cursor, limit).await).await
    }

    async fn list_presence_audience(
        &self,
        user: UserId,
        most_participants: u32,
        limit: u32,
    ) -> Result<Vec<ConversationId>, StoreError> {
        self.batches().list_presence_audience(AudienceWanted { user, most_participants, limit }).await
    }

    async fn find_membership(
        &self,
        id: ConversationId,
        user: UserId,
    ) -> Result<Option<(Conversation, Option<Membership>)>, StoreError> {
        self.read(async |connection| memberships::find(connection, id, user).await).await
    }

    async fn add_participant(&self, add: AddParticipant) -> Result<(ConversationDetails, Change), ActionError> {
        self.change(async |connection| participants::add(connection, add).await).await
    }

    async fn remove_participant(&self, remove: RemoveParticipant) -> Result<Vec<Change>, ActionError> {
        self.change(async |connection| participants::remove(connection, remove).await).await
    }

    async fn change_role(&self, change: ChangeRole) -> Result<(Participant, Option<Change>), ActionError> {
        self.change(async |connection| participants::change_role(connection, change).await).await
    }

    async fn update(&self, update: UpdateConversation) -> Result<(ConversationDetails, Option<Change>), ActionError> {
        self.change(async |connection| update::update(connection, &update).await).await
    }
}

#[async_trait]
impl GroupStore for PostgresStore {
    async fn create_group(&self, new: NewGroup) -> Result<CreatedConversation, ActionError> {
        self.change(async |connection| create::create_group(connection, &new).await).await
    }

    async fn deactivate(
        &self,
        id: ConversationId,
        actor: UserId,
        at: Timestamp,
    ) -> Result<(ConversationDetails, Change), ActionError> {
        self.change(async |connection| groups::deactivate(connection, id, actor, at).await).await
    }

    async fn join(&self, join: JoinGroup) -> Result<(ConversationDetails, Change), ActionError> {
        self.change(async |connection| participants::join_by_invite(connection, join).await).await
    }

    async fn replace_invite_code(
        &self,
        id: ConversationId,
        actor: UserId,
        code: InviteCode,
    ) -> Result<Conversation, ActionError> {
        self.write(async |connection| groups::replace_invite_code(connection, id, actor, code).await).await
    }

    async fn list_name_collisions(&self, limit: u32) -> Result<Vec<NameCollision>, StoreError> {
        self.read(async |connection| keys::list_collisions(connection, limit).await).await
    }

    async fn search_groups(
        &self,
        viewer: UserId,
        term: &SearchTerm,
        page: PageRequest,
    ) -> Result<Page<ConversationOverview>, StoreError> {
        self.read(async |connection| search::search(connection, viewer, term, page).await).await
    }
}
