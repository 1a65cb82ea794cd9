use super::{GroupProfile, Groups, GroupsError};
use chat_domain::ConversationId;
use chat_domain::auth::Actor;

impl Groups {
    /// Ends a group, in the name of an admin: its name is free again, it leaves lists and search, and those who take
    /// part still read it.
    pub async fn deactivate(&self, actor: Actor, id: ConversationId) -> Result<GroupProfile, GroupsError> {
        let deactivate = self.0.groups.deactivate(id, actor.user_id, self.0.now());
        match self.0.writing(actor.user_id, deactivate).await {
            Ok((details, change)) => {
                self.0.publish_changes([change]).await;
                Ok(self.to_member(actor, details).await)
            }
            Err(fault) => Err(self.refused(id, actor.user_id, fault).await),
        }
    }
}
