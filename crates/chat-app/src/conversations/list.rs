use super::{Conversations, ConversationsError};
use chat_domain::auth::Actor;
use chat_domain::conversations::{ConversationFilter, ConversationOverview};
use chat_domain::{Page, PageRequest};

impl Conversations {
    /// The active conversations of the actor, newest activity first.
    pub async fn list(
        &self,
        actor: Actor,
        filter: ConversationFilter,
        page: PageRequest,
    ) -> Result<Page<ConversationOverview>, ConversationsError> {
        Ok(self.0.reading(actor.user_id, self.0.conversations.list(actor.user_id, filter, page)).await?)
    }
}
