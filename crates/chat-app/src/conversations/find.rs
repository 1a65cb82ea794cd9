use super::Conversations;
use crate::core::Core;
use chat_domain::auth::Actor;
use chat_domain::conversations::{ConversationFilter, ConversationOverview, ListRequest, Listing};
use chat_domain::{ActionError, ConversationId, Refusal, StoreError, UserId};

impl Conversations {
    /// One conversation of which the actor is a participant; no thread.
    pub async fn find(&self, actor: Actor, id: ConversationId) -> Result<ConversationOverview, ActionError> {
        let found = self.0.reading(actor.user_id, self.0.store.conversations().find(id, actor.user_id)).await?;
        let overview = found.filter(|found| found.details.conversation.kind.parent().is_none());
        let overview = overview.ok_or(Refusal::UnknownConversation)?;
        if overview.viewer.is_none() {
            return Err(Refusal::NotAParticipant.into());
        }
        Ok(overview)
    }

    /// The active conversations of the actor, newest activity first.
    pub async fn list(
        &self,
        actor: Actor,
        filter: ConversationFilter,
        request: impl Into<ListRequest>,
    ) -> Result<Listing<ConversationOverview>, ActionError> {
        Ok(self.0.list_conversations(actor.user_id, filter, request.into()).await?)
    }
}

impl Core {
    pub(crate) async fn list_conversations(
        &self,
        viewer: UserId,
        filter: ConversationFilter,
        request: ListRequest,
    ) -> Result<Listing<ConversationOverview>, StoreError> {
        match request {
            ListRequest::Page(page) => {
                Ok(self.reading(viewer, self.store.conversations().list(viewer, filter, page)).await?.into())
            }
            ListRequest::Cursor(cursor, limit) => {
                let part = self.store.conversations().list_from(viewer, filter, cursor, limit);
                Ok(self.reading(viewer, part).await?.into())
            }
        }
    }
}
