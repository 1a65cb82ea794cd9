//! The embedded store with altered answers about one user's memberships.

use async_trait::async_trait;
use chat_domain::auth::SessionStore;
use chat_domain::conversations::{
    AddParticipant, ChangeRole, Conversation, ConversationDetails, ConversationFilter, ConversationOverview,
    ConversationStore, CreatedConversation, CursorPage, DirectKey, GroupStore, ListCursor, Membership, NewConversation,
    Participant, ParticipantPage, ParticipantPlace, RemoveParticipant, UpdateConversation,
};
use chat_domain::messages::MessageStore;
use chat_domain::receipts::ReceiptStore;
use chat_domain::threads::ThreadStore;
use chat_domain::users::UserStore;
use chat_domain::{
    ActionError, Change, ChangeLog, CommittedSink, ConversationId, Page, PageLimit, PageRequest, Store, StoreError,
    UserId,
};
use std::sync::{Arc, Weak};
use tokio::sync::Semaphore;

/// The alteration.
#[derive(Clone, Copy)]
pub(crate) enum Bend {
    /// Every group appears deactivated.
    Inactive,
    /// Reading memberships fails with `Overloaded`.
    Overloaded,
    /// Reading memberships fails.
    Failing,
    /// Listing conversations, or the audience of presence, waits for a permit of this semaphore.
    Held(&'static Semaphore),
}

pub(crate) struct Tampered {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) bend: Bend,
}

impl Store for Tampered {
    fn users(&self) -> &dyn UserStore {
        self.store.users()
    }

    fn sessions(&self) -> &dyn SessionStore {
        self.store.sessions()
    }

    fn conversations(&self) -> &dyn ConversationStore {
        self
    }

    fn groups(&self) -> &dyn GroupStore {
        self.store.groups()
    }

    fn messages(&self) -> &dyn MessageStore {
        self.store.messages()
    }

    fn threads(&self) -> &dyn ThreadStore {
        self.store.threads()
    }

    fn receipts(&self) -> &dyn ReceiptStore {
        self.store.receipts()
    }

    fn changes(&self) -> &dyn ChangeLog {
        self.store.changes()
    }

    fn publish_to(&self, sink: Weak<dyn CommittedSink>) {
        self.store.publish_to(sink);
    }
}

#[async_trait]
impl ConversationStore for Tampered {
    async fn create(&self, new: NewConversation) -> Result<CreatedConversation, ActionError> {
        self.store.conversations().create(new).await
    }

    async fn find(&self, id: ConversationId, viewer: UserId) -> Result<Option<ConversationOverview>, StoreError> {
        self.store.conversations().find(id, viewer).await
    }

    async fn list_participants(
        &self,
        id: ConversationId,
        after: Option<ParticipantPlace>,
        limit: PageLimit,
    ) -> Result<ParticipantPage, StoreError> {
        self.store.conversations().list_participants(id, after, limit).await
    }

    async fn find_direct(&self, pair: DirectKey) -> Result<Option<ConversationId>, StoreError> {
        self.store.conversations().find_direct(pair).await
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
        self.store.conversations().list(viewer, filter, page).await
    }

    async fn list_from(
        &self,
        viewer: UserId,
        filter: ConversationFilter,
        cursor: ListCursor,
        limit: PageLimit,
    ) -> Result<CursorPage<ConversationOverview>, StoreError> {
        self.store.conversations().list_from(viewer, filter, cursor, limit).await
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
        self.store.conversations().list_presence_audience(user, most_participants, limit).await
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
        let found = self.store.conversations().find_membership(id, user).await?;
        Ok(found.map(|(conversation, membership)| (Conversation { is_active, ..conversation }, membership)))
    }

    async fn add_participant(&self, add: AddParticipant) -> Result<(ConversationDetails, Change), ActionError> {
        self.store.conversations().add_participant(add).await
    }

    async fn remove_participant(&self, remove: RemoveParticipant) -> Result<Vec<Change>, ActionError> {
        self.store.conversations().remove_participant(remove).await
    }

    async fn change_role(&self, change: ChangeRole) -> Result<(Participant, Option<Change>), ActionError> {
        self.store.conversations().change_role(change).await
    }

    async fn update(&self, update: UpdateConversation) -> Result<(ConversationDetails, Option<Change>), ActionError> {
        self.store.conversations().update(update).await
    }
}
