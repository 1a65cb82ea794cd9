use super::{CreateGroup, GroupProfile, Groups};
use chat_domain::auth::Actor;
use chat_domain::changes::ChangeTag;
use chat_domain::conversations::{MAX_PARTICIPANTS, NewGroup};
use chat_domain::{ActionError, ConversationId, Refusal};

impl Groups {
    /// Creates a group with a unique name. The actor becomes its first admin.
    pub async fn create(&self, actor: Actor, command: CreateGroup) -> Result<GroupProfile, ActionError> {
        let mut others = command.member_ids;
        others.retain(|id| *id != actor.user_id);
        others.sort_unstable();
        others.dedup();
        if others.len() >= MAX_PARTICIPANTS {
            return Err(Refusal::TooManyMembers.into());
        }
        let new = NewGroup {
            id: ConversationId::new(self.0.ids.next_uuid()),
            created_by: actor.user_id,
            others,
            name: command.name,
            description: command.description,
            avatar: command.avatar,
            invite_code: self.0.new_invite_code(),
            max_own: self.0.settings.max_conversations_per_user,
            at: self.0.now(),
        };
        let created =
            self.0.changing(actor.user_id, [ChangeTag::CREATED], self.0.store.groups().create_group(new)).await?;
        Ok(self.to_member(actor, created.overview.details).await)
    }
}
