use super::{Typing, TypingError};
use chat_domain::ConversationId;
use chat_domain::auth::Actor;

impl Typing {
    /// The actor is writing, until they stop, send, or let the timeout pass. Only the beginning is told to the window.
    pub async fn start(&self, actor: Actor, conversation_id: ConversationId) -> Result<(), TypingError> {
        let (conversation, _) = self.0.membership(conversation_id, actor.user_id).await?;
        if !conversation.is_active {
            return Err(TypingError::Inactive);
        }
        let until = self.0.now().plus(self.0.settings.typing_timeout);
        match self.0.typing.start(conversation_id, actor.user_id, until).await {
            Ok(true) => self.0.publish_typing(conversation_id, conversation.kind, actor.user_id, true).await,
            Ok(false) => {}
            Err(fault) => {
                tracing::warn!(error = &fault as &dyn std::error::Error, %conversation_id, "typing was not noted");
            }
        }
        Ok(())
    }
}
