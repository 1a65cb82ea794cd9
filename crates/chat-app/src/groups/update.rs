use super::{GroupProfile, Groups};
use chat_domain::auth::Actor;
use chat_domain::changes::ChangeTag;
use chat_domain::conversations::{ConversationChanges, NameRule, UpdateConversation, may_change_group};
use chat_domain::{ActionError, ConversationId};

impl Groups {
    /// Changes a group's name, description or avatar; no other group may have the new name. A call without fields
    /// changes nothing, but needs the same rights.
    pub async fn update(
        &self,
        actor: Actor,
        id: ConversationId,
        changes: ConversationChanges,
    ) -> Result<GroupProfile, ActionError> {
        if changes.is_empty() {
            return self.unchanged(actor, id).await;
        }
        let update = UpdateConversation {
            conversation_id: id,
            actor: actor.user_id,
            changes,
            name_rule: NameRule::Reserved,
            at: self.0.now(),
        };
        match self.0.update_group(update).await {
            Ok(details) => Ok(self.to_member(actor, details).await),
            Err(fault) => Err(self.refused(id, actor.user_id, fault).await),
        }
    }

    async fn unchanged(&self, actor: Actor, id: ConversationId) -> Result<GroupProfile, ActionError> {
        let overview = self.overview(actor, id).await?;
        let role = overview.viewer.map(|viewer| viewer.role);
        may_change_group(&overview.details.conversation, role)?;
        Ok(self.to_member(actor, overview.details).await)
    }

    /// Deactivates a group, which only an admin may do: its name becomes free, it leaves lists and search, and its
    /// participants can still read it.
    pub async fn deactivate(&self, actor: Actor, id: ConversationId) -> Result<GroupProfile, ActionError> {
        let deactivate = self.0.store.groups().deactivate(id, actor.user_id, self.0.now());
        match self.0.changing(actor.user_id, [ChangeTag::UPDATED], deactivate).await {
            Ok((details, _)) => Ok(self.to_member(actor, details).await),
            Err(fault) => Err(self.refused(id, actor.user_id, fault).await),
        }
    }
}
