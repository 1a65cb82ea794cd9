use super::{Conversations, ConversationsError};
use chat_domain::ConversationId;
use chat_domain::auth::Actor;
use chat_domain::conversations::{ConversationOverview, Refusal};

impl Conversations {
    /// One conversation, for those who take part in it.
    pub async fn find(&self, actor: Actor, id: ConversationId) -> Result<ConversationOverview, ConversationsError> {
        let found = self.0.reading(actor.user_id, self.0.conversations.find(id, actor.user_id)).await?;
        let overview = found.ok_or(ConversationsError::ConversationNotFound)?;
        if overview.viewer.is_none() {
            return Err(ConversationsError::Refused(Refusal::NotAParticipant));
        }
        Ok(overview)
    }
}
