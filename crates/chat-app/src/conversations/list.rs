use super::{Conversations, ConversationsError};
use crate::core::Core;
use chat_domain::auth::Actor;
use chat_domain::conversations::{ConversationFilter, ConversationOverview, ListRequest, Listing};
use chat_domain::{StoreError, UserId};

impl Conversations {
    /// The active conversations of the actor, newest activity first.
    pub async fn list(
        &self,
        actor: Actor,
        filter: ConversationFilter,
        request: impl Into<ListRequest>,
    ) -> Result<Listing<ConversationOverview>, ConversationsError> {
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
                Ok(self.reading(viewer, self.conversations.list(viewer, filter, page)).await?.into())
            }
            ListRequest::Cursor(cursor, limit) => {
                let part = self.conversations.list_from(viewer, filter, cursor, limit);
                Ok(self.reading(viewer, part).await?.into())
            }
        }
    }
}
