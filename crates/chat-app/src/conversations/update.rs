use super::Conversations;
use chat_domain::auth::Actor;
use chat_domain::conversations::{
    ConversationChanges, ConversationDetails, NameRule, UpdateConversation, may_change_group,
};
use chat_domain::{ActionError, ConversationId};

impl Conversations {
    /// Changes a group's name, description, avatar or metadata, or the metadata of a direct conversation. Other groups
    /// may have the same name. A call without fields changes nothing, but needs the rights to change a group.
    pub async fn update(
        &self,
        actor: Actor,
        conversation_id: ConversationId,
        changes: ConversationChanges,
    ) -> Result<ConversationDetails, ActionError> {
        if changes.is_empty() {
            return self.unchanged(actor, conversation_id).await;
        }
        let update = UpdateConversation {
            conversation_id,
            actor: actor.user_id,
            changes,
            name_rule: NameRule::Free,
            at: self.0.now(),
        };
        self.0.update_group(update).await
    }

    async fn unchanged(
        &self,
        actor: Actor,
        conversation_id: ConversationId,
    ) -> Result<ConversationDetails, ActionError> {
        let overview = self.find(actor, conversation_id).await?;
        let role = overview.viewer.map(|viewer| viewer.role);
        may_change_group(&overview.details.conversation, role)?;
        Ok(overview.details)
    }
}
