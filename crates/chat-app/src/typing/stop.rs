use super::{Typing, TypingError};
use chat_domain::ConversationId;
use chat_domain::auth::Actor;

impl Typing {
    /// The actor stopped writing. Also where they had not begun, and in a group that is no longer active.
    pub async fn stop(&self, actor: Actor, conversation_id: ConversationId) -> Result<(), TypingError> {
        let (conversation, _) = self.0.membership(conversation_id, actor.user_id).await?;
        self.0.end_typing(conversation_id, conversation.kind, actor.user_id).await;
        Ok(())
    }
}
