use super::{Messages, MessagesError};
use chat_domain::ConversationId;
use chat_domain::auth::Actor;
use chat_domain::messages::{HistoryPage, HistoryRequest};

impl Messages {
    /// A part of a conversation's history, for those who take part in it.
    pub async fn history(
        &self,
        actor: Actor,
        conversation: ConversationId,
        request: HistoryRequest,
    ) -> Result<HistoryPage, MessagesError> {
        let page = self.0.messages.history(conversation, actor.user_id, request);
        Ok(self.0.reading(actor.user_id, page).await?)
    }
}
