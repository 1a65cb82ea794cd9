use super::Conversations;
use chat_domain::auth::Actor;
use chat_domain::conversations::{AddParticipant, ConversationDetails, RemoveParticipant};
use chat_domain::{ActionError, ConversationId, UserId};

impl Conversations {
    /// Adds a user to a group in which the actor is a participant.
    pub async fn add_participant(
        &self,
        actor: Actor,
        conversation_id: ConversationId,
        user: UserId,
    ) -> Result<ConversationDetails, ActionError> {
        let add = AddParticipant { conversation_id, actor: actor.user_id, user, at: self.0.now() };
        self.0.add_participant(add).await
    }

    /// Removes a participant from a group; actors may remove themselves.
    pub async fn remove_participant(
        &self,
        actor: Actor,
        conversation_id: ConversationId,
        user: UserId,
    ) -> Result<(), ActionError> {
        let remove = RemoveParticipant { conversation_id, actor: actor.user_id, user, at: self.0.now() };
        self.0.remove_participant(remove).await
    }
}
