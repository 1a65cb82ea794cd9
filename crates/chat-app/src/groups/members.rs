use super::{GroupProfile, Groups};
use chat_domain::auth::Actor;
use chat_domain::conversations::{AddParticipant, RemoveParticipant};
use chat_domain::{ActionError, ConversationId, Refusal, UserId};

impl Groups {
    /// Adds a user to a group in which the actor is a participant.
    pub async fn add_member(
        &self,
        actor: Actor,
        id: ConversationId,
        user: UserId,
    ) -> Result<GroupProfile, ActionError> {
        let add = AddParticipant { conversation_id: id, actor: actor.user_id, user, at: self.0.now() };
        match self.0.add_participant(add).await {
            Ok(details) => Ok(self.to_member(actor, details).await),
            Err(fault) => Err(self.refused_about(actor, id, user, fault).await),
        }
    }

    /// Removes a member, which only an admin may do, and returns the group; or leaves the group and returns `None`,
    /// since the actor may no longer see it. If no admin would remain, the oldest member becomes one.
    pub async fn remove_member(
        &self,
        actor: Actor,
        id: ConversationId,
        user: UserId,
    ) -> Result<Option<GroupProfile>, ActionError> {
        let remove = RemoveParticipant { conversation_id: id, actor: actor.user_id, user, at: self.0.now() };
        if let Err(fault) = self.0.remove_participant(remove).await {
            return Err(self.refused_about(actor, id, user, fault).await);
        }
        if user == actor.user_id { Ok(None) } else { self.find(actor, id).await.map(Some) }
    }

    async fn refused_about(&self, actor: Actor, id: ConversationId, user: UserId, fault: ActionError) -> ActionError {
        let about = if matches!(fault, ActionError::Refused(Refusal::NotAParticipant)) { actor.user_id } else { user };
        self.refused(id, about, fault).await
    }
}
