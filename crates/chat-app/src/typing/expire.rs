use super::Typing;
use chat_domain::{ConversationId, StoreError, UserId};

impl Typing {
    /// Ends the typing of those who have not said for a while that they are still at it. Called a few times a second.
    pub async fn expire(&self) {
        match self.0.typing.take_expired(self.0.now()).await {
            Ok(expired) => {
                for (conversation, user) in expired {
                    if let Err(fault) = self.tell_of_the_end(conversation, user).await {
                        let error = &fault as &dyn std::error::Error;
                        tracing::warn!(error, %conversation, "that typing expired was not told");
                    }
                }
            }
            Err(fault) => tracing::warn!(error = &fault as &dyn std::error::Error, "typing did not expire"),
        }
    }

    async fn tell_of_the_end(&self, conversation_id: ConversationId, user: UserId) -> Result<(), StoreError> {
        if let Some((conversation, _)) = self.0.conversations.find_membership(conversation_id, user).await? {
            self.0.publish_typing(conversation_id, conversation.kind, user, false).await;
        }
        Ok(())
    }
}
