use crate::core::Core;
use chat_domain::ActionError;
use chat_domain::changes::{ChangeTag, Feature};
use chat_domain::conversations::{
    AddParticipant, ConversationDetails, InviteCode, RemoveParticipant, UpdateConversation,
};

/// The kinds of change when a participant leaves: the last admin's role may pass to another participant.
pub(crate) const LEAVING: [ChangeTag; 2] = [ChangeTag::PARTICIPANT_REMOVED, ChangeTag::UPDATED];

/// Changes of a group, the same for every API.
impl Core {
    pub(crate) async fn add_participant(&self, add: AddParticipant) -> Result<ConversationDetails, ActionError> {
        let added = self.store.conversations().add_participant(add);
        let (details, _) = self.changing(add.actor, [ChangeTag::PARTICIPANT_ADDED], added).await?;
        Ok(details)
    }

    pub(crate) async fn remove_participant(&self, remove: RemoveParticipant) -> Result<(), ActionError> {
        self.changing(remove.actor, LEAVING, self.store.conversations().remove_participant(remove)).await?;
        Ok(())
    }

    pub(crate) async fn update_group(&self, update: UpdateConversation) -> Result<ConversationDetails, ActionError> {
        // Their removal too: older nodes expect no update of a direct conversation.
        let metadata = update.changes.metadata.as_ref().map(|_| Feature::CONVERSATION_METADATA);
        let features = [Feature::from(ChangeTag::UPDATED)].into_iter().chain(metadata);
        let (details, _) = self.changing(update.actor, features, self.store.conversations().update(update)).await?;
        Ok(details)
    }

    pub(crate) fn new_invite_code(&self) -> InviteCode {
        InviteCode::new(self.ids.next_random())
    }
}
