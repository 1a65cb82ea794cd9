use super::{Conversations, ConversationsError};
use chat_domain::auth::Actor;
use chat_domain::conversations::ConversationKind;
use chat_domain::{Audience, ConversationId, Envelope, Event};

impl Conversations {
    /// The actor has opened this conversation's window: the others who have it open learn of it. Messages come without it.
    pub async fn open_window(&self, actor: Actor, conversation_id: ConversationId) -> Result<(), ConversationsError> {
        let (user_id, at) = (actor.user_id, self.0.now());
        self.tell_the_window(actor, conversation_id, |kind| Event::WindowOpened { conversation_id, kind, user_id, at })
            .await
    }

    /// The actor has closed it again.
    pub async fn close_window(&self, actor: Actor, conversation_id: ConversationId) -> Result<(), ConversationsError> {
        let (user_id, at) = (actor.user_id, self.0.now());
        self.tell_the_window(actor, conversation_id, |kind| Event::WindowClosed { conversation_id, kind, user_id, at })
            .await
    }

    async fn tell_the_window(
        &self,
        actor: Actor,
        conversation_id: ConversationId,
        event: impl FnOnce(ConversationKind) -> Event,
    ) -> Result<(), ConversationsError> {
        let (conversation, _) = self.0.membership(conversation_id, actor.user_id).await?;
        let (audience, event) = (Audience::Window(conversation_id), event(conversation.kind));
        self.0.bus.publish(Envelope { audience, except: Some(actor.user_id), event }).await;
        Ok(())
    }
}
