use super::{GroupProfile, Groups, GroupsError};
use chat_domain::ConversationId;
use chat_domain::auth::Actor;
use chat_domain::conversations::{ConversationOverview, Refusal};

impl Groups {
    /// A group, active or not, for those who take part in it.
    pub async fn find(&self, actor: Actor, id: ConversationId) -> Result<GroupProfile, GroupsError> {
        let overview = self.overview(actor, id).await?;
        Ok(self.to_member(actor, overview.details).await)
    }

    pub(super) async fn overview(&self, actor: Actor, id: ConversationId) -> Result<ConversationOverview, GroupsError> {
        let found = self.0.reading(actor.user_id, self.0.conversations.find(id, actor.user_id)).await?;
        let overview = found.filter(|found| found.details.conversation.kind.is_group());
        let overview = overview.ok_or(GroupsError::GroupNotFound)?;
        if overview.viewer.is_none() {
            return Err(GroupsError::Refused(Refusal::NotAParticipant));
        }
        Ok(overview)
    }
}
