use super::Messages;
use chat_domain::auth::Actor;
use chat_domain::changes::ChangeTag;
use chat_domain::messages::{By, Message, React, Reacting, ReactorPage, ReactorsWanted};
use chat_domain::{ActionError, ConversationId, MessageId};

impl Messages {
    /// Adds or removes a reaction of the actor. Changes nothing if it is so already. Returns the message in its present
    /// state.
    pub async fn react(&self, actor: Actor, react: React) -> Result<Message, ActionError> {
        let kinds: &[ChangeTag] = match react.action {
            Reacting::Add => &[ChangeTag::REACTION_ADDED],
            Reacting::Replace => &[ChangeTag::REACTION_ADDED, ChangeTag::REACTION_REMOVED],
            Reacting::Remove => &[ChangeTag::REACTION_REMOVED],
        };
        let by = By { user_id: actor.user_id, at: self.0.now() };
        let react = self.0.store.messages().react(react, by);
        Ok(self.0.changing(actor.user_id, kinds.iter().cloned(), react).await?.message)
    }

    /// A part of the users who reacted to a message in one way, oldest first, for a participant.
    pub async fn list_reactors(
        &self,
        actor: Actor,
        conversation: ConversationId,
        message: MessageId,
        wanted: ReactorsWanted,
    ) -> Result<ReactorPage, ActionError> {
        let read = async {
            self.0.membership(conversation, actor.user_id).await?;
            self.0.store.messages().list_reactors(conversation, message, wanted).await
        };
        self.0.reading(actor.user_id, read).await
    }
}
