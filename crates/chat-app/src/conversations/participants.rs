use super::Conversations;
use chat_domain::auth::Actor;
use chat_domain::changes::ChangeTag;
use chat_domain::conversations::{
    AddParticipant, ChangeRole, ConversationDetails, Participant, ParticipantPage, ParticipantPlace, RemoveParticipant,
    Role,
};
use chat_domain::{ActionError, ConversationId, PageLimit, Refusal, UserId};

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

    /// A part of the participants of a conversation in which the actor takes part, in order of joining.
    pub async fn list_participants(
        &self,
        actor: Actor,
        id: ConversationId,
        after: Option<ParticipantPlace>,
        limit: PageLimit,
    ) -> Result<ParticipantPage, ActionError> {
        let read = async {
            let (conversation, _) = self.0.membership(id, actor.user_id).await?;
            if conversation.kind.parent().is_some() {
                return Err(Refusal::UnknownConversation.into());
            }
            Ok(self.0.store.conversations().list_participants(id, after, limit).await?)
        };
        self.0.reading(actor.user_id, read).await
    }

    /// Makes a participant of a group an admin, or an admin a member. Changes nothing if it is so already.
    pub async fn change_role(
        &self,
        actor: Actor,
        conversation_id: ConversationId,
        user: UserId,
        role: Role,
    ) -> Result<Participant, ActionError> {
        let change = ChangeRole { conversation_id, actor: actor.user_id, user, role, at: self.0.now() };
        let changed = self.0.store.conversations().change_role(change);
        let (participant, _) = self.0.changing(actor.user_id, [ChangeTag::PARTICIPANT_UPDATED], changed).await?;
        Ok(participant)
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
