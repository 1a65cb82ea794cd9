use super::{Conversations, ConversationsError};
use chat_domain::auth::Actor;
use chat_domain::conversations::{ConversationKind, Refusal};
use chat_domain::{Audience, ConversationId, Envelope, Event};

impl Conversations {
    /// The actor has opened this conversation's window: the others who have it open learn of it. Messages come without it. A group that is
    /// inactive has none: nothing happens there that one could look at.
    pub async fn open_window(&self, actor: Actor, conversation_id: ConversationId) -> Result<(), ConversationsError> {
        let (conversation, _) = self.0.membership(conversation_id, actor.user_id).await?;
        if !conversation.is_active {
            return Err(ConversationsError::Refused(Refusal::Inactive));
        }
        let (kind, user_id, at) = (conversation.kind, actor.user_id, self.0.now());
        self.tell_the_window(actor, Event::WindowOpened { conversation_id, kind, user_id, at }, conversation_id).await;
        Ok(())
    }

    /// The actor has closed it again, which may be after the group became inactive.
    pub async fn close_window(&self, actor: Actor, conversation_id: ConversationId) -> Result<(), ConversationsError> {
        let (conversation, _) = self.0.membership(conversation_id, actor.user_id).await?;
        let (kind, user_id, at) = (conversation.kind, actor.user_id, self.0.now());
        self.tell_the_window(actor, Event::WindowClosed { conversation_id, kind, user_id, at }, conversation_id).await;
        Ok(())
    }

    /// A connection of the actor has ended with this window open. In a direct conversation that says who has gone: it is told where
    /// presence passes.
    pub async fn abandon_window(
        &self,
        actor: Actor,
        conversation_id: ConversationId,
    ) -> Result<(), ConversationsError> {
        let (conversation, _) = self.0.membership(conversation_id, actor.user_id).await?;
        let (kind, user_id, at) = (conversation.kind, actor.user_id, self.0.now());
        if let ConversationKind::Direct(pair) = kind
            && !self.0.share_presence(user_id, pair.other(user_id)).await?
        {
            return Ok(());
        }
        self.tell_the_window(actor, Event::WindowClosed { conversation_id, kind, user_id, at }, conversation_id).await;
        Ok(())
    }

    async fn tell_the_window(&self, actor: Actor, event: Event, conversation_id: ConversationId) {
        let audience = Audience::Window(conversation_id);
        self.0.bus.publish(Envelope { audience, except: Some(actor.user_id), event }).await;
    }
}
