use super::Conversations;
use chat_domain::auth::Actor;
use chat_domain::conversations::Conversation;
use chat_domain::{ActionError, Audience, ConversationId, Envelope, Event, Refusal};

impl Conversations {
    /// Notes that the actor has opened this conversation's window, and tells the other users who have it open; in a
    /// direct conversation only if they may see each other's presence. Messages do not depend on it. An inactive group
    /// has no windows.
    pub async fn open_window(&self, actor: Actor, conversation_id: ConversationId) -> Result<(), ActionError> {
        let (conversation, _) = self.0.membership(conversation_id, actor.user_id).await?;
        if !conversation.is_active {
            return Err(Refusal::Inactive.into());
        }
        let (kind, user_id, at) = (conversation.kind, actor.user_id, self.0.now());
        self.tell_the_window(&conversation, actor, Event::WindowOpened { conversation_id, kind, user_id, at }).await
    }

    /// Notes that the actor has closed the window, or that a connection has ended with it open. Nothing is announced if
    /// the group has become inactive meanwhile.
    pub async fn close_window(&self, actor: Actor, conversation_id: ConversationId) -> Result<(), ActionError> {
        let (conversation, _) = self.0.membership(conversation_id, actor.user_id).await?;
        let (kind, user_id, at) = (conversation.kind, actor.user_id, self.0.now());
        self.tell_the_window(&conversation, actor, Event::WindowClosed { conversation_id, kind, user_id, at }).await
    }

    async fn tell_the_window(
        &self,
        conversation: &Conversation,
        actor: Actor,
        event: Event,
    ) -> Result<(), ActionError> {
        if conversation.is_active && self.0.shows_activity(conversation.kind, actor.user_id).await? {
            let audience = Audience::Window(conversation.id);
            self.0.bus.publish(Envelope { audience, except: Some(actor.user_id), event });
        }
        Ok(())
    }
}
