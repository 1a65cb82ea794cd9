use super::{Conversations, ConversationsError};
use chat_domain::auth::Actor;
use chat_domain::conversations::RemoveParticipant;
use chat_domain::{ConversationId, UserId};

impl Conversations {
    /// Removes a participant from a group; oneself leaves.
    pub async fn remove_participant(
        &self,
        actor: Actor,
        conversation_id: ConversationId,
        user: UserId,
    ) -> Result<(), ConversationsError> {
        let remove = RemoveParticipant { conversation_id, actor: actor.user_id, user, at: self.0.now() };
        let changes = self
            .0
            .conversations
            .remove_participant(remove)
            .await
            .map_err(|fault| ConversationsError::about(user, fault))?;
        self.0.end_typing(conversation_id, user).await;
        self.0.publish_changes(changes).await;
        Ok(())
    }
}
